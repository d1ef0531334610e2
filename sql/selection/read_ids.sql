-- read_ids: the images in a user's list, which commands read into the table `ids`.
--
-- The extension tells the format: .csv, .json, .parquet, or else text with an ImageID on each line.
-- Splits are in a column Subset, or before the ImageID as in test/0123456789abcdef.
-- Reads: literal_path
-- Parameters:
--   file   path of the list
-- Columns:
--   ImageID  VARCHAR  the image; with folder, the key
--   split    VARCHAR  test, validation or train; NULL if the list names none or several
--   folder   VARCHAR  its folder; photos if the list names none
-- Example: FROM read_ids(getvariable('data_dir') || '/test-images-with-rotation.csv') LIMIT 5;

CREATE OR REPLACE TEMP MACRO read_ids(file) AS TABLE
WITH from_csv AS (
    FROM read_csv(
        literal_path(file), header = true, delim = ',', quote = '"', escape = '"',
        all_varchar = true, hive_partitioning = false
    )
),
from_json AS (
    -- Names may be in any case, as in the other formats.
    SELECT
        entry[[name for name in map_keys(entry) if lower(name) = 'imageid'][1]] AS ImageID,
        entry[[name for name in map_keys(entry) if lower(name) = 'subset'][1]] AS Subset,
        entry[[name for name in map_keys(entry) if lower(name) = 'folder'][1]] AS folder
    FROM read_json(
        literal_path(file), hive_partitioning = false, records = false,
        columns = {'entry': 'MAP(VARCHAR, VARCHAR)'}
    )
),
from_parquet AS (
    FROM read_parquet(literal_path(file), hive_partitioning = false)
),
from_text AS (
    -- Text does not contain this delimiter; lines may end in different ways.
    FROM read_csv(
        literal_path(file), auto_detect = false, header = false, delim = chr(31), quote = '',
        escape = '', new_line = '\n', strict_mode = false, hive_partitioning = false,
        columns = {'ImageID': 'VARCHAR'}
    )
),
rows AS (
    SELECT NULL::VARCHAR AS ImageID, NULL::VARCHAR AS Subset, NULL::VARCHAR AS folder WHERE false
    UNION ALL BY NAME
    FROM query_table(
        'from_'
        || coalesce(nullif(regexp_extract(lower(file), '\.(csv|json|parquet)$', 1), ''), 'text')
    )
),
parsed AS (
    SELECT
        regexp_extract(ImageID, '^\s*(?:(test|validation|train)/)?(.*?)\s*$', ['split', 'id'], 's')
            AS image,
        coalesce(nullif(image['split'], ''), Subset) AS split,
        coalesce(nullif(trim(folder), ''), 'photos') AS folder
    FROM rows
)
SELECT image['id'] AS ImageID, if(min(split) = max(split), min(split), NULL) AS split, folder
FROM parsed
WHERE image['id'] NOT IN ('', 'ImageID')
GROUP BY ALL
ORDER BY ALL;
