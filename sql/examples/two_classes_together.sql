-- Images with a hot dog and a person, and as many with neither.
--
--   hotdog-sql select --query sql/examples/two_classes_together.sql --download eating

WITH together AS (
    SELECT ImageID
    FROM positive_labels()
    WHERE LabelName IN ('/m/01b9xk', '/m/01g317')
    GROUP BY ImageID
    HAVING count(DISTINCT LabelName) = 2
)
SELECT ImageID, 'hot_dog_and_person' AS folder FROM together
UNION ALL
SELECT ImageID, 'neither' AS folder
FROM select_images(['Hot dog', 'Person'], negatives := 10_000)
WHERE folder = 'other' AND rank <= (SELECT count(*) FROM together)
    AND ImageID NOT IN (FROM together) -- a person may have denied a model's label
ORDER BY folder, ImageID;
