-- relevant_labels: the labels that decide a selection, found in the index.
--
-- As from the CSVs, but that an early image has one row, which names no class: the index knows of
-- each image whether it is labelled, so that only the labels of the barred classes are read.
--
-- Reads: labels, labelled_images, images, barred_classes, seeded_order
-- Parameters:
--   class                    a name or MID, or a list of them
--   negatives := 120         how many negatives are wanted
--   seed := 42               any whole number
--   min_confidence := 1.0    the least confidence of a positive label
--   related := 'prefix'      which classes are too near for a negative: prefix or none
--   exclude := NULL          names or MIDs of further classes that no negative may carry
-- Columns:
--   ImageID     VARCHAR  the image; NULL in the row of the count
--   Source      VARCHAR  who says so; NULL in the row of an early image
--   LabelName   VARCHAR  MID of the class; NULL there too
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
first_labelled AS MATERIALIZED (
    SELECT ImageID, Confidence
    FROM labelled_images
    WHERE Confidence >= min_confidence
    ORDER BY seeded_order(seed, ImageID), ImageID
    LIMIT 3 * negatives // 2 + 1000
),
-- A label may be of an image that the image file does not have.
early_images AS MATERIALIZED (
    SELECT ImageID, any_value(Confidence) AS Confidence
    FROM images JOIN first_labelled USING (ImageID)
    GROUP BY ImageID
)
SELECT DISTINCT
    ImageID,
    Source,
    LabelName,
    Confidence,
    Confidence >= min_confidence AS positive,
    true AS barred,
    ImageID IN (SELECT ImageID FROM early_images) AS early,
    NULL::BIGINT AS labelled
FROM labels SEMI JOIN barred_mids USING (LabelName)
UNION ALL
SELECT ImageID, NULL, NULL, Confidence, true, false, true, NULL
FROM early_images
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, count(*)
FROM labelled_images
WHERE Confidence >= min_confidence;
