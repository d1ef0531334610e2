-- relevant_labels: the labels that decide a selection, found in one pass over all of them.
--
-- These are the labels of the barred classes, and the positive labels of the images that come
-- first in the seeded order, one and a half times as many as are wanted: enough to draw the
-- negatives from unless many of them turn out to be unfit. The same pass counts the images with
-- any positive label, by a 64-bit hash of the ImageID; that count is the row without an image.
--
-- Reads: labels, images, barred_classes, seeded_order
-- Parameters:
--   class                    a name or MID, or a list of them
--   negatives := 120         how many negatives are wanted
--   seed := 42               any whole number
--   min_confidence := 1.0    the least confidence of a positive label
--   related := 'prefix'      which classes are too near for a negative: prefix or none
--   exclude := NULL          names or MIDs of further classes that no negative may carry
-- Columns:
--   ImageID     VARCHAR  the image; NULL in the row of the count
--   Source      VARCHAR  who says so
--   LabelName   VARCHAR  MID of the class
--   Confidence  DOUBLE   0 to 1
--   positive    BOOLEAN  at least min_confidence
--   barred      BOOLEAN  the class is chosen, related or excluded
--   early       BOOLEAN  the image is among the first of the seeded order
--   labelled    BIGINT   images with any positive label; NULL but in the row of the count
-- Example:
--   FROM relevant_labels('Hot dog') WHERE barred;

CREATE OR REPLACE TEMP MACRO relevant_labels(
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
early_images AS MATERIALIZED (
    SELECT ImageID
    FROM images
    ORDER BY seeded_order(seed, ImageID), ImageID
    LIMIT 3 * negatives // 2 + 1000
),
-- DuckDB 2 hands each row of this to both of its readers, and keeps none.
pass AS MATERIALIZED (
    SELECT *, ImageID IN (SELECT ImageID FROM early_images) AS early
    FROM (
        SELECT
            ImageID,
            Source,
            LabelName,
            Confidence,
            Confidence >= min_confidence AS positive,
            LabelName IN (SELECT LabelName FROM barred_mids) AS barred
        FROM labels
    )
    WHERE positive OR barred
)
SELECT DISTINCT
    ImageID,
    Source,
    LabelName,
    Confidence,
    positive,
    barred,
    early,
    NULL::BIGINT AS labelled
FROM pass
WHERE barred OR early
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, count(*)
FROM (SELECT DISTINCT hash(ImageID) FROM pass WHERE positive);
