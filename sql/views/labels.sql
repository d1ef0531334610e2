-- labels: every image-level label of the session's splits.
--
-- They are read from the CSVs, or from the index if there is one. ImageIDs are pinned as text:
-- 0001234567890123 and 92157226691247e1 look like numbers. The buffer holds two of the 8 MB blocks
-- that a DuckDB thread reads, which makes a selection from train 5% faster.
-- Reads: files
-- Columns:
--   ImageID     VARCHAR  the image, 16 hexadecimal digits
--   Source      VARCHAR  verification and crowdsource-verification are people's, machine a model's
--   LabelName   VARCHAR  MID of the class
--   Confidence  DOUBLE   0 to 1; people's labels are 1 (present) or 0 (absent)
-- Example: SELECT Source, Confidence, count(*) FROM labels GROUP BY ALL ORDER BY ALL;

CREATE OR REPLACE TEMP VIEW labels AS
WITH from_csv AS (
    FROM read_csv(
        getvariable('label_files'),
        auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
        buffer_size = 16_000_000, hive_partitioning = false,
        columns = {
            'ImageID': 'VARCHAR', 'Source': 'VARCHAR', 'LabelName': 'VARCHAR', 'Confidence': 'DOUBLE'
        }
    )
),
from_parquet AS (
    FROM read_parquet(getvariable('label_files'), hive_partitioning = false)
)
FROM query_table('from_' || split_part(getvariable('label_files')[1], '.', -1));
