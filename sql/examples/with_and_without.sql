-- Hot dogs with a person in the image, and hot dogs alone.
--
--   hotdog-sql select --query sql/examples/with_and_without.sql --download company

WITH image_classes AS (
    SELECT ImageID, list(DISTINCT LabelName) AS classes
    FROM positive_labels()
    WHERE LabelName IN ('/m/01b9xk', '/m/01g317')
    GROUP BY ImageID
)
SELECT
    ImageID,
    if(list_contains(classes, '/m/01g317'), 'with_person', 'without_person') AS folder
FROM image_classes
WHERE list_contains(classes, '/m/01b9xk')
ORDER BY folder, ImageID;
