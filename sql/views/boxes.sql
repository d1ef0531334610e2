-- boxes: every bounding box of the session's splits.
--
-- They are read from the CSVs, or from the index if there is one. Columns are read by name, because
-- train has eight more. Coordinates are fractions of the width and height of the photo as stored,
-- from its left and from its top: Rotation turns the boxes with the photo
-- (https://storage.googleapis.com/openimages/web/2018-05-17-rotation-information.html).
-- Reads: files
-- Columns:
--   ImageID      VARCHAR  the image, 16 hexadecimal digits
--   Source       VARCHAR  xclick: drawn by people; activation: by a model, and checked by people
--   LabelName    VARCHAR  MID of the class, one of 600
--   Confidence   DOUBLE   1
--   XMin, XMax, YMin, YMax  DOUBLE  left, right, upper and lower edge, 0 to 1
--   IsOccluded   BOOLEAN  something hides a part of the object; NULL where unknown, as below
--   IsTruncated  BOOLEAN  the object extends beyond the photo
--   IsGroupOf    BOOLEAN  the box is around several objects
--   IsDepiction  BOOLEAN  a drawing or a model of the object, not the object
--   IsInside     BOOLEAN  the photo shows the object from inside
--   area         DOUBLE   share of the photo that the box covers; NULL if its coordinates are
--                         outside 0 to 1 or swapped
-- Example: SELECT LabelName, count(*), avg(area) FROM boxes GROUP BY ALL ORDER BY ALL;

CREATE OR REPLACE TEMP VIEW boxes AS
WITH from_csv AS (
    SELECT
        ImageID, Source, LabelName, Confidence, XMin, XMax, YMin, YMax,
        nullif(
            COLUMNS(['IsOccluded', 'IsTruncated', 'IsGroupOf', 'IsDepiction', 'IsInside']), -1
        )::BOOLEAN,
        CASE
            WHEN 0 <= XMin AND XMin < XMax AND XMax <= 1 AND 0 <= YMin AND YMin < YMax AND YMax <= 1
                THEN (XMax - XMin) * (YMax - YMin)
        END AS area
    FROM read_csv(
        getvariable('box_files'),
        header = true, delim = ',', quote = '"', escape = '"',
        union_by_name = true, hive_partitioning = false,
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
    FROM read_parquet(getvariable('box_files'), hive_partitioning = false)
)
FROM query_table('from_' || split_part(getvariable('box_files')[1], '.', -1));
