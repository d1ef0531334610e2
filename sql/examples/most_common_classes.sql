-- The twenty most common classes.
--
--   hotdog-sql sql --file sql/examples/most_common_classes.sql

SELECT classes.DisplayName, count(DISTINCT positive.ImageID) AS images
FROM positive_labels() AS positive JOIN classes USING (LabelName)
GROUP BY classes.LabelName, classes.DisplayName
ORDER BY images DESC, classes.DisplayName, classes.LabelName
LIMIT 20;
