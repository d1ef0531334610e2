-- How many images are under each licence.
--
--   hotdog-sql sql --file sql/examples/licenses.sql

SELECT License, count(*) AS images
FROM images
GROUP BY License
ORDER BY images DESC, License;
