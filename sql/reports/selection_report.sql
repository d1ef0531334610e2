-- selection_report: what there was to select from: a row a class, and one for the negatives.
--
-- Reads: labels, chosen_classes, related_classes
-- Parameters:
--   class                         a name or MID, or a list of them
--   min_confidence := 1.0         the least confidence of a positive label
--   related := 'prefix'           which classes are too near for a negative: prefix or none
--   exclude := NULL               names or MIDs of further classes that no negative may carry
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
--   FROM selection_report('Hot dog');

CREATE OR REPLACE TEMP MACRO selection_report(
    class,
    min_confidence := 1.0,
    related := 'prefix',
    exclude := NULL,
    negative_folder := 'other'
) AS TABLE
WITH chosen AS MATERIALIZED (
    FROM chosen_classes(class, negative_folder := negative_folder)
),
barred AS MATERIALIZED (
    SELECT LabelName FROM related_classes(class, related := related)
    UNION
    SELECT LabelName FROM chosen_classes(exclude)
),
marks AS MATERIALIZED (
    SELECT
        ImageID,
        LabelName,
        Confidence >= min_confidence AS positive,
        Confidence = 0 AND Source != 'machine' AS negative,
        Source = 'machine' AS machine
    FROM labels
    WHERE LabelName IN (SELECT LabelName FROM barred)
),
crowded AS (
    SELECT ImageID
    FROM marks SEMI JOIN chosen USING (LabelName)
    WHERE positive
    GROUP BY ImageID
    HAVING count(DISTINCT LabelName) > 1
),
pool AS (
    SELECT count(DISTINCT ImageID) AS labelled
    FROM labels
    WHERE Confidence >= min_confidence
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
    FROM pool
)
SELECT * EXCLUDE (position)
FROM rows
ORDER BY position NULLS LAST;
