-- boxes: every bounding box of the session's splits.
--
-- They are read from the CSVs, or from the index if there is one. Columns are read by name, because
-- train has eight more. The coordinates are shares of the photo's width and height, from its left
-- and from its top, as the photo is stored: Rotation turns the boxes with the photo
-- (https://storage.googleapis.com/openimages/web/2018-05-17-rotation-information.html).
-- Reads: files
-- Columns:
--   ImageID      VARCHAR  the image, 16 hexadecimal digits
--   Source       VARCHAR  xclick: drawn by people; activation: by a model, and checked by people
--   LabelName    VARCHAR  MID of the class, one of 600
--   Confidence   DOUBLE   1
--   XMin         DOUBLE   left edge, 0 to 1
--   XMax         DOUBLE   right edge
--   YMin         DOUBLE   upper edge
--   YMax         DOUBLE   lower edge
--   IsOccluded   BOOLEAN  something hides a part of the object; NULL where unknown, as below
--   IsTruncated  BOOLEAN  the object goes on outside the photo
--   IsGroupOf    BOOLEAN  the box is around several objects
--   IsDepiction  BOOLEAN  a drawing or a model of the object, not the object
--   IsInside     BOOLEAN  the photo shows the object from inside
--   area         DOUBLE   share of the photo that the box covers; NULL where its coordinates are
--                         outside 0 to 1 or swapped
-- Example: SELECT LabelName, count(*), avg(area) FROM boxes GROUP BY ALL ORDER BY ALL;

CREATE OR REPLACE TEMP VIEW boxes AS
WITH from_csv AS (
    SELECT
        ImageID, Source, LabelName, Confidence, XMin, XMax, YMin, YMax,
        nullif(IsOccluded, -1)::BOOLEAN AS IsOccluded,
        nullif(IsTruncated, -1)::BOOLEAN AS IsTruncated,
        nullif(IsGroupOf, -1)::BOOLEAN AS IsGroupOf,
        nullif(IsDepiction, -1)::BOOLEAN AS IsDepiction,
        nullif(IsInside, -1)::BOOLEAN AS IsInside,
        CASE
            WHEN 0 <= XMin AND XMin < XMax AND XMax <= 1 AND 0 <= YMin AND YMin < YMax AND YMax <= 1
                THEN (XMax - XMin) * (YMax - YMin)
        END AS area
    FROM read_csv(
        getvariable('box_files'),
        header = true, delim = ',', quote = '"', escape = '"', union_by_name = true,
        types = {
            'ImageID': 'VARCHAR', 'Source': 'VARCHAR', 'LabelName': 'VARCHAR',
            'Confidence': 'DOUBLE',
            'XMin': 'DOUBLE', 'XMax': 'DOUBLE', 'YMin': 'DOUBLE', 'YMax': 'DOUBLE',
            'IsOccluded': 'TINYINT', 'IsTruncated': 'TINYINT', 'IsGroupOf': 'TINYINT',
            'IsDepiction': 'TINYINT', 'IsInside': 'TINYINT'
        }
    )
),
from_parquet AS (
    FROM read_parquet(getvariable('box_files'))
)
FROM query_table(getvariable('box_reader'));
