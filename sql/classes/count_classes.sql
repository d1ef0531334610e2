-- count_classes: how many images of the session's splits carry each matching class.
-- Reads: find_classes, labels
-- Parameters: those of find_classes, and
--   min_confidence := 1.0   minimum confidence of a positive label
-- Columns: those of classes, and
--   positives           BIGINT   images with a positive label of the class, even a model's label
--                                that a person denied, which select_images ignores
--   verified_negatives  BIGINT   images in which a person said that the class is absent
-- Example: FROM count_classes('hot dog');

CREATE OR REPLACE TEMP MACRO count_classes(pattern, min_confidence := 1.0) AS TABLE
SELECT
    class.LabelName, class.DisplayName,
    count(DISTINCT ImageID) FILTER (Confidence BETWEEN min_confidence AND 1) AS positives,
    count(DISTINCT ImageID) FILTER (Confidence = 0 AND Source IS DISTINCT FROM 'machine')
        AS verified_negatives
FROM labels RIGHT JOIN find_classes(pattern) AS class ON labels.LabelName = class.LabelName
GROUP BY ALL
ORDER BY positives DESC, verified_negatives DESC, class.DisplayName, class.LabelName;
