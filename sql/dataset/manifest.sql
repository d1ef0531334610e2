-- manifest: the result of each photo of a dataset, one row per photo.
--
-- The session variable dataset_dir names the dataset's folder. While a download runs, or after one
-- was killed, a photo may have several lines, of which the last counts; a cut last line is ignored.
-- Columns: those of images but ImageID, after
--   ImageID             VARCHAR  the image; with folder, the key
--   folder              VARCHAR  its class folder
--   partition           VARCHAR  the part of the dataset it is in; NULL where there are none
--   rank                BIGINT   its place in the seeded order within the folder, from 1
--   path                VARCHAR  where it is below the dataset; NULL unless downloaded
--   status              VARCHAR  downloaded, lost (for good) or failed (worth another try)
--   source              VARCHAR  mirror, original or thumbnail; NULL unless downloaded
--   url                 VARCHAR  address that was asked for it; NULL unless downloaded
--   bytes               BIGINT   its size; NULL unless downloaded
--   md5                 VARCHAR  MD5 of its bytes, hexadecimal; NULL unless downloaded
--   error               VARCHAR  why other sources did not have it: mirror: http 404; original: ...
--   note                VARCHAR  what else should be known, such as whose place a reserve took
--   reserve             BOOLEAN  whether it was taken in the place of a lost one
-- Example: SELECT status, source, count(*) FROM manifest GROUP BY ALL ORDER BY ALL;

CREATE OR REPLACE TEMP VIEW manifest AS
SELECT * EXCLUDE (line)
FROM (
    SELECT *, row_number() OVER () AS line
    FROM read_csv(
        getvariable('dataset_dir') || '/manifest.csv',
        auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
        new_line = '\n', ignore_errors = true,
        columns = {
            'ImageID': 'VARCHAR', 'folder': 'VARCHAR', 'partition': 'VARCHAR', 'rank': 'BIGINT',
            'path': 'VARCHAR', 'status': 'VARCHAR', 'source': 'VARCHAR', 'url': 'VARCHAR',
            'bytes': 'BIGINT', 'md5': 'VARCHAR', 'error': 'VARCHAR', 'note': 'VARCHAR',
            'reserve': 'BOOLEAN', 'Subset': 'VARCHAR',
            'OriginalURL': 'VARCHAR', 'OriginalLandingURL': 'VARCHAR', 'License': 'VARCHAR',
            'AuthorProfileURL': 'VARCHAR', 'Author': 'VARCHAR', 'Title': 'VARCHAR',
            'OriginalSize': 'BIGINT', 'OriginalMD5': 'VARCHAR', 'Thumbnail300KURL': 'VARCHAR',
            'Rotation': 'DOUBLE'
        }
    )
)
QUALIFY row_number() OVER (PARTITION BY folder, ImageID ORDER BY line DESC) = 1;
