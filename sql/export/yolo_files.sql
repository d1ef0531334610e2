-- yolo_files: the files of a YOLO dataset: images, labels and data.yaml.
--
-- For Ultralytics. Parts are folders; validation is val. Without a part train, the largest other
-- than val and test takes its place; without val, the next largest does, or else test. A photo
-- without a box has no label file, which makes it background.
-- Reads: requested_classes
-- Parameters:
--   class   a name or MID, or a list of them
--   rows    name of a table with the rows of dataset_boxes for these classes
-- Columns:
--   file   VARCHAR  path of the file
--   line   VARCHAR  its next line; NULL if the file is a photo
--   photo  VARCHAR  path of the photo below the dataset; NULL if the file is text
-- Example: WITH found AS (FROM dataset_boxes('Hot dog')) FROM yolo_files('Hot dog', 'found');

CREATE OR REPLACE TEMP MACRO yolo_files(class, rows) AS TABLE
WITH photo_boxes AS MATERIALIZED (
    SELECT
        *,
        -- Ultralytics looks for labels in the place of the last folder that is called images.
        CASE "partition"
            WHEN 'validation' THEN 'val/' WHEN 'images' THEN 'images_/'
            ELSE coalesce("partition" || '/', '')
        END AS part
    FROM query_table(rows)
),
parts AS (
    -- The part to train on first, val and test last.
    SELECT
        list(part ORDER BY part <> 'train/', part IN ('val/', 'test/'), photos DESC, part) AS parts
    FROM (SELECT part, count(DISTINCT ImageID) AS photos FROM photo_boxes GROUP BY part)
),
files AS (
    SELECT DISTINCT
        'images/' || part || ImageID || extension AS file,
        0 AS line_number, NULL AS line, path AS photo
    FROM photo_boxes
    UNION ALL
    SELECT
        'labels/' || part || ImageID || '.txt', number,
        concat_ws(' ', category, (XMin + XMax) / 2, (YMin + YMax) / 2, XMax - XMin, YMax - YMin),
        NULL
    FROM photo_boxes WHERE area IS NOT NULL
    UNION ALL
    SELECT 'data.yaml', 1, 'train: images/' || parts[1], NULL FROM parts
    UNION ALL
    SELECT
        'data.yaml', 2,
        'val: images/' || if('val/' IN parts, 'val/', coalesce(parts[2], parts[1])), NULL
    FROM parts
    UNION ALL
    SELECT 'data.yaml', 3, 'test: images/test/', NULL FROM parts WHERE 'test/' IN parts
    UNION ALL
    SELECT 'data.yaml', 4, 'names:', NULL
    UNION ALL
    SELECT
        'data.yaml', 4 + position,
        '  ' || (row_number() OVER (ORDER BY position) - 1) || ': ' || to_json(DisplayName), NULL
    FROM requested_classes(class)
)
SELECT file, line, photo
FROM files
ORDER BY file, line_number;
