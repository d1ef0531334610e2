-- labels: every image-level label of the session's splits.
--
-- Read in place from the CSVs, or from the index where there is one. ImageIDs are pinned as text:
-- 0001234567890123 and 92157226691247e1 look like numbers. With a buffer of two of the pieces of
-- 8 MB that DuckDB's threads take, a selection from train takes a twentieth less time.
-- Reads: files
-- Columns:
--   ImageID     VARCHAR  the image, 16 hexadecimal digits
--   Source      VARCHAR  verification and crowdsource-verification are people's, machine a model's
--   LabelName   VARCHAR  MID of the class
--   Confidence  DOUBLE   0 to 1; people's labels are 1 (it is there) or 0 (it is not)
-- Example: SELECT Source, Confidence, count(*) FROM labels GROUP BY ALL ORDER BY ALL;

CREATE OR REPLACE TEMP VIEW labels AS
WITH from_csv AS (
    FROM read_csv(
        getvariable('label_files'),
        auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
        buffer_size = 16_000_000,
        columns = {
            'ImageID': 'VARCHAR', 'Source': 'VARCHAR', 'LabelName': 'VARCHAR', 'Confidence': 'DOUBLE'
        }
    )
),
from_parquet AS (
    FROM read_parquet(getvariable('label_files'))
)
FROM query_table(getvariable('label_reader'));
