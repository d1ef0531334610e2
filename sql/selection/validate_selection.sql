-- validate_selection: what is wrong with the rows of a user's query, if anything.
-- Reads: images, is_valid_folder
-- Parameters:
--   rows   name of a table with the columns ImageID, folder and rank
-- Columns:
--   problem  VARCHAR  what is wrong
--   example  VARCHAR  an ImageID, folder or rank that has the problem
--   count    BIGINT   how many have it
-- Example:
--   WITH mine AS (SELECT ImageID, 'hot_dog' AS folder, NULL AS rank FROM images LIMIT 3)
--   FROM validate_selection('mine');

CREATE OR REPLACE TEMP MACRO validate_selection(rows) AS TABLE
WITH checked AS MATERIALIZED (
    SELECT ImageID::VARCHAR AS ImageID, folder::VARCHAR AS folder, rank::VARCHAR AS rank
    FROM query_table(rows)
),
known AS MATERIALIZED (
    SELECT ImageID, count(*) AS times FROM images SEMI JOIN checked USING (ImageID) GROUP BY ImageID
),
problems AS (
    SELECT 'is not an ImageID of this session''s splits' AS problem, ImageID AS example
    FROM checked ANTI JOIN known USING (ImageID)
    UNION ALL
    SELECT 'is several times in the image file', ImageID FROM known WHERE times > 1
    UNION ALL
    SELECT 'is not a valid folder name', folder
    FROM (SELECT DISTINCT folder FROM checked) WHERE NOT is_valid_folder(folder)
    UNION ALL
    SELECT 'is not a rank, which is a whole number from 0 with at most 18 digits', rank
    FROM checked WHERE NOT regexp_full_match(rank, '\d{1,18}(\.0+)?')
    UNION ALL
    SELECT 'differs from another folder only in upper and lower case', min(folder)
    FROM checked GROUP BY lower(nfc_normalize(folder)) HAVING count(DISTINCT folder) > 1
    UNION ALL
    SELECT 'is an image that comes twice', ImageID
    FROM checked GROUP BY ImageID HAVING count(*) > 1
)
SELECT problem, coalesce(min(example), 'NULL') AS example, count(*) AS count
FROM problems
GROUP BY problem
ORDER BY problem;
