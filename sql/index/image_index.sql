-- image_index: the images as their index keeps them, in less room and without loss.
--
-- A photo's page is left out ('') where it follows from the two other addresses, and MD5s are kept
-- as bytes. An MD5 that is none is kept as text behind 17 characters that no MD5 is as long as.
--
-- Reads: images, flickr_page
-- Parameters: none
-- Columns:
--   ImageID             VARCHAR  the image
--   Subset              VARCHAR  its split
--   OriginalURL         VARCHAR  address of the original photo
--   OriginalLandingURL  VARCHAR  its page on Flickr; '' for `flickr_page`
--   License             VARCHAR  address of its licence
--   AuthorProfileURL    VARCHAR  the author's page
--   Author              VARCHAR  the author's name
--   Title               VARCHAR  the photo's title
--   OriginalSize        BIGINT   bytes of the original
--   OriginalMD5         BLOB     MD5 of the original's bytes
--   Thumbnail300KURL    VARCHAR  address of a copy of about 300 KB
--   Rotation            DOUBLE   degrees counter-clockwise
-- Example:
--   FROM image_index LIMIT 5;

CREATE OR REPLACE TEMP VIEW image_index AS
SELECT
    ImageID,
    Subset,
    OriginalURL,
    CASE
        WHEN OriginalLandingURL = flickr_page(AuthorProfileURL, OriginalURL) THEN ''
        ELSE OriginalLandingURL
    END AS OriginalLandingURL,
    License,
    AuthorProfileURL,
    Author,
    Title,
    OriginalSize,
    coalesce(
        -- Other last digits before the padding would not come back as they were.
        CASE
            WHEN OriginalMD5 LIKE '%==' AND substr(OriginalMD5, 22, 1) IN ('A', 'Q', 'g', 'w')
            AND strlen(OriginalMD5) = 24 THEN try(from_base64(OriginalMD5))
        END,
        encode('as it is written:' || OriginalMD5)
    ) AS OriginalMD5,
    Thumbnail300KURL,
    Rotation
FROM images;
