-- positive_labels: the labels that say a class is in the image.
--
-- Reads: labels
-- Parameters:
--   min_confidence := 1.0   the least confidence that counts, above 0 and up to 1
-- Columns:
--   ImageID     VARCHAR  the image
--   Source      VARCHAR  who says so
--   LabelName   VARCHAR  MID of the class
--   Confidence  DOUBLE   min_confidence to 1
-- Example:
--   SELECT count(*), count(DISTINCT ImageID) FROM positive_labels();

CREATE OR REPLACE TEMP MACRO positive_labels(min_confidence := 1.0) AS TABLE
SELECT ImageID, Source, LabelName, Confidence
FROM labels
WHERE Confidence >= min_confidence;
