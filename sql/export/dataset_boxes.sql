-- dataset_boxes: the photos of a dataset, each with its boxes of some classes.
--
-- An image in two folders counts once. A photo without a box has one row, where the columns of box
-- and class are NULL. Boxes are rotated and mirrored with the photo: by --upright, or by the photo
-- service, whose thumbnails are upright.
-- Reads: manifest, boxes, requested_classes
-- Parameters: those of requested_classes, and
--   missing := []   paths of photos to leave out
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
--   bbox           DOUBLE[] left, top, width and height of the box in pixels
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
photo_boxes AS (
    SELECT
        photos.*, category, folder, LabelName, DisplayName,
        IsOccluded, IsTruncated, IsGroupOf, IsDepiction, IsInside, area,
        row_number() OVER (
            PARTITION BY photos.ImageID
            ORDER BY
                category, boxes.XMin, boxes.YMin, boxes.XMax, boxes.YMax,
                IsOccluded, IsTruncated, IsGroupOf, IsDepiction, IsInside
        ) AS number,
        if(mirrored, [1 - boxes.XMax, 1 - boxes.XMin], [boxes.XMin, boxes.XMax]) AS x,
        [boxes.YMin, boxes.YMax] AS y,
        CASE turned
            WHEN 90 THEN [y[1], y[2], 1 - x[2], 1 - x[1]]
            WHEN 180 THEN [1 - x[2], 1 - x[1], 1 - y[2], 1 - y[1]]
            WHEN 270 THEN [1 - y[2], 1 - y[1], x[1], x[2]]
            ELSE x || y
        END AS edges,
        edges[1] AS XMin, edges[2] AS XMax, edges[3] AS YMin, edges[4] AS YMax,
        [
            edges[1] * width, edges[3] * height,
            (edges[2] - edges[1]) * width, (edges[4] - edges[3]) * height
        ] AS bbox
    FROM boxes JOIN categories USING (LabelName) JOIN photos USING (ImageID)
)
SELECT * EXCLUDE (mirrored, turned, x, y, edges)
FROM (FROM photo_boxes UNION ALL BY NAME FROM photos ANTI JOIN photo_boxes USING (ImageID))
ORDER BY "partition", ImageID, number;
