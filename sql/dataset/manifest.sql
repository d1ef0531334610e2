-- manifest: the result of each photo of a dataset, one row per photo.
--
-- The session variable dataset_dir names the dataset's folder. While a download runs, or after one
-- was killed, a photo may have several lines, of which the last counts; an incomplete last line is
-- ignored. Columns are read by name, because earlier releases wrote fewer. path, source, url, bytes
-- and md5 are NULL unless the photo was downloaded.
-- Reads: literal_path
-- Columns: those of images but ImageID, after
--   ImageID        VARCHAR  the image; with folder, the key
--   folder         VARCHAR  its class folder
--   partition      VARCHAR  the part of the dataset; NULL if it has none
--   rank           BIGINT   position in the seeded order within the folder, from 1
--   path           VARCHAR  path below the dataset
--   status         VARCHAR  downloaded, lost (for good) or failed (worth another try)
--   source         VARCHAR  mirror, original or thumbnail
--   url            VARCHAR  requested address, before any redirect
--   bytes          BIGINT   size of the file
--   width, height  BIGINT   pixels as stored, before EXIF rotates them; NULL where unknown
--   md5            VARCHAR  MD5 of the file's bytes as hexadecimal digits
--   error          VARCHAR  why other sources failed, such as mirror: http 404; original: ...
--   note           VARCHAR  further information, such as which photo a reserve replaces
--   reserve        BOOLEAN  whether it replaces a lost photo
-- Example: SELECT status, source, count(*) FROM manifest GROUP BY ALL ORDER BY ALL;

CREATE OR REPLACE TEMP VIEW manifest AS
WITH numbered AS (
    SELECT *, row_number() OVER () AS line
    FROM read_csv(
        literal_path(getvariable('dataset_dir') || '/manifest.csv'),
        header = true, all_varchar = true, delim = ',', quote = '"', escape = '"',
        comment = '', skip = 0, ignore_errors = true, hive_partitioning = false
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
QUALIFY row_number() OVER (PARTITION BY folder, ImageID ORDER BY line DESC) = 1
ORDER BY line;
