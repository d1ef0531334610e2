-- selection_report: what there is to select from, one row per class and one for the negatives.
-- Reads: requested_classes
-- Parameters: those of select_images that have the same name, but
--   candidates   name of a table with the rows of candidate_images
-- Columns: those of requested_classes but position, and
--   positives           BIGINT  images labelled with the class
--   by_people, by_machine  BIGINT  positives that a person labelled, and that a model did
--   verified_negatives  BIGINT  images in which a person said that the class is absent
--   ambiguous           BIGINT  positives with another requested class too
--   labelled            BIGINT  images with any positive label; only in the negatives' row
--   candidates          BIGINT  images to take negatives from; only in the negatives' row
-- Example:
--   WITH found AS (FROM candidate_images('Hot dog')) FROM selection_report('found', 'Hot dog');

CREATE OR REPLACE TEMP MACRO selection_report(
    candidates, class, negatives_from := 'random', negative_folder := 'other'
) AS TABLE
WITH requested AS MATERIALIZED (
    FROM requested_classes(class, negative_folder := negative_folder)
),
class_labels AS MATERIALIZED (
    SELECT
        *,
        by_people OR by_machine AS positive,
        count_if(positive) OVER (PARTITION BY ImageID) > 1 AS several
    FROM (
        SELECT ImageID, unnest(class_labels, max_depth := 2)
        FROM query_table(candidates)
        WHERE problem IS NULL
    ) SEMI JOIN requested ON mid = LabelName
),
negatives AS (
    SELECT
        coalesce(max(labelled_images), 0) AS all_labelled,
        all_labelled - count(DISTINCT ImageID) FILTER (excluded) AS random,
        count(DISTINCT ImageID) FILTER (absent AND NOT excluded) AS verified,
        count(DISTINCT ImageID) FILTER (absent AND NOT excluded AND NOT labelled) AS unlabelled
    FROM query_table(candidates)
        LEFT JOIN (SELECT DISTINCT ImageID, absent FROM class_labels WHERE absent) USING (ImageID)
),
rows AS (
    SELECT
        position, folder, LabelName, DisplayName,
        count(*) FILTER (positive) AS positives,
        count(*) FILTER (by_people) AS by_people,
        count(*) FILTER (by_machine) AS by_machine,
        count(*) FILTER (absent) AS verified_negatives,
        count(*) FILTER (positive AND several) AS ambiguous
    FROM requested LEFT JOIN class_labels ON mid = LabelName
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT
        negative_folder AS folder,
        all_labelled AS labelled,
        CASE negatives_from
            WHEN 'random' THEN random
            WHEN 'verified' THEN verified
            WHEN 'mixed' THEN random + unlabelled
            ELSE error('negatives_from is random, verified or mixed')
        END AS candidates
    FROM negatives
)
SELECT * EXCLUDE (position)
FROM rows
ORDER BY position NULLS LAST;
