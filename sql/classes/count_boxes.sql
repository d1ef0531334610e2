-- count_boxes: the rows of count_classes, with the number of boxes of each class.
-- Reads: count_classes, boxes
-- Parameters:
--   pattern                 the text to look for in names and MIDs; '' finds every class
--   min_confidence := 1.0   minimum confidence of a positive label
-- Columns: those of count_classes, and
--   boxes  BIGINT  boxes of it in the session's splits
-- Example: FROM count_boxes('hot dog');

CREATE OR REPLACE TEMP MACRO count_boxes(pattern, min_confidence := 1.0) AS TABLE
WITH counted AS MATERIALIZED (
    FROM count_classes(pattern, min_confidence := min_confidence)
)
SELECT counted.*, count(box.LabelName) AS boxes
FROM (SELECT LabelName FROM boxes) AS box RIGHT JOIN counted ON box.LabelName = counted.LabelName
GROUP BY ALL
ORDER BY positives DESC, verified_negatives DESC, DisplayName, counted.LabelName;
