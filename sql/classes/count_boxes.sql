-- count_boxes: the rows of count_classes, with the number of boxes of each class.
-- Reads: count_classes, boxes
-- Parameters: those of count_classes
-- Columns: those of count_classes, and
--   boxes  BIGINT  its boxes in the session's splits
-- Example: FROM count_boxes('hot dog');

CREATE OR REPLACE TEMP MACRO count_boxes(pattern, min_confidence := 1.0) AS TABLE
SELECT counted.*, count(boxes.LabelName) AS boxes
FROM boxes RIGHT JOIN count_classes(pattern, min_confidence := min_confidence) AS counted
    ON boxes.LabelName = counted.LabelName
GROUP BY ALL
ORDER BY positives DESC, verified_negatives DESC, DisplayName, counted.LabelName;
