-- complete_rows: rows that a query of one's own has chosen, with rank and the image's columns.
--
-- Reads: images, seeded_order
-- Parameters:
--   rows         name of a table with the columns ImageID, folder and rank; a NULL rank becomes
--                the image's place in the seeded order within its folder
--   seed := 42   any whole number
-- Columns:
--   folder              VARCHAR  where the photo goes
--   rank                BIGINT   its place within the folder, from 1
--   ImageID             VARCHAR  the image
--   Subset              VARCHAR  its split
--   OriginalURL         VARCHAR  address of the original photo
--   OriginalLandingURL  VARCHAR  its page on Flickr
--   License             VARCHAR  address of its licence
--   AuthorProfileURL    VARCHAR  the author's page
--   Author              VARCHAR  the author's name
--   Title               VARCHAR  the photo's title
--   OriginalSize        BIGINT   bytes of the original
--   OriginalMD5         VARCHAR  MD5 of the original's bytes, base64
--   Thumbnail300KURL    VARCHAR  address of a copy of about 300 KB
--   Rotation            DOUBLE   degrees counter-clockwise
-- Example:
--   CREATE OR REPLACE TEMP TABLE mine AS
--   SELECT ImageID, 'hot_dog' AS folder, NULL AS rank FROM images LIMIT 3;
--   FROM complete_rows('mine');

CREATE OR REPLACE TEMP MACRO complete_rows(rows, seed := 42) AS TABLE
SELECT
    chosen.folder::VARCHAR AS folder,
    coalesce(
        chosen.rank::BIGINT,
        row_number() OVER (
            PARTITION BY chosen.folder ORDER BY seeded_order(seed, images.ImageID), images.ImageID
        )
    ) AS rank,
    images.*
FROM images JOIN query_table(rows) AS chosen ON images.ImageID = chosen.ImageID
ORDER BY ALL;
