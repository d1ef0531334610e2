-- box_problems: the boxes of a selection's classes that cannot be used.
-- Parameters:
--   largest_boxes   name of a table with the rows of largest_boxes
--   candidates      name of a table with the rows of candidate_images for the same classes
-- Columns:
--   problem  VARCHAR  what is wrong
--   boxes    BIGINT   how many boxes have it
-- Example:
--   WITH found AS (FROM candidate_images('Hot dog')), largest AS (FROM largest_boxes('Hot dog'))
--   FROM box_problems('largest', 'found');

CREATE OR REPLACE TEMP MACRO box_problems(largest_boxes, candidates) AS TABLE
WITH problems AS (
    SELECT 'outside the photo, or with swapped coordinates' AS problem, impossible AS boxes
    FROM query_table(largest_boxes)
    UNION ALL
    SELECT 'on an image that has no label of the class or is not in the image file', boxes
    FROM query_table(largest_boxes) ANTI JOIN (
        SELECT ImageID, unnest(class_labels).mid AS LabelName
        FROM query_table(candidates)
        WHERE labelled IS NOT NULL
    ) USING (ImageID, LabelName)
)
SELECT problem, sum(boxes)::BIGINT AS boxes
FROM problems
GROUP BY problem
HAVING sum(boxes) > 0
ORDER BY problem;
