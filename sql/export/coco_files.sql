-- coco_files: the files of a COCO dataset: images and annotations.json.
--
-- Each part of the dataset is a folder. A box around several objects is a crowd.
-- Reads: requested_classes
-- Parameters: those of yolo_files
-- Columns: those of yolo_files
-- Example: WITH found AS (FROM dataset_boxes('Hot dog')) FROM coco_files('Hot dog', 'found');

CREATE OR REPLACE TEMP MACRO coco_files(class, rows) AS TABLE
WITH photo_boxes AS MATERIALIZED (
    SELECT
        *, 'images/' || ImageID || extension AS name, dense_rank() OVER (ORDER BY ImageID) AS image
    FROM query_table(rows)
),
photos AS MATERIALIZED (
    SELECT DISTINCT "partition", image, name, path, width, height FROM photo_boxes
),
parts AS (
    SELECT DISTINCT "partition" FROM photos
),
entries AS (
    SELECT
        "partition", 1 AS section, image AS line_number,
        to_json({'id': image, 'file_name': name, 'width': width, 'height': height}) AS entry
    FROM photos
    UNION ALL
    SELECT
        "partition", 3, row_number() OVER (ORDER BY image, number) AS id,
        to_json({
            'id': id, 'image_id': image, 'category_id': category + 1, 'bbox': bbox,
            'area': area * width * height, 'segmentation': [], 'iscrowd': if(IsGroupOf, 1, 0)
        })
    FROM photo_boxes WHERE area IS NOT NULL
    UNION ALL
    SELECT
        "partition", 5, row_number() OVER (PARTITION BY "partition" ORDER BY position) AS id,
        to_json({'id': id, 'name': DisplayName})
    FROM requested_classes(class) CROSS JOIN parts
),
lines AS (
    SELECT
        "partition", 'annotations.json' AS name, section, line_number,
        if(row_number() OVER (PARTITION BY "partition", section ORDER BY line_number) = 1, '', ',')
            || entry AS line,
        NULL AS photo
    FROM entries
    UNION ALL
    SELECT "partition", 'annotations.json', section, 0, line, NULL
    FROM parts CROSS JOIN (
        VALUES
            (0, '{"images": ['), (2, '], "annotations": ['), (4, '], "categories": ['), (6, ']}')
    ) AS heads(section, line)
    UNION ALL
    SELECT "partition", name, 0, 0, NULL, path FROM photos
)
SELECT concat_ws('/', "partition", name) AS file, line, photo
FROM lines
ORDER BY file, section, line_number;
