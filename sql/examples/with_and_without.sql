-- Hot dogs with a person in the image, and hot dogs alone.
--
--   hotdog-sql select --query sql/examples/with_and_without.sql --download company

SELECT ImageID, if(bool_or(LabelName = '/m/01g317'), 'with_person', 'without_person') AS folder
FROM positive_labels()
WHERE LabelName IN ('/m/01b9xk', '/m/01g317')
GROUP BY ImageID
HAVING bool_or(LabelName = '/m/01b9xk')
ORDER BY folder, ImageID;
