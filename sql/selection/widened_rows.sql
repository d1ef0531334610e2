-- widened_rows: relevant rows, and where they are short of negatives, all that are wanted.
--
-- That takes further passes over the labels and the images, which are seldom needed: relevant_rows
-- finds half as many again as are wanted, and a thousand more.
--
-- Reads: labels, images, seeded_order, shortage
-- Parameters:
--   relevant                     name of a table with the rows of relevant_rows, made with the same
--                                negatives, seed and min_confidence
--   negatives := 120             how many negatives are wanted
--   seed := 42                   any whole number
--   min_confidence := 1.0        the least confidence of a positive label
--   negatives_from := 'random'   which images are negatives: random, verified or mixed
-- Columns:
--   part                VARCHAR  label, image or count: which of the other columns are not NULL
--   ImageID             VARCHAR  label, image: the image
--   Source              VARCHAR  label: who says so
--   LabelName           VARCHAR  label: MID of the class
--   Confidence          DOUBLE   label: 0 to 1
--   positive            BOOLEAN  label: at least min_confidence
--   Subset              VARCHAR  image: its split
--   OriginalURL         VARCHAR  image: address of the original photo
--   OriginalLandingURL  VARCHAR  image: its page on Flickr
--   License             VARCHAR  image: address of its licence
--   AuthorProfileURL    VARCHAR  image: the author's page
--   Author              VARCHAR  image: the author's name
--   Title               VARCHAR  image: the photo's title
--   OriginalSize        BIGINT   image: bytes of the original
--   OriginalMD5         VARCHAR  image: MD5 of the original's bytes, base64
--   Thumbnail300KURL    VARCHAR  image: address of a copy of about 300 KB
--   Rotation            DOUBLE   image: degrees counter-clockwise
--   fit                 BOOLEAN  image: with a positive label, so that negatives are drawn from it
--   labelled            BIGINT   count: images with any positive label
-- Example:
--   CREATE OR REPLACE TEMP TABLE mine AS FROM relevant_rows('Hot dog');
--   FROM widened_rows('mine');

CREATE OR REPLACE TEMP MACRO widened_rows(
    relevant,
    negatives := 120,
    seed := 42,
    min_confidence := 1.0,
    negatives_from := 'random'
) AS TABLE
-- What is joined to no rows is not read.
WITH short AS MATERIALIZED (
    SELECT true AS exists
    FROM shortage(relevant, negatives := negatives, negatives_from := negatives_from)
),
labelled AS MATERIALIZED (
    SELECT DISTINCT ImageID
    FROM labels SEMI JOIN short ON (labels.Confidence >= min_confidence) = short.exists
),
barred_images AS MATERIALIZED (
    SELECT DISTINCT ImageID FROM query_table(relevant) WHERE part = 'label' AND positive
),
drawn AS MATERIALIZED (
    SELECT ImageID
    FROM images
        SEMI JOIN short ON (images.ImageID IS NOT NULL) = short.exists
        SEMI JOIN labelled USING (ImageID)
        ANTI JOIN barred_images USING (ImageID)
    ORDER BY seeded_order(seed, ImageID), ImageID
    LIMIT negatives
),
known AS (
    SELECT ImageID FROM query_table(relevant) WHERE part = 'image'
)
SELECT * REPLACE (
    CASE part WHEN 'image' THEN fit OR ImageID IN (SELECT ImageID FROM drawn) END AS fit
)
FROM query_table(relevant)
UNION ALL BY NAME
SELECT 'image' AS part, images.*, true AS fit
FROM images
    SEMI JOIN drawn USING (ImageID)
    ANTI JOIN known USING (ImageID);
