-- box_problems: the boxes of a selection's classes that cannot be used, and images without a box.
-- Parameters:
--   largest_boxes   name of a table with the rows of largest_boxes
--   candidates      name of a table with the rows of candidate_images for the same classes
-- Columns:
--   problem  VARCHAR  what is wrong
--   number   BIGINT   how many boxes or images have it
-- Example:
--   WITH found AS (FROM candidate_images('Hot dog')), largest AS (FROM largest_boxes('Hot dog'))
--   FROM box_problems('largest', 'found');

CREATE OR REPLACE TEMP MACRO box_problems(largest_boxes, candidates) AS TABLE
WITH class_labels AS (
    SELECT ImageID, mid AS LabelName, problem IS NULL AND (by_people OR by_machine) AS positive
    FROM (
        SELECT ImageID, problem, unnest(class_labels, max_depth := 2)
        FROM query_table(candidates)
        WHERE labelled IS NOT NULL
    )
),
problems AS (
    SELECT
        'boxes outside the photo, or with swapped coordinates' AS problem, impossible AS number
    FROM query_table(largest_boxes)
    UNION ALL
    SELECT 'boxes on an image that has no label of the class or is not in the image file', boxes
    FROM query_table(largest_boxes) ANTI JOIN class_labels USING (ImageID, LabelName)
    UNION ALL
    SELECT 'positives left out, because they have no box of their class', 1
    FROM class_labels ANTI JOIN query_table(largest_boxes) USING (ImageID, LabelName)
    WHERE positive AND LabelName IN (SELECT LabelName FROM query_table(largest_boxes))
)
SELECT problem, sum(number)::BIGINT AS number
FROM problems
GROUP BY problem
HAVING sum(number) > 0
ORDER BY problem;
