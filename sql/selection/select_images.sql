-- select_images: the images of the chosen classes, and others that have nothing to do with them.
--
-- Positives carry a label of a chosen class. Negatives carry some positive label, and none of a
-- chosen, related or excluded class: whole images are left out, not label rows. Both stand in the
-- seeded order. See sql/classes/related_classes.sql for what `related` takes.
--
-- Reads: relevant_rows, widened_rows, selected_images
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
WITH relevant AS MATERIALIZED (
    FROM relevant_rows(
        class,
        negatives := negatives,
        seed := seed,
        min_confidence := min_confidence,
        related := related,
        exclude := exclude
    )
),
widened AS MATERIALIZED (
    FROM widened_rows(
        'relevant',
        negatives := negatives,
        seed := seed,
        min_confidence := min_confidence,
        negatives_from := negatives_from
    )
)
FROM selected_images(
    'widened',
    class,
    negatives := negatives,
    seed := seed,
    "limit" := "limit",
    overlap := overlap,
    negatives_from := negatives_from,
    negative_folder := negative_folder
);
