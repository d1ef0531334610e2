-- selection_report: what there was to select from: a row a class, and one for the negatives.
--
-- Reads: relevant_rows, report_on
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
WITH relevant AS MATERIALIZED (
    FROM relevant_rows(
        class,
        negatives := 0,
        min_confidence := min_confidence,
        related := related,
        exclude := exclude
    )
)
FROM report_on('relevant', class, negative_folder := negative_folder);
