-- find_ids: which images of a list are in the session's splits.
-- Reads: images
-- Parameters:
--   ids   name of a table with the rows of read_ids
-- Columns: those of read_ids, and
--   found  BOOLEAN  whether the image is in its split, or in any if the list names none
-- Example:
--   WITH mine AS (SELECT ImageID, Subset AS split, 'photos' AS folder FROM images LIMIT 3)
--   FROM find_ids('mine');

CREATE OR REPLACE TEMP MACRO find_ids(ids) AS TABLE
SELECT DISTINCT listed.*, Subset IS NOT NULL AS found
FROM images RIGHT JOIN query_table(ids) AS listed
    ON images.ImageID = listed.ImageID AND Subset = coalesce(split, Subset)
ORDER BY ALL;
