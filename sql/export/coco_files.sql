-- coco_files: the files of a COCO dataset: images and annotations.json.
--
-- Each part of the dataset is a folder. A box around several objects is a crowd.
-- Reads: requested_classes
-- Parameters:
--   class   a name or MID, or a list of them
--   rows    name of a table with the rows of dataset_boxes for them
-- Columns: those of yolo_files
-- Example:
--   CREATE OR REPLACE TEMP TABLE found AS FROM dataset_boxes('Hot dog');
--   FROM coco_files('Hot dog', 'found');

CREATE OR REPLACE TEMP MACRO coco_files(class, rows) AS TABLE
WITH boxes_of AS MATERIALIZED (
    SELECT
        *, coalesce("partition" || '/', '') AS part,
        dense_rank() OVER (ORDER BY ImageID) AS image,
        'images/' || ImageID || regexp_extract(path, '\.\w+$') AS name
    FROM query_table(rows)
),
photos AS MATERIALIZED (
    SELECT DISTINCT part, image, name, path, width, height FROM boxes_of
),
parts AS (
    SELECT DISTINCT part FROM photos
),
entries AS (
    SELECT
        part, 1 AS section, image AS place,
        to_json({'id': image, 'file_name': name, 'width': width, 'height': height}) AS entry
    FROM photos
    UNION ALL
    SELECT
        part, 3, row_number() OVER (ORDER BY image, number),
        to_json({
            'id': row_number() OVER (ORDER BY image, number),
            'image_id': image, 'category_id': category + 1,
            'bbox': [XMin * width, YMin * height, (XMax - XMin) * width, (YMax - YMin) * height],
            'area': area * width * height,
            'segmentation': [], 'iscrowd': if(IsGroupOf, 1, 0)
        })
    FROM boxes_of WHERE area IS NOT NULL
    UNION ALL
    SELECT
        part, 5, row_number() OVER (PARTITION BY part ORDER BY position),
        to_json({
            'id': row_number() OVER (PARTITION BY part ORDER BY position), 'name': DisplayName
        })
    FROM requested_classes(class) CROSS JOIN parts
),
lines AS (
    SELECT
        part, section, place,
        if(row_number() OVER (PARTITION BY part, section ORDER BY place) = 1, '', ',') || entry
            AS line
    FROM entries
    UNION ALL
    SELECT part, section, 0, line
    FROM parts CROSS JOIN (
        VALUES
            (0, '{"images": ['), (2, '], "annotations": ['), (4, '], "categories": ['), (6, ']}')
    ) AS heads(section, line)
)
SELECT file, line, photo
FROM (
    SELECT part || 'annotations.json' AS file, section, place, line, NULL AS photo FROM lines
    UNION ALL
    SELECT part || name, 7, image, NULL, path FROM photos
)
ORDER BY file, section, place;
