-- voc_files: the files of a Pascal VOC dataset: JPEGImages, Annotations and ImageSets.
--
-- Pixels are counted from 1, and a box includes its last one. A box around several objects is
-- difficult. Each part of the dataset is a list in ImageSets/Main: validation is val, and without
-- parts all photos are trainval. Readers of this format add .jpg to the names of all photos, and
-- detect the format of a photo by its content.
-- Parameters: those of yolo_files
-- Columns: those of yolo_files
-- Example: WITH found AS (FROM dataset_boxes('Hot dog')) FROM voc_files('Hot dog', 'found');

CREATE OR REPLACE TEMP MACRO voc_files(class, rows) AS TABLE
WITH photo_boxes AS MATERIALIZED (
    SELECT
        *,
        ImageID || '.jpg' AS name, 'Annotations/' || ImageID || '.xml' AS annotation,
        replace(replace(replace(DisplayName, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')
            AS class_name,
        least(round(XMin * width)::BIGINT + 1, width) AS left_pixel,
        least(round(YMin * height)::BIGINT + 1, height) AS top_pixel
    FROM query_table(rows)
),
photos AS MATERIALIZED (
    SELECT DISTINCT ImageID, name, annotation, path, width, height, "partition" FROM photo_boxes
),
files AS (
    SELECT 'JPEGImages/' || name AS file, 0 AS line_number, NULL AS line, path AS photo FROM photos
    UNION ALL
    SELECT
        'ImageSets/Main/'
        || if("partition" = 'validation', 'val', coalesce("partition", 'trainval')) || '.txt',
        row_number() OVER (ORDER BY ImageID), ImageID, NULL
    FROM photos
    UNION ALL
    SELECT
        annotation, 0,
        '<annotation><folder>JPEGImages</folder><filename>' || name || '</filename><size><width>'
        || width || '</width><height>' || height
        || '</height><depth>3</depth></size><segmented>0</segmented>',
        NULL
    FROM photos
    UNION ALL
    SELECT
        annotation, number,
        '<object><name>' || class_name || '</name><pose>Unspecified</pose><truncated>'
        || if(IsTruncated, 1, 0) || '</truncated><occluded>' || if(IsOccluded, 1, 0)
        || '</occluded><difficult>' || if(IsGroupOf, 1, 0) || '</difficult><bndbox><xmin>'
        || left_pixel || '</xmin><ymin>' || top_pixel || '</ymin><xmax>'
        || greatest(left_pixel, round(XMax * width)::BIGINT) || '</xmax><ymax>'
        || greatest(top_pixel, round(YMax * height)::BIGINT) || '</ymax></bndbox></object>',
        NULL
    FROM photo_boxes WHERE area IS NOT NULL
    UNION ALL
    SELECT annotation, 1_000_000_000, '</annotation>', NULL FROM photos
)
SELECT file, line, photo
FROM files
ORDER BY file, line_number;
