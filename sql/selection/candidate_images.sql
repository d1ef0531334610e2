-- candidate_images: one row per image that a selection can take.
--
-- The labels and the images are read once each. The candidates are the images with a label of an
-- excluded class (among them the requested ones), and as many of the first images of the seeded
-- order as the negatives need. select_images and selection_report derive the rest from these rows.
-- Rows are in no order.
-- Reads: labels, images, excluded_classes, seeded_order
-- Parameters: those of select_images that have the same name
-- Columns: those of images, and
--   labelled         BOOLEAN   whether it has a positive label of any class
--   excluded         BOOLEAN   whether it has a positive label of an excluded class
--   class_labels     STRUCT[]  mid, by_people, by_machine and absent for each excluded class: who
--                              labelled it, and whether a person said that it is absent
--   problem          VARCHAR   why it cannot be taken; NULL if it can
--   labelled_images  BIGINT    number of images with a positive label; the same in every row
-- Example:
--   SELECT ImageID, labelled, class_labels FROM candidate_images('Hot dog') WHERE NOT excluded;

CREATE OR REPLACE TEMP MACRO candidate_images(
    class, negatives := 120, ratio := NULL, seed := 42, min_confidence := 1.0,
    related := 'prefix', exclude := NULL
) AS TABLE
WITH excluded_mids AS MATERIALIZED (
    SELECT LabelName FROM excluded_classes(class, related := related, exclude := exclude)
),
-- DuckDB 2 streams these rows to both of their readers, and stores none.
relevant_labels AS MATERIALIZED (
    SELECT *, (in_range AND NOT contains(LabelName, chr(0))) IS true AS possible
    FROM (
        SELECT
            ImageID, LabelName, Confidence,
            -- Files of people's labels have no others, and reading the column takes time.
            getvariable('labels') != 'human' AND Source IS NOT DISTINCT FROM 'machine' AS machine,
            Confidence BETWEEN min_confidence AND 1 AS positive,
            coalesce(Confidence BETWEEN 0 AND 1, false) AS in_range,
            LabelName IN (FROM excluded_mids) AS of_class
        FROM labels
    )
    WHERE positive OR of_class OR NOT in_range
),
-- Hashes of 64 bits, because nine million of them take little memory.
labelled AS MATERIALIZED (
    SELECT DISTINCT hash(ImageID) AS id FROM relevant_labels WHERE positive
),
class_labels AS (
    SELECT
        ImageID, LabelName,
        bool_or(positive AND NOT machine) AS by_people,
        bool_or(Confidence = 0 AND NOT machine) AS absent,
        bool_or(positive AND machine) AND NOT absent AS by_machine, -- a person overrules a model
        bool_and(possible) AS possible
    FROM relevant_labels WHERE of_class OR NOT possible GROUP BY ImageID, LabelName
),
class_images AS MATERIALIZED (
    SELECT
        ImageID,
        bool_or(by_people OR by_machine) AS excluded,
        bool_and(possible) AS possible,
        list_sort(list(
            {'mid': LabelName, 'by_people': by_people, 'by_machine': by_machine, 'absent': absent}
        )) AS class_labels
    FROM class_labels
    GROUP BY ImageID
),
-- sample_end is where the sample ends in the seeded order. The order is uniform: a tenth of the
-- range holds a tenth of the images. The sample is larger than needed by seven standard deviations,
-- so it is too small once in 10^11 selections.
counts AS MATERIALIZED (
    SELECT
        *,
        needed + 7 * sqrt(needed) + 50 AS sample_size,
        CASE
            WHEN sample_size >= available THEN 'g' -- sorts after all hexadecimal digits
            ELSE format('{:08x}', floor(4294967296 * sample_size / available)::BIGINT)
        END AS sample_end
    FROM (
        SELECT
            count(*) AS labelled_images,
            count(*) - (SELECT count(*) FROM class_images WHERE excluded) AS available,
            coalesce(
                (SELECT ceil(ratio::DOUBLE * sum(len(class_labels))) FROM class_images), negatives
            ) AS needed
        FROM labelled
    )
),
sampled_images AS MATERIALIZED (
    SELECT image.*, labelled.id IS NOT NULL AS labelled
    FROM labelled RIGHT JOIN (
        FROM images
        WHERE seeded_order(seed, ImageID) < (SELECT sample_end FROM counts)
            OR ImageID IN (SELECT ImageID FROM class_images)
    ) AS image ON labelled.id = hash(image.ImageID)
),
-- One row if the sample is too small after all: then every image is read. Otherwise no row, and
-- DuckDB does not read what is joined with it.
shortfall AS MATERIALIZED (
    SELECT true AS is_short
    FROM counts
    WHERE least(needed, available) > (
        SELECT count(*)
        FROM sampled_images ANTI JOIN (FROM class_images WHERE excluded) USING (ImageID)
        WHERE labelled
    )
),
found_images AS (
    FROM sampled_images
    UNION ALL
    SELECT images.*, true AS labelled
    FROM images
        SEMI JOIN (FROM labelled SEMI JOIN shortfall ON (id IS NOT NULL) = is_short)
            ON hash(ImageID) = id
        ANTI JOIN sampled_images USING (ImageID)
)
SELECT
    * EXCLUDE (possible) REPLACE (coalesce(excluded, false) AS excluded),
    CASE
        WHEN labelled IS NULL THEN 'not in the image file'
        WHEN ImageID IN (SELECT ImageID FROM found_images GROUP BY ImageID HAVING count(*) > 1)
            THEN 'several times in the image file'
        WHEN NOT possible THEN 'an impossible label'
    END AS problem,
    (SELECT labelled_images FROM counts) AS labelled_images
FROM found_images FULL JOIN class_images USING (ImageID);
