-- images: every image of the session's splits, read from the index.
--
-- Reads: flickr_page
-- Parameters: none
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
-- Example:
--   SELECT ImageID, Author, Title FROM images LIMIT 5;

CREATE OR REPLACE TEMP VIEW images AS
SELECT
    ImageID,
    Subset,
    OriginalURL,
    CASE OriginalLandingURL
        WHEN '' THEN flickr_page(AuthorProfileURL, OriginalURL)
        ELSE OriginalLandingURL
    END AS OriginalLandingURL,
    License,
    AuthorProfileURL,
    Author,
    Title,
    OriginalSize,
    CASE octet_length(OriginalMD5)
        WHEN 16 THEN to_base64(OriginalMD5)
        ELSE substr(decode(OriginalMD5), strlen('as it is written:') + 1)
    END AS OriginalMD5,
    Thumbnail300KURL,
    Rotation
FROM read_parquet(
    list_transform(
        getvariable('image_files'), lambda file: regexp_replace(file, '[.]csv$', '.parquet')
    )
);
