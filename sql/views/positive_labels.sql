-- positive_labels: the labels that say a class is in the image, even if another one denies it.
-- Reads: labels
-- Parameters:
--   min_confidence := 1.0   minimum confidence, above 0 and up to 1
-- Columns: those of labels
-- Example: SELECT count(*), count(DISTINCT ImageID) FROM positive_labels();

CREATE OR REPLACE TEMP MACRO positive_labels(min_confidence := 1.0) AS TABLE
FROM labels
WHERE Confidence BETWEEN min_confidence AND 1;
