-- select_images: the images of the chosen classes, and random ones that have nothing to do with them.
--
-- Positives carry a label of a chosen class. Negatives carry some positive label, and none of a
-- chosen, related or excluded class: whole images are left out, not label rows. Both stand in the
-- seeded order. See sql/classes/related_classes.sql for what `related` takes.
--
-- Reads: labels, images, chosen_classes, related_classes, seeded_order
-- Parameters:
--   class                         a name or MID, or a list of them; a folder each
--   negatives := 120              how many negatives
--   seed := 42                    any whole number; another seed, another order
--   "limit" := NULL               how many positives at most in each folder; NULL takes all
--   min_confidence := 1.0         the least confidence of a positive label, above 0 and up to 1
--   related := 'prefix'           which classes are too near for a negative: prefix or none
--   exclude := NULL               names or MIDs of further classes that no negative may carry
--   overlap := 'leave_out'        an image of several chosen classes: leave_out, first (of the
--                                 list) or both
--   negatives_from := 'random'    random: the seeded order; verified: only images in which a person
--                                 said that a chosen class is absent; mixed: those first
--   negative_folder := 'other'    the negatives' folder
-- Columns:
--   folder              VARCHAR  where the photo goes
--   rank                BIGINT   its place in the seeded order within the folder, from 1
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
--   FROM select_images('Hot dog', seed := 7);

CREATE OR REPLACE TEMP MACRO select_images(
    class,
    negatives := 120,
    seed := 42,
    "limit" := NULL,
    min_confidence := 1.0,
    related := 'prefix',
    exclude := NULL,
    overlap := 'leave_out',
    negatives_from := 'random',
    negative_folder := 'other'
) AS TABLE
WITH chosen AS MATERIALIZED (
    FROM chosen_classes(class, negative_folder := negative_folder)
),
barred AS MATERIALIZED (
    SELECT LabelName FROM related_classes(class, related := related)
    UNION
    SELECT LabelName FROM chosen_classes(exclude)
),

-- The first images of the seeded order, twice what is wanted, so that the labels are read once and
-- only those of few images are kept. `widened` serves where too few of these are fit.
early AS MATERIALIZED (
    SELECT ImageID, seeded_order(seed, ImageID) AS place
    FROM images
    ORDER BY place, ImageID
    LIMIT 2 * negatives + 1000
),
marks AS MATERIALIZED (
    SELECT ImageID, LabelName, Source, Confidence
    FROM labels
    WHERE LabelName IN (SELECT LabelName FROM barred)
        OR (Confidence >= min_confidence AND ImageID IN (SELECT ImageID FROM early))
),
barred_images AS MATERIALIZED (
    SELECT DISTINCT ImageID
    FROM marks SEMI JOIN barred USING (LabelName)
    WHERE Confidence >= min_confidence
),

positives AS (
    SELECT ImageID, position, folder
    FROM (
        SELECT DISTINCT marks.ImageID, chosen.position, chosen.folder
        FROM marks JOIN chosen USING (LabelName)
        WHERE marks.Confidence >= min_confidence
    )
    QUALIFY CASE overlap
        WHEN 'both' THEN true
        WHEN 'first' THEN position = min(position) OVER (PARTITION BY ImageID)
        ELSE count(*) OVER (PARTITION BY ImageID) = 1
    END
),

verified AS (
    SELECT DISTINCT ImageID
    FROM (
        FROM marks SEMI JOIN chosen USING (LabelName)
        WHERE Confidence = 0 AND Source != 'machine' AND negatives_from IN ('verified', 'mixed')
    ) ANTI JOIN barred_images USING (ImageID)
),
fit AS MATERIALIZED (
    SELECT ImageID
    FROM early
        SEMI JOIN (FROM marks WHERE Confidence >= min_confidence) USING (ImageID)
        ANTI JOIN barred_images USING (ImageID)
),
-- One row where `fit` may be short of what is wanted, else none; and joining none reads nothing.
short AS MATERIALIZED (
    SELECT true AS confident
    WHERE (SELECT count(*) FROM fit) < negatives
        AND (SELECT count(*) FROM early) = 2 * negatives + 1000
),
widened AS (
    SELECT DISTINCT ImageID
    FROM (
        SELECT ImageID FROM labels JOIN short ON (Confidence >= min_confidence) = short.confident
    ) ANTI JOIN barred_images USING (ImageID)
),
random AS (
    SELECT ImageID
    FROM (FROM fit UNION FROM widened)
    WHERE negatives_from IN ('random', 'mixed')
),

pool AS (
    SELECT ImageID, position, folder, 0 AS preference FROM positives
    UNION ALL
    SELECT ImageID, NULL AS position, negative_folder AS folder, 1 AS preference FROM verified
    UNION ALL
    SELECT ImageID, NULL AS position, negative_folder AS folder, 2 AS preference
    FROM random ANTI JOIN verified USING (ImageID)
),
ranked AS MATERIALIZED (
    SELECT
        pool.position,
        pool.folder,
        row_number() OVER (
            PARTITION BY pool.folder
            ORDER BY pool.preference, seeded_order(seed, images.ImageID), images.ImageID
        ) AS rank,
        images.*
    FROM images JOIN pool USING (ImageID)
    QUALIFY rank <= CASE WHEN pool.position IS NULL THEN negatives ELSE coalesce("limit", rank) END
)
SELECT * EXCLUDE (position)
FROM ranked
ORDER BY position NULLS LAST, rank;
