-- The twenty classes most often seen with hot dogs.
--
--   hotdog-sql sql --file sql/examples/seen_together.sql

SELECT classes.DisplayName, count(DISTINCT positive.ImageID) AS images
FROM positive_labels() AS positive
    SEMI JOIN (FROM positive_labels() WHERE LabelName = '/m/01b9xk') USING (ImageID)
    JOIN classes USING (LabelName)
WHERE classes.LabelName != '/m/01b9xk'
GROUP BY classes.LabelName, classes.DisplayName
ORDER BY images DESC, classes.DisplayName, classes.LabelName
LIMIT 20;
