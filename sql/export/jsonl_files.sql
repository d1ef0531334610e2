-- jsonl_files: the files of a Hugging Face image folder: photos and metadata.jsonl, by part.
--
-- A box is its left, top, width and height in pixels; categories count from 0.
-- Parameters: those of yolo_files
-- Columns: those of yolo_files
-- Example: WITH found AS (FROM dataset_boxes('Hot dog')) FROM jsonl_files('Hot dog', 'found');

CREATE OR REPLACE TEMP MACRO jsonl_files(class, rows) AS TABLE
WITH photos AS MATERIALIZED (
    SELECT
        "partition", ImageID, path, ImageID || extension AS name,
        coalesce(
            list({'bbox': bbox, 'category': category, 'name': DisplayName} ORDER BY number)
                FILTER (area IS NOT NULL), []
        ) AS boxes,
        to_json({
            'file_name': name, 'image_id': ImageID, 'width': width, 'height': height,
            'objects': {
                'bbox': [box.bbox for box in boxes],
                'categories': [box.category for box in boxes],
                'names': [box.name for box in boxes]
            }
        })::VARCHAR AS line
    FROM query_table(rows)
    GROUP BY ImageID, "partition", path, extension, width, height
)
SELECT concat_ws('/', "partition", 'metadata.jsonl') AS file, line, NULL AS photo
FROM photos
UNION ALL
SELECT concat_ws('/', "partition", name), NULL, path
FROM photos
ORDER BY file, line;
