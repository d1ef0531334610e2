-- jsonl_files: the files of a Hugging Face image folder: photos and metadata.jsonl, by part.
--
-- Boxes are left, top, width and height in pixels; categories count from 0.
-- Parameters:
--   class   a name or MID, or a list of them
--   rows    name of a table with the rows of dataset_boxes for them
-- Columns: those of yolo_files
-- Example:
--   CREATE OR REPLACE TEMP TABLE found AS FROM dataset_boxes('Hot dog');
--   FROM jsonl_files('Hot dog', 'found');

CREATE OR REPLACE TEMP MACRO jsonl_files(class, rows) AS TABLE
WITH photos AS MATERIALIZED (
    SELECT
        coalesce("partition" || '/', '') AS part,
        ImageID || regexp_extract(path, '\.\w+$') AS name,
        path, ImageID, width, height,
        {
            'bbox': coalesce(
                list(
                    [XMin * width, YMin * height, (XMax - XMin) * width, (YMax - YMin) * height]
                    ORDER BY number
                ) FILTER (area IS NOT NULL), []
            ),
            'categories': coalesce(
                list(category ORDER BY number) FILTER (area IS NOT NULL), []
            ),
            'names': coalesce(list(DisplayName ORDER BY number) FILTER (area IS NOT NULL), [])
        } AS objects
    FROM query_table(rows)
    GROUP BY ALL
)
SELECT file, line, photo
FROM (
    SELECT
        part || 'metadata.jsonl' AS file, ImageID,
        to_json({
            'file_name': name, 'image_id': ImageID, 'width': width, 'height': height,
            'objects': objects
        })::VARCHAR AS line,
        NULL AS photo
    FROM photos
    UNION ALL
    SELECT part || name, ImageID, NULL, path FROM photos
)
ORDER BY file, ImageID;
