-- labels: every image-level label of the session's splits, read from the index.
--
-- Reads: nothing
-- Parameters: none
-- Columns:
--   ImageID     VARCHAR  the image, 16 hexadecimal digits
--   Source      VARCHAR  verification and crowdsource-verification are people's, machine a model's
--   LabelName   VARCHAR  MID of the class
--   Confidence  DOUBLE   0 to 1; people's labels are 1 (it is there) or 0 (it is not)
-- Example:
--   SELECT Source, Confidence, count(*) FROM labels GROUP BY ALL ORDER BY ALL;

CREATE OR REPLACE TEMP VIEW labels AS
SELECT ImageID, Source, LabelName, Confidence
FROM read_parquet(
    list_transform(
        getvariable('label_files'), lambda file: regexp_replace(file, '[.]csv$', '.parquet')
    )
);
