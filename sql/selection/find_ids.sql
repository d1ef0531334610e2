-- find_ids: which images of a list are in the session's splits.
-- Reads: images
-- Parameters:
--   ids   name of a table of rows as read_ids gives them
-- Columns: those of read_ids, and
--   rank   BIGINT   NULL: the seeded order decides
--   found  BOOLEAN  whether the image is in its split, or, where none is named, in any
-- Example:
--   CREATE OR REPLACE TEMP TABLE mine AS
--   SELECT ImageID, Subset AS split, 'photos' AS folder FROM images LIMIT 3;
--   FROM find_ids('mine');

CREATE OR REPLACE TEMP MACRO find_ids(ids) AS TABLE
SELECT DISTINCT
    listed.ImageID, listed.split, listed.folder, NULL::BIGINT AS rank, Subset IS NOT NULL AS found
FROM images RIGHT JOIN query_table(ids) AS listed
    ON images.ImageID = listed.ImageID AND Subset = coalesce(split, Subset)
ORDER BY ALL;
