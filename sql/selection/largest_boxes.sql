-- largest_boxes: the largest box of each requested class in each image that has one.
--
-- The boxes are read once. Of boxes of equal area, one with a flag counts as larger.
-- Reads: boxes, requested_classes
-- Parameters: those of select_images that have the same name
-- Columns:
--   ImageID     VARCHAR  the image
--   LabelName   VARCHAR  MID of the class
--   boxes       BIGINT   number of boxes of the class in the image
--   impossible  BIGINT   number of boxes left out: outside 0 to 1, or with swapped coordinates
--   area        DOUBLE   area of the largest box; NULL if all are impossible, as are its flags
--   IsGroupOf, IsDepiction, IsTruncated   BOOLEAN  as in boxes
-- Example: FROM largest_boxes('Hot dog') WHERE area > 0.5;

CREATE OR REPLACE TEMP MACRO largest_boxes(class) AS TABLE
SELECT ImageID, LabelName, boxes, impossible, unnest(largest)
FROM (
    SELECT
        ImageID, LabelName,
        count(*) AS boxes,
        count(*) - count(area) AS impossible,
        max(struct_pack(area, IsGroupOf, IsDepiction, IsTruncated)) FILTER (area IS NOT NULL)
            AS largest
    FROM boxes
    WHERE LabelName IN (SELECT LabelName FROM requested_classes(class))
    GROUP BY ImageID, LabelName
)
ORDER BY ImageID, LabelName;
