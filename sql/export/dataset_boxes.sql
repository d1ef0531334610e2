-- dataset_boxes: the photos of a dataset, each with its boxes of some classes.
--
-- An image in two folders counts once. A photo without a box has one row, where the columns of box
-- and class are NULL. Boxes are rotated and mirrored with the photo: by --upright, or by the photo
-- service, whose thumbnails are upright.
-- Reads: manifest, boxes, requested_classes
-- Parameters:
--   class                        a name or MID, or a list of them
--   missing := []                paths of photos to leave out
--   negative_folder := 'other'   folder of the negatives, which no class may take
-- Columns: those of boxes but Source and Confidence, and
--   path           VARCHAR  path of the photo below the dataset
--   width, height  BIGINT   its pixels
--   partition      VARCHAR  the part of the dataset, as its folder; NULL if it has none
--   extension      VARCHAR  extension of the photo's name, such as .jpg
--   to_turn        INTEGER  degrees counter-clockwise that make the photo upright
--   number         BIGINT   number of the box on the photo, from 1, by class and from left to right
--   category       BIGINT   number of the class among the requested ones, from 0
--   folder         VARCHAR  the class's folder
--   DisplayName    VARCHAR  the class's name
-- Example: FROM dataset_boxes('Hot dog');

CREATE OR REPLACE TEMP MACRO dataset_boxes(
    class, missing := [], negative_folder := 'other'
) AS TABLE
WITH photos AS MATERIALIZED (
    SELECT
        path, width, height, ImageID, regexp_extract(path, '\.\w+$') AS extension,
        -- The folders above the class folder.
        if("partition" IS NULL, NULL, nullif(regexp_extract(path, '(.+)/.+/', 1), ''))
            AS "partition",
        coalesce(contains(note, 'mirrored'), false) AS mirrored,
        -- Degrees counter-clockwise, after mirroring.
        CASE
            WHEN source = 'thumbnail' THEN Rotation::INTEGER
            ELSE try_cast(regexp_extract(note, 'rotated (\d+)', 1) AS INTEGER)
        END AS turned,
        if(mirrored OR turned IS NOT NULL, 0, coalesce(Rotation, 0))::INTEGER AS to_turn
    FROM manifest
    WHERE status = 'downloaded' AND width > 0 AND path NOT IN (SELECT unnest(missing::VARCHAR[]))
    QUALIFY row_number() OVER (PARTITION BY ImageID ORDER BY path) = 1
),
categories AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY position) - 1 AS category, folder, LabelName, DisplayName
    FROM requested_classes(class, negative_folder := negative_folder)
),
mirrored_boxes AS (
    SELECT
        photos.*,
        row_number() OVER (
            PARTITION BY photos.ImageID
            ORDER BY
                category, XMin, YMin, XMax, YMax,
                IsOccluded, IsTruncated, IsGroupOf, IsDepiction, IsInside
        ) AS number,
        category, folder, LabelName, DisplayName,
        if(mirrored, 1 - XMax, XMin) AS XMin, if(mirrored, 1 - XMin, XMax) AS XMax, YMin, YMax,
        IsOccluded, IsTruncated, IsGroupOf, IsDepiction, IsInside, area
    FROM boxes JOIN categories USING (LabelName) JOIN photos USING (ImageID)
),
turned_boxes AS (
    SELECT * REPLACE (
        CASE turned WHEN 90 THEN YMin WHEN 180 THEN 1 - XMax WHEN 270 THEN 1 - YMax ELSE XMin END
            AS XMin,
        CASE turned WHEN 90 THEN YMax WHEN 180 THEN 1 - XMin WHEN 270 THEN 1 - YMin ELSE XMax END
            AS XMax,
        CASE turned WHEN 90 THEN 1 - XMax WHEN 180 THEN 1 - YMax WHEN 270 THEN XMin ELSE YMin END
            AS YMin,
        CASE turned WHEN 90 THEN 1 - XMin WHEN 180 THEN 1 - YMin WHEN 270 THEN XMax ELSE YMax END
            AS YMax
    )
    FROM mirrored_boxes
)
SELECT * EXCLUDE (mirrored, turned)
FROM (FROM turned_boxes UNION ALL BY NAME FROM photos ANTI JOIN turned_boxes USING (ImageID))
ORDER BY "partition", ImageID, number;
