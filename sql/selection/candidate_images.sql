-- candidate_images: one row per image that a selection can take.
--
-- It reads the labels once and the images once. The candidates are the images with a label of an
-- excluded class (the requested ones are among those), and the first images of the seeded order:
-- enough of them to take the negatives from. select_images and selection_report derive the rest
-- from these rows.
-- Reads: labels, images, excluded_classes, seeded_order
-- Parameters: those of select_images that have the same name
-- Columns: those of images, and
--   labelled         BOOLEAN   whether it has a positive label of any class
--   excluded         BOOLEAN   whether it has a positive label of an excluded class
--   class_labels     STRUCT[]  mid, by_people, by_machine and absent: what people and a model say of
--                              each excluded class
--   problem          VARCHAR   why it cannot be taken; NULL where it can
--   labelled_images  BIGINT    how many images have a positive label; the same in every row
-- Example:
--   SELECT ImageID, labelled, class_labels FROM candidate_images('Hot dog') WHERE NOT excluded;

CREATE OR REPLACE TEMP MACRO candidate_images(
    class, negatives := 120, ratio := NULL, seed := 42, min_confidence := 1.0,
    related := 'prefix', exclude := NULL
) AS TABLE
WITH excluded_mids AS MATERIALIZED (
    SELECT LabelName FROM excluded_classes(class, related := related, exclude := exclude)
),
-- DuckDB 2 hands each of these rows to both of its readers, and keeps none.
relevant_labels AS MATERIALIZED (
    SELECT *, in_range AND NOT contains(LabelName, chr(0)) AS possible
    FROM (
        SELECT
            ImageID, LabelName, Confidence,
            -- Files of people's labels have no others, and to read the column takes time.
            getvariable('labels') != 'human' AND Source = 'machine' AS machine,
            Confidence BETWEEN min_confidence AND 1 AS positive,
            coalesce(Confidence BETWEEN 0 AND 1, false) AS in_range,
            LabelName IN (FROM excluded_mids) AS of_class
        FROM labels
    )
    WHERE positive OR of_class OR NOT in_range
),
-- Hashes of 64 bits: nine million of them take little memory.
labelled AS MATERIALIZED (
    SELECT DISTINCT hash(ImageID) AS id FROM relevant_labels WHERE positive
),
class_labels AS (
    SELECT
        ImageID, LabelName,
        bool_or(positive AND NOT machine) AS by_people,
        bool_or(positive AND machine) AS by_machine,
        bool_or(Confidence = 0 AND NOT machine) AS absent,
        bool_and(possible) AS possible
    FROM relevant_labels WHERE of_class OR NOT possible GROUP BY ImageID, LabelName
),
class_images AS MATERIALIZED (
    SELECT
        ImageID,
        bool_or(by_people OR by_machine) AS excluded,
        bool_and(possible) AS possible,
        list(
            {'mid': LabelName, 'by_people': by_people, 'by_machine': by_machine, 'absent': absent}
        ) AS class_labels
    FROM class_labels
    GROUP BY ImageID
),
counted AS MATERIALIZED (
    SELECT
        count(*) AS labelled_images,
        count(*) - (SELECT count(*) FROM class_images WHERE excluded) AS free,
        coalesce((SELECT ceil(ratio * sum(len(class_labels))) FROM class_images), negatives) AS wanted
    FROM labelled
),
-- Where to cut the seeded order: its texts are spread evenly, so a tenth of the images lies before a
-- tenth of the texts. With seven standard deviations more than are wanted, too few can be negatives
-- once in 10^11 selections.
cut AS MATERIALIZED (
    SELECT
        CASE
            WHEN enough >= free THEN 'g' -- after all hexadecimal digits
            ELSE format('{:08x}', floor(4294967296 * enough / free)::BIGINT)
        END AS off
    FROM (SELECT free, wanted + 7 * sqrt(wanted) + 50 AS enough FROM counted)
),
first_images AS MATERIALIZED (
    SELECT found.* EXCLUDE (early), labelled.id IS NOT NULL AS labelled
    FROM labelled RIGHT JOIN (
        SELECT *, seeded_order(seed, ImageID) < (SELECT off FROM cut) AS early
        FROM images
        WHERE early OR ImageID IN (SELECT ImageID FROM class_images)
    ) AS found ON labelled.id = hash(found.ImageID)
),
-- If they are too few after all, every image is read. Otherwise this has no rows, and what is
-- joined with it is not read.
short AS MATERIALIZED (
    SELECT true AS yes
    FROM counted
    WHERE least(wanted, free) > (
        SELECT count(*)
        FROM first_images ANTI JOIN (FROM class_images WHERE excluded) USING (ImageID)
        WHERE labelled
    )
),
found_images AS (
    FROM first_images
    UNION ALL
    SELECT images.*, true AS labelled
    FROM images
        SEMI JOIN (FROM labelled SEMI JOIN short ON (id IS NOT NULL) = yes) ON hash(ImageID) = id
        ANTI JOIN first_images USING (ImageID)
)
SELECT
    * EXCLUDE (excluded, possible, class_labels),
    coalesce(excluded, false) AS excluded,
    class_labels,
    CASE
        WHEN labelled IS NULL THEN 'not in the image file'
        WHEN ImageID IN (SELECT ImageID FROM found_images GROUP BY ImageID HAVING count(*) > 1)
            THEN 'several times in the image file'
        WHEN NOT possible THEN 'an impossible label'
    END AS problem,
    (SELECT labelled_images FROM counted) AS labelled_images
FROM found_images FULL JOIN class_images USING (ImageID);
