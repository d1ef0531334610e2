-- crops: what `hotdog-sql crop` cuts out of a dataset's photos, one row per box.
-- Parameters:
--   rows               name of a table with the rows of dataset_boxes
--   margin := 0.1      margin added at each side, as a share of the box
--   min_pixels := 64   boxes whose shorter side has fewer are left out
-- Columns:
--   path       VARCHAR    path of the crop; NULL if the box is left out
--   photo      VARCHAR    path of the photo below the dataset
--   note       VARCHAR    why the box is left out
--   pixels     INTEGER[]  left, upper, right and lower edge on the photo
--   number     BIGINT     as in dataset_boxes, and so are the columns below
--   to_turn    INTEGER
--   ImageID, partition, folder, LabelName  VARCHAR
--   XMin, XMax, YMin, YMax  DOUBLE
--   IsOccluded, IsTruncated, IsGroupOf, IsDepiction, IsInside  VARCHAR  true or false
-- Example: WITH found AS (FROM dataset_boxes('Hot dog')) FROM crops('found', min_pixels := 100);

CREATE OR REPLACE TEMP MACRO crops(rows, margin := 0.1, min_pixels := 64) AS TABLE
WITH sides AS (
    SELECT
        *,
        margin * (XMax - XMin) AS x_margin, margin * (YMax - YMin) AS y_margin,
        -- A box includes every pixel that it touches.
        least(
            ceil(round(XMax * width, 6)) - floor(round(XMin * width, 6)),
            ceil(round(YMax * height, 6)) - floor(round(YMin * height, 6))
        ) >= min_pixels AS large_enough
    FROM query_table(rows)
    WHERE area IS NOT NULL
)
SELECT
    if(
        large_enough,
        concat_ws('/', "partition", folder, ImageID) || '_' || number || extension, NULL
    ) AS path,
    path AS photo, ImageID, "partition", folder, LabelName, number, XMin, XMax, YMin, YMax,
    COLUMNS('^Is')::VARCHAR,
    if(large_enough, NULL, 'smaller than ' || min_pixels || ' pixels') AS note,
    [
        greatest(0, floor(round((XMin - x_margin) * width, 6))),
        greatest(0, floor(round((YMin - y_margin) * height, 6))),
        least(width, ceil(round((XMax + x_margin) * width, 6))),
        least(height, ceil(round((YMax + y_margin) * height, 6)))
    ]::INTEGER[] AS pixels,
    to_turn
FROM sides
ORDER BY photo, number;
