-- selection_report: what there is to select from: the counts that the tutorial prints.
--
-- Reads: labels, chosen_classes, related_classes
-- Parameters:
--   class                    a name or MID, or a list of them
--   min_confidence := 1.0    the least confidence of a positive label
--   related := 'prefix'      which classes are too near for a negative: prefix or none
--   exclude := NULL          names or MIDs of further classes that no negative may carry
-- Columns:
--   positives        BIGINT  images that carry a chosen class
--   related_classes  BIGINT  classes that no negative may carry, the chosen ones among them
--   labelled         BIGINT  images with any positive label
--   candidates       BIGINT  those of them without a related class: where negatives come from
-- Example:
--   FROM selection_report('Hot dog');

CREATE OR REPLACE TEMP MACRO selection_report(
    class,
    min_confidence := 1.0,
    related := 'prefix',
    exclude := NULL
) AS TABLE
WITH barred AS MATERIALIZED (
    SELECT LabelName FROM related_classes(class, related := related)
    UNION
    SELECT LabelName FROM chosen_classes(exclude)
)
SELECT
    count(DISTINCT ImageID) FILTER (
        LabelName IN (SELECT LabelName FROM chosen_classes(class))
    ) AS positives,
    (SELECT count(*) FROM barred) AS related_classes,
    count(DISTINCT ImageID) AS labelled,
    labelled - count(DISTINCT ImageID) FILTER (
        LabelName IN (SELECT LabelName FROM barred)
    ) AS candidates
FROM labels
WHERE Confidence >= min_confidence;
