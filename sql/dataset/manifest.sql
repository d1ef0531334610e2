-- manifest: the result of each photo of a dataset, one row per photo.
--
-- The session variable dataset_dir names the dataset's folder. While a download runs, or after one
-- was killed, a photo may have several lines, of which the last counts; a cut last line is ignored.
-- The file's columns are read by name, because that of an earlier release has fewer.
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
--   width               BIGINT   pixels as stored, before EXIF turns them; NULL where not known
--   height              BIGINT   its height, likewise
--   md5                 VARCHAR  MD5 of its bytes, hexadecimal; NULL unless downloaded
--   error               VARCHAR  why other sources did not have it: mirror: http 404; original: ...
--   note                VARCHAR  what else should be known, such as whose place a reserve took
--   reserve             BOOLEAN  whether it was taken in the place of a lost one
-- Example: SELECT status, source, count(*) FROM manifest GROUP BY ALL ORDER BY ALL;

CREATE OR REPLACE TEMP VIEW manifest AS
WITH numbered AS (
    SELECT *, row_number() OVER () AS line
    FROM read_csv(
        getvariable('dataset_dir') || '/manifest.csv',
        header = true, all_varchar = true, delim = ',', quote = '"', escape = '"',
        new_line = '\n', comment = '', skip = 0, ignore_errors = true
    )
    UNION ALL BY NAME
    SELECT NULL::VARCHAR AS width, NULL::VARCHAR AS height
    WHERE false
)
SELECT
    ImageID, folder, partition, rank::BIGINT AS rank, path, status, source, url,
    bytes::BIGINT AS bytes, width::BIGINT AS width, height::BIGINT AS height, md5,
    error, note, reserve::BOOLEAN AS reserve,
    Subset, OriginalURL, OriginalLandingURL, License, AuthorProfileURL, Author, Title,
    OriginalSize::BIGINT AS OriginalSize, OriginalMD5, Thumbnail300KURL,
    Rotation::DOUBLE AS Rotation
FROM numbered
QUALIFY row_number() OVER (PARTITION BY folder, ImageID ORDER BY line DESC) = 1;
