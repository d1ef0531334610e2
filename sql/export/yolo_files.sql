-- yolo_files: the files of a YOLO dataset: images, labels and data.yaml.
--
-- Ultralytics reads it. Parts are folders; validation is val. A photo without a box has no label file,
-- which makes it background.
-- Reads: requested_classes
-- Parameters:
--   class   a name or MID, or a list of them
--   rows    name of a table with the rows of dataset_boxes for them
-- Columns:
--   file   VARCHAR  path of the file
--   line   VARCHAR  its next line; NULL where the file is a photo
--   photo  VARCHAR  path of the photo below the dataset
-- Example:
--   CREATE OR REPLACE TEMP TABLE found AS FROM dataset_boxes('Hot dog');
--   FROM yolo_files('Hot dog', 'found');

CREATE OR REPLACE TEMP MACRO yolo_files(class, rows) AS TABLE
WITH boxes_of AS MATERIALIZED (
    SELECT *, replace(coalesce("partition" || '/', ''), 'validation/', 'val/') AS part
    FROM query_table(rows)
),
parts AS (
    SELECT list(DISTINCT part ORDER BY part) AS parts FROM boxes_of
),
files AS (
    SELECT DISTINCT
        'images/' || part || ImageID || regexp_extract(path, '\.\w+$') AS file,
        0 AS place, NULL AS line, path AS photo
    FROM boxes_of
    UNION ALL
    SELECT
        'labels/' || part || ImageID || '.txt', number,
        concat_ws(' ', category, (XMin + XMax) / 2, (YMin + YMax) / 2, XMax - XMin, YMax - YMin),
        NULL
    FROM boxes_of WHERE area IS NOT NULL
    UNION ALL
    SELECT
        'data.yaml', 1, 'train: images/' || if('train/' IN parts, 'train/', parts[1]), NULL
    FROM parts
    UNION ALL
    SELECT
        'data.yaml', 2,
        'val: images/' || CASE
            WHEN 'val/' IN parts THEN 'val/' WHEN 'test/' IN parts THEN 'test/' ELSE parts[-1]
        END,
        NULL
    FROM parts
    UNION ALL
    SELECT 'data.yaml', 3, 'test: images/test/', NULL FROM parts WHERE 'test/' IN parts
    UNION ALL
    SELECT 'data.yaml', 4, 'names:', NULL
    UNION ALL
    SELECT
        'data.yaml', 4 + row_number() OVER (ORDER BY position),
        '  ' || (row_number() OVER (ORDER BY position) - 1) || ': ' || to_json(DisplayName), NULL
    FROM requested_classes(class)
)
SELECT file, line, photo
FROM files
ORDER BY file, place;
