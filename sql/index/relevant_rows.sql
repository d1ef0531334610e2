-- relevant_rows: all that decides a selection, found in the index.
--
-- As from the CSVs, but that the index knows of each image whether it is labelled, so that only
-- the labels of the barred classes are read.
--
-- Reads: labels, labelled_images, images, barred_classes, seeded_order, order_limit
-- Parameters:
--   class                    a name or MID, or a list of them
--   negatives := 120         how many negatives are wanted
--   seed := 42               any whole number
--   min_confidence := 1.0    the least confidence of a positive label
--   related := 'prefix'      which classes are too near for a negative: prefix or none
--   exclude := NULL          names or MIDs of further classes that no negative may carry
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
--   fit                 BOOLEAN  image: among the first of the seeded order, with a positive label
--   labelled            BIGINT   count: images with any positive label
-- Example:
--   FROM relevant_rows('Hot dog') WHERE part = 'label';

CREATE OR REPLACE TEMP MACRO relevant_rows(
    class,
    negatives := 120,
    seed := 42,
    min_confidence := 1.0,
    related := 'prefix',
    exclude := NULL
) AS TABLE
WITH barred_mids AS MATERIALIZED (
    SELECT LabelName FROM barred_classes(class, related := related, exclude := exclude)
),
marks AS MATERIALIZED (
    SELECT DISTINCT ImageID, Source, LabelName, Confidence, Confidence >= min_confidence AS positive
    FROM labels SEMI JOIN barred_mids USING (LabelName)
),
counted AS MATERIALIZED (
    SELECT count(*) AS labelled, order_limit(negatives, count(*)) AS "limit"
    FROM labelled_images
    WHERE Confidence >= min_confidence
),
early_labelled AS MATERIALIZED (
    SELECT ImageID
    FROM labelled_images
    WHERE Confidence >= min_confidence
        AND seeded_order(seed, ImageID) < (SELECT "limit" FROM counted)
),
candidates AS (
    SELECT *, ImageID IN (SELECT ImageID FROM early_labelled) AS fit
    FROM images
    WHERE ImageID IN (SELECT ImageID FROM early_labelled UNION SELECT ImageID FROM marks)
)
SELECT 'label' AS part, ImageID, Source, LabelName, Confidence, positive
FROM marks
UNION ALL BY NAME
SELECT 'image' AS part, * FROM candidates
UNION ALL BY NAME
SELECT 'count' AS part, labelled FROM counted;
