-- data_problems: how many images no selection can take because their data is invalid.
-- Reads: labels, images
-- Parameters:
--   candidates := NULL   name of a table with the rows of candidate_images; NULL checks all data
-- Columns:
--   problem  VARCHAR  what is wrong
--   images   BIGINT   how many images have it
-- Example: FROM data_problems();

CREATE OR REPLACE TEMP MACRO data_problems(candidates := NULL) AS TABLE
WITH all_images AS (
    SELECT 'not in the image file' AS problem
    FROM (SELECT DISTINCT hash(ImageID) AS id FROM labels WHERE Confidence BETWEEN 0 AND 1)
        ANTI JOIN (SELECT hash(ImageID) AS id FROM images) USING (id)
    UNION ALL
    SELECT 'several times in the image file' FROM images GROUP BY hash(ImageID) HAVING count(*) > 1
    UNION ALL
    -- Every selection reads the classes of labels with confidence 1; of other labels, only some do.
    SELECT 'an impossible label'
    FROM labels
    WHERE (Confidence BETWEEN 0 AND 1 AND (Confidence < 1 OR NOT contains(LabelName, chr(0))))
        IS NOT true
    GROUP BY ImageID
)
SELECT problem, count(*) AS images
FROM query_table(coalesce(candidates, 'all_images'))
WHERE problem IS NOT NULL
GROUP BY problem
ORDER BY problem;
