-- selected_images: the selection that relevant rows give.
--
-- Positives carry a label of a chosen class. Negatives carry some positive label, and none of a
-- barred class: whole images are left out, not label rows. Both stand in the seeded order.
--
-- Reads: chosen_classes, seeded_order
-- Parameters:
--   relevant                      name of a table with the rows of relevant_rows, or widened_rows
--                                 where those are short of negatives, made with the same class,
--                                 negatives and seed
--   class                         a name or MID, or a list of them; a folder each
--   negatives := 120              how many negatives
--   seed := 42                    any whole number; another seed, another order
--   "limit" := NULL               how many positives at most in each folder; NULL takes all
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
--   CREATE OR REPLACE TEMP TABLE mine AS FROM relevant_rows('Hot dog');
--   FROM selected_images('mine', 'Hot dog');

CREATE OR REPLACE TEMP MACRO selected_images(
    relevant,
    class,
    negatives := 120,
    seed := 42,
    "limit" := NULL,
    overlap := 'leave_out',
    negatives_from := 'random',
    negative_folder := 'other'
) AS TABLE
WITH chosen AS MATERIALIZED (
    FROM chosen_classes(class, negative_folder := negative_folder)
),
marks AS (
    FROM query_table(relevant) WHERE part = 'label'
),
barred_images AS MATERIALIZED (
    SELECT DISTINCT ImageID FROM marks WHERE positive
),

positives AS (
    SELECT ImageID, position, folder
    FROM (
        SELECT DISTINCT marks.ImageID, chosen.position, chosen.folder
        FROM marks JOIN chosen USING (LabelName)
        WHERE marks.positive
    )
    QUALIFY CASE overlap
        WHEN 'both' THEN true
        WHEN 'first' THEN position = min(position) OVER (PARTITION BY ImageID)
        ELSE count(*) OVER (PARTITION BY ImageID) = 1
    END
),

verified AS (
    SELECT DISTINCT marks.ImageID
    FROM marks
        SEMI JOIN chosen USING (LabelName)
        ANTI JOIN barred_images USING (ImageID)
    WHERE marks.Confidence = 0
        AND marks.Source != 'machine'
        AND negatives_from IN ('verified', 'mixed')
),
random AS (
    SELECT DISTINCT ImageID
    FROM query_table(relevant) AS found ANTI JOIN barred_images USING (ImageID)
    WHERE found.fit AND negatives_from IN ('random', 'mixed')
),

pool AS (
    SELECT ImageID, position, folder, 0 AS preference FROM positives
    UNION ALL
    SELECT ImageID, NULL AS position, negative_folder AS folder, 1 AS preference FROM verified
    UNION ALL
    SELECT ImageID, NULL AS position, negative_folder AS folder, 2 AS preference
    FROM random ANTI JOIN verified USING (ImageID)
),
found AS (
    SELECT * EXCLUDE (part, Source, LabelName, Confidence, positive, fit, labelled)
    FROM query_table(relevant)
    WHERE part = 'image'
),
ranked AS MATERIALIZED (
    SELECT
        pool.position,
        pool.folder,
        row_number() OVER (
            PARTITION BY pool.folder
            ORDER BY pool.preference, seeded_order(seed, found.ImageID), found.ImageID
        ) AS rank,
        found.*
    FROM found JOIN pool USING (ImageID)
    QUALIFY rank <= CASE WHEN pool.position IS NULL THEN negatives ELSE coalesce("limit", rank) END
)
SELECT * EXCLUDE (position)
FROM ranked
ORDER BY position NULLS LAST, rank;
