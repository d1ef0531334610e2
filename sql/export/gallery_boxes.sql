-- gallery_boxes: the boxes of each photo, as the gallery's page reads them.
-- Parameters:
--   rows   name of a table with the rows of dataset_boxes
-- Columns:
--   ImageID  VARCHAR  the image
--   boxes    JSON     a list of boxes: the class's name, then left, right, upper and lower edge
-- Example: WITH found AS (FROM dataset_boxes('Hot dog')) FROM gallery_boxes('found');

CREATE OR REPLACE TEMP MACRO gallery_boxes(rows) AS TABLE
SELECT
    ImageID,
    to_json(list(json_array(DisplayName, XMin, XMax, YMin, YMax) ORDER BY number)) AS boxes
FROM query_table(rows)
WHERE area IS NOT NULL
GROUP BY ImageID
ORDER BY ImageID;
