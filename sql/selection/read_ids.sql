-- read_ids: the images in a list of the user's own, which commands read into the table `ids`.
--
-- The file's extension tells the format; what is not .csv, .json or .parquet is text with an
-- ImageID on each line. Splits are in a column Subset, or before the ImageID as test/0123456789abcdef.
-- Parameters:
--   file   path of the list
-- Columns:
--   ImageID  VARCHAR  the image; with folder, the key
--   split    VARCHAR  test, validation or train; NULL where none or several are named
--   folder   VARCHAR  its folder; photos where none is named
-- Example: FROM read_ids(getvariable('data_dir') || '/test-images-with-rotation.csv') LIMIT 5;

CREATE OR REPLACE TEMP MACRO read_ids(file) AS TABLE
WITH from_csv AS (
    FROM read_csv(file, header = true, delim = ',', quote = '"', escape = '"', all_varchar = true)
),
from_json AS (
    FROM read_json(
        file, columns = {'ImageID': 'VARCHAR', 'Subset': 'VARCHAR', 'folder': 'VARCHAR'}
    )
),
from_parquet AS (
    FROM read_parquet(file)
),
from_text AS (
    -- No text has this delimiter; lines may end in different ways.
    FROM read_csv(
        file, auto_detect = false, header = false, delim = chr(31), quote = '', escape = '',
        new_line = '\n', strict_mode = false, columns = {'ImageID': 'VARCHAR'}
    )
),
listed AS (
    SELECT NULL::VARCHAR AS ImageID, NULL::VARCHAR AS Subset, NULL::VARCHAR AS folder WHERE false
    UNION ALL BY NAME
    FROM query_table(
        'from_' || coalesce(nullif(regexp_extract(lower(file), '\.(csv|json|parquet)$', 1), ''), 'text')
    )
),
parts AS (
    SELECT
        regexp_extract(ImageID, '^\s*(?:(test|validation|train)/)?(.*?)\s*$', 2, 's') AS ImageID,
        coalesce(nullif(regexp_extract(ImageID, '^\s*(test|validation|train)/', 1), ''), Subset)
            AS split,
        coalesce(nullif(trim(folder), ''), 'photos') AS folder
    FROM listed
)
SELECT ImageID, if(min(split) = max(split), min(split), NULL) AS split, folder
FROM parts
WHERE ImageID NOT IN ('', 'ImageID')
GROUP BY ImageID, folder
ORDER BY ALL;
