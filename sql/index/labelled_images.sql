-- labelled_images: the images that a label says something of, read from the index.
--
-- Reads: nothing
-- Parameters: none
-- Columns:
--   ImageID     VARCHAR  the image
--   Confidence  DOUBLE   the greatest of its labels, above 0
-- Example:
--   SELECT count(*) FROM labelled_images WHERE Confidence >= 1;

CREATE OR REPLACE TEMP VIEW labelled_images AS
SELECT ImageID, Confidence
FROM read_parquet(
    list_transform(
        getvariable('label_files'),
        lambda file: regexp_replace(file, '[.]csv$', '.labelled.parquet')
    )
);
