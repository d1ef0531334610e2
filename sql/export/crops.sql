-- crops: what `hotdog-sql crop` cuts out of a dataset's photos, one row per box.
--
-- Parameters:
--   rows               name of a table with the rows of dataset_boxes
--   margin := 0.1      what is added at each side, as a share of the box
--   min_pixels := 64   boxes whose shorter side has fewer are left out
-- Columns:
--   path         VARCHAR    path of the crop; NULL where the box is left out
--   photo        VARCHAR    path of the photo below the dataset
--   ImageID      VARCHAR    as in dataset_boxes, and so are the others
--   partition    VARCHAR    part of the dataset
--   folder       VARCHAR    the class's folder
--   LabelName    VARCHAR    its MID
--   number       BIGINT     the box's place on the photo
--   XMin         DOUBLE     left edge
--   XMax         DOUBLE     right edge
--   YMin         DOUBLE     upper edge
--   YMax         DOUBLE     lower edge
--   IsOccluded   VARCHAR    true or false
--   IsTruncated  VARCHAR    likewise
--   IsGroupOf    VARCHAR    likewise
--   IsDepiction  VARCHAR    likewise
--   IsInside     VARCHAR    likewise
--   note         VARCHAR    why the box is left out
--   pixels       INTEGER[]  left, upper, right and lower edge on the photo
--   to_turn      INTEGER    degrees counter-clockwise by which the photo must be turned
-- Example:
--   CREATE OR REPLACE TEMP TABLE found AS FROM dataset_boxes('Hot dog');
--   FROM crops('found', min_pixels := 100);

CREATE OR REPLACE TEMP MACRO crops(rows, margin := 0.1, min_pixels := 64) AS TABLE
WITH sides AS (
    SELECT
        *,
        XMax - XMin AS wide, YMax - YMin AS high,
        -- A pixel that a box touches belongs to it.
        least(
            ceil(round(XMax * width, 6)) - floor(round(XMin * width, 6)),
            ceil(round(YMax * height, 6)) - floor(round(YMin * height, 6))
        ) >= min_pixels AS large
    FROM query_table(rows)
    WHERE area IS NOT NULL
)
SELECT
    CASE
        WHEN large
            THEN concat_ws('/', "partition", folder, ImageID) || '_' || number
            || regexp_extract(path, '\.\w+$')
    END AS path,
    path AS photo, ImageID, "partition", folder, LabelName, number, XMin, XMax, YMin, YMax,
    COLUMNS('^Is')::VARCHAR,
    if(large, NULL, 'smaller than ' || min_pixels || ' pixels') AS note,
    [
        greatest(0, floor(round((XMin - margin * wide) * width, 6))),
        greatest(0, floor(round((YMin - margin * high) * height, 6))),
        least(width, ceil(round((XMax + margin * wide) * width, 6))),
        least(height, ceil(round((YMax + margin * high) * height, 6)))
    ]::INTEGER[] AS pixels,
    to_turn
FROM sides
ORDER BY photo, number;
