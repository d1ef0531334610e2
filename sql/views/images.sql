-- images: every image of the session's splits.
--
-- They are read from the CSVs, or from the index if there is one. `labels` explains the buffer.
-- Reads: files
-- Columns:
--   ImageID             VARCHAR  the image, 16 hexadecimal digits
--   Subset              VARCHAR  its split: test, validation or train
--   OriginalURL         VARCHAR  address of the original photo
--   OriginalLandingURL  VARCHAR  its page on Flickr
--   License             VARCHAR  address of its licence
--   AuthorProfileURL    VARCHAR  the author's page
--   Author              VARCHAR  the author's name, free text
--   Title               VARCHAR  the photo's title, free text
--   OriginalSize        BIGINT   bytes of the original
--   OriginalMD5         VARCHAR  MD5 of the original's bytes, base64
--   Thumbnail300KURL    VARCHAR  address of a copy of about 300 KB; NULL for 3.6% of the images
--   Rotation            DOUBLE   0, 90, 180 or 270 degrees counter-clockwise; NULL where unknown
-- Example: SELECT ImageID, Author, Title FROM images LIMIT 5;

CREATE OR REPLACE TEMP VIEW images AS
WITH from_csv AS (
    FROM read_csv(
        getvariable('image_files'),
        auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
        buffer_size = 16_000_000, hive_partitioning = false,
        columns = {
            'ImageID': 'VARCHAR', 'Subset': 'VARCHAR',
            'OriginalURL': 'VARCHAR', 'OriginalLandingURL': 'VARCHAR', 'License': 'VARCHAR',
            'AuthorProfileURL': 'VARCHAR', 'Author': 'VARCHAR', 'Title': 'VARCHAR',
            'OriginalSize': 'BIGINT', 'OriginalMD5': 'VARCHAR', 'Thumbnail300KURL': 'VARCHAR',
            'Rotation': 'DOUBLE'
        }
    )
),
from_parquet AS (
    FROM read_parquet(getvariable('image_files'), hive_partitioning = false)
)
FROM query_table('from_' || split_part(getvariable('image_files')[1], '.', -1));
