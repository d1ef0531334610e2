-- shortage: one row where relevant rows have too few images to draw the negatives from, else none.
--
-- There are too few where more are wanted than there are, and the labels know of more.
--
-- Reads: nothing
-- Parameters:
--   relevant                     name of a table with the rows of relevant_rows
--   negatives := 120             how many negatives are wanted
--   negatives_from := 'random'   which images are negatives: random, verified or mixed
-- Columns:
--   fit       BIGINT  images there are
--   labelled  BIGINT  images there would be
-- Example:
--   CREATE OR REPLACE TEMP TABLE mine AS FROM relevant_rows('Hot dog');
--   FROM shortage('mine');

CREATE OR REPLACE TEMP MACRO shortage(
    relevant,
    negatives := 120,
    negatives_from := 'random'
) AS TABLE
WITH barred_images AS MATERIALIZED (
    SELECT DISTINCT ImageID FROM query_table(relevant) WHERE part = 'label' AND positive
),
fit AS (
    SELECT DISTINCT ImageID
    FROM query_table(relevant) AS found ANTI JOIN barred_images USING (ImageID)
    WHERE found.fit
),
counted AS (
    SELECT
        (SELECT count(*) FROM fit) AS fit,
        max(labelled) - (SELECT count(*) FROM barred_images) AS labelled
    FROM query_table(relevant)
)
SELECT fit, labelled
FROM counted
WHERE fit < least(negatives, labelled) AND negatives_from IN ('random', 'mixed');
