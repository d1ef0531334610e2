-- report_on: what there was to select from, by relevant rows: a row a class, and one for the
-- negatives.
--
-- Reads: chosen_classes
-- Parameters:
--   relevant                      name of a table with the rows of relevant_rows
--   class                         the same class or classes
--   negative_folder := 'other'    the negatives' folder
-- Columns:
--   folder              VARCHAR  where the photos go
--   LabelName           VARCHAR  MID of the class; NULL in the negatives' row
--   DisplayName         VARCHAR  its name
--   positives           BIGINT   images that carry the class
--   by_people           BIGINT   those of them that a person labelled
--   by_machine          BIGINT   those of them that a model labelled
--   verified_negatives  BIGINT   images in which a person said that the class is absent
--   ambiguous           BIGINT   positives that carry another chosen class too
--   labelled            BIGINT   images with any positive label; in the negatives' row
--   candidates          BIGINT   those without a related class, which negatives are drawn from
-- Example:
--   CREATE OR REPLACE TEMP TABLE relevant AS FROM relevant_rows('Hot dog');
--   FROM report_on('relevant', 'Hot dog');

CREATE OR REPLACE TEMP MACRO report_on(relevant, class, negative_folder := 'other') AS TABLE
WITH chosen AS MATERIALIZED (
    FROM chosen_classes(class, negative_folder := negative_folder)
),
marks AS MATERIALIZED (
    SELECT
        ImageID,
        LabelName,
        positive,
        Confidence = 0 AND Source != 'machine' AS negative,
        Source = 'machine' AS machine
    FROM query_table(relevant)
    WHERE part = 'label'
),
crowded AS (
    SELECT ImageID
    FROM marks SEMI JOIN chosen USING (LabelName)
    WHERE positive
    GROUP BY ImageID
    HAVING count(DISTINCT LabelName) > 1
),
rows AS (
    SELECT
        chosen.position,
        chosen.folder,
        chosen.LabelName,
        chosen.DisplayName,
        count(DISTINCT ImageID) FILTER (positive) AS positives,
        count(DISTINCT ImageID) FILTER (positive AND NOT machine) AS by_people,
        count(DISTINCT ImageID) FILTER (positive AND machine) AS by_machine,
        count(DISTINCT ImageID) FILTER (negative) AS verified_negatives,
        count(DISTINCT ImageID) FILTER (
            positive AND ImageID IN (SELECT ImageID FROM crowded)
        ) AS ambiguous,
        NULL::BIGINT AS labelled,
        NULL::BIGINT AS candidates
    FROM chosen LEFT JOIN marks ON marks.LabelName = chosen.LabelName
    GROUP BY ALL
    UNION ALL
    SELECT
        NULL,
        negative_folder,
        NULL,
        NULL,
        NULL,
        NULL,
        NULL,
        NULL,
        NULL,
        labelled,
        labelled - (SELECT count(DISTINCT ImageID) FROM marks WHERE positive)
    FROM query_table(relevant)
    WHERE part = 'count'
)
SELECT * EXCLUDE (position)
FROM rows
ORDER BY position NULLS LAST;
