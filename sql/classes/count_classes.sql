-- count_classes: how many images of the session's splits carry each matching class.
-- Reads: find_classes, labels
-- Parameters:
--   pattern                 the text to look for in names and MIDs; '' finds every class
--   min_confidence := 1.0   minimum confidence of a positive label
-- Columns: those of classes, and
--   positives           BIGINT   images with a positive label of it
--   verified_negatives  BIGINT   images in which a person said that it is absent
-- Example: FROM count_classes('hot dog');

CREATE OR REPLACE TEMP MACRO count_classes(pattern, min_confidence := 1.0) AS TABLE
WITH found AS MATERIALIZED (
    FROM find_classes(pattern)
)
SELECT
    found.LabelName, found.DisplayName,
    count(DISTINCT ImageID) FILTER (Confidence BETWEEN min_confidence AND 1) AS positives,
    count(DISTINCT ImageID) FILTER (Confidence = 0 AND Source != 'machine') AS verified_negatives
FROM labels RIGHT JOIN found ON labels.LabelName = found.LabelName
GROUP BY ALL
ORDER BY positives DESC, verified_negatives DESC, found.DisplayName, found.LabelName;
