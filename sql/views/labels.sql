-- labels: every image-level label of the session's splits, read in place.
--
-- ImageIDs are pinned as text: 0001234567890123 and 92157226691247e1 look like numbers. DuckDB's
-- threads take 8 MB of a file at a time: with buffers of two such pieces instead of four a
-- selection from train takes a twentieth less time.
--
-- Reads: files
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
FROM read_csv(
    getvariable('label_files'),
    auto_detect = false,
    header = true,
    delim = ',',
    quote = '"',
    escape = '"',
    buffer_size = 16_000_000,
    columns = {
        'ImageID': 'VARCHAR',
        'Source': 'VARCHAR',
        'LabelName': 'VARCHAR',
        'Confidence': 'DOUBLE'
    }
);
