-- row_problems: what is wrong with rows that a query of one's own has chosen.
--
-- Reads: images, is_safe_folder
-- Parameters:
--   rows   name of a table with the columns ImageID and folder
-- Columns:
--   problem  VARCHAR  what is wrong
--   example  VARCHAR  an ImageID or folder of which it is true
--   count    BIGINT   of how many it is true
-- Example:
--   CREATE OR REPLACE TEMP TABLE mine AS SELECT ImageID, 'hot_dog' AS folder FROM images LIMIT 3;
--   FROM row_problems('mine');

CREATE OR REPLACE TEMP MACRO row_problems(rows) AS TABLE
WITH checked AS MATERIALIZED (
    SELECT ImageID::VARCHAR AS ImageID, folder::VARCHAR AS folder FROM query_table(rows)
),
there AS (
    SELECT ImageID FROM images SEMI JOIN checked USING (ImageID)
)
SELECT
    'is not an ImageID of this session''s splits' AS problem,
    coalesce(min(ImageID), 'NULL') AS example,
    count(*) AS count
FROM checked ANTI JOIN there USING (ImageID)
HAVING count(*) > 0
UNION ALL
SELECT 'is not a safe folder name', coalesce(min(folder), 'NULL'), count(DISTINCT folder)
FROM checked
WHERE NOT is_safe_folder(folder)
HAVING count(*) > 0
UNION ALL
SELECT 'is a folder that differs from another in upper and lower case alone', min(folder), count(*)
FROM (
    SELECT min(folder) AS folder
    FROM checked
    GROUP BY lower(folder)
    HAVING count(DISTINCT folder) > 1
)
HAVING count(*) > 0
UNION ALL
SELECT 'is an image that stands there twice', min(ImageID), count(*)
FROM (SELECT ImageID FROM checked GROUP BY ImageID HAVING count(*) > 1)
HAVING count(*) > 0;
