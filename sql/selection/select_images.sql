-- select_images: the images of the requested classes, and others that have nothing to do with them.
--
-- Positives carry a label of a requested class. Negatives carry some positive label, but none of an
-- excluded class: whole images are left out, not label rows. Both are in the seeded order.
-- Reads: candidate_images, requested_classes, seeded_order; and fitting_boxes for rules on boxes
-- Parameters:
--   class                         a name or MID, or a list of them; each becomes a folder
--   negatives := 120              number of negatives
--   ratio := NULL                 negatives per positive, instead of `negatives`
--   seed := 42                    any whole number; it determines the random order
--   "limit" := NULL               maximum number of positives per folder; NULL takes all
--   min_confidence := 1.0         minimum confidence of a positive label, above 0 and up to 1
--   related := 'prefix'           see excluded_classes: prefix, none or hierarchy
--   exclude := NULL               names or MIDs of further classes that no negative may carry
--   overlap := 'leave_out'        an image of several requested classes: leave_out, first (of the
--                                 list) or both
--   negatives_from := 'random'    random: any; verified: only images in which a person said that a
--                                 requested class is absent; mixed: verified ones first
--   negative_folder := 'other'    folder of the negatives
--   min_area := NULL              minimum share of a positive that the largest box of its class
--                                 covers, 0 to 1
--   max_area := NULL              maximum share that this box covers
--   no_group_of := false          leave out positives without a box, or where this box is around
--                                 several objects
--   no_depiction := false         likewise, around a drawing or a model
--   no_truncated := false         likewise, around an object that the photo cuts off
--   candidates := NULL            name of a table with the rows of candidate_images for the same
--                                 parameters
--   largest_boxes := NULL         name of a table with the rows of largest_boxes
-- Columns: those of images, after
--   folder  VARCHAR  where the photo goes
--   rank    BIGINT   position in the seeded order within the folder, from 1
-- Example: FROM select_images('Hot dog', seed := 7);

CREATE OR REPLACE TEMP MACRO select_images(
    class, negatives := 120, ratio := NULL, seed := 42, "limit" := NULL, min_confidence := 1.0,
    related := 'prefix', exclude := NULL, overlap := 'leave_out', negatives_from := 'random',
    negative_folder := 'other', min_area := NULL, max_area := NULL, no_group_of := false,
    no_depiction := false, no_truncated := false, candidates := NULL, largest_boxes := NULL
) AS TABLE
WITH requested AS MATERIALIZED (
    FROM requested_classes(class, negative_folder := negative_folder)
),
computed_candidates AS MATERIALIZED (
    FROM candidate_images(
        class, negatives := negatives, ratio := ratio, seed := seed,
        min_confidence := min_confidence, related := related, exclude := exclude
    )
),
usable AS MATERIALIZED (
    FROM query_table(coalesce(candidates, 'computed_candidates')) WHERE problem IS NULL
),
class_labels AS (
    SELECT ImageID, LabelName, position, folder, by_people OR by_machine AS positive, absent
    FROM (SELECT ImageID, unnest(class_labels, max_depth := 2) FROM usable)
        JOIN requested ON mid = LabelName
),
all_positives AS (
    SELECT ImageID, LabelName, position, folder, false AS second_choice
    FROM class_labels
    WHERE positive
    QUALIFY CASE overlap
        WHEN 'both' THEN true
        WHEN 'first' THEN position = min(position) OVER (PARTITION BY ImageID)
        WHEN 'leave_out' THEN count(*) OVER (PARTITION BY ImageID) = 1
        ELSE error('overlap is leave_out, first or both')
    END
),
-- The boxes are read only if a rule asks for them.
fitting_positives AS (
    FROM all_positives SEMI JOIN (
        FROM fitting_boxes(
            class, min_area := min_area, max_area := max_area, no_group_of := no_group_of,
            no_depiction := no_depiction, no_truncated := no_truncated,
            largest_boxes := largest_boxes
        )
    ) USING (ImageID, LabelName)
),
positives AS (
    SELECT * EXCLUDE (LabelName)
    FROM query_table(
        if(
            min_area IS NOT NULL OR max_area IS NOT NULL
                OR no_group_of OR no_depiction OR no_truncated,
            'fitting_positives', 'all_positives'
        )
    )
),
all_negatives AS (
    SELECT
        ImageID, NULL AS position, negative_folder AS folder,
        negatives_from = 'mixed' AND verified IS NULL AS second_choice
    FROM usable LEFT JOIN (
        SELECT DISTINCT ImageID, true AS verified FROM class_labels WHERE absent
    ) USING (ImageID)
    WHERE NOT excluded AND CASE negatives_from
        WHEN 'random' THEN labelled
        WHEN 'verified' THEN verified
        WHEN 'mixed' THEN labelled OR verified
        ELSE error('negatives_from is random, verified or mixed')
    END
),
ranked AS MATERIALIZED (
    SELECT ImageID, position, folder, row_number() OVER (
        PARTITION BY folder ORDER BY second_choice, seeded_order(seed, ImageID), ImageID
    ) AS rank
    FROM (FROM positives UNION ALL FROM all_negatives)
    QUALIFY position IS NULL OR rank <= coalesce("limit", rank)
)
SELECT folder, rank, usable.* EXCLUDE (labelled, excluded, class_labels, problem, labelled_images)
FROM usable JOIN ranked USING (ImageID)
WHERE position IS NOT NULL
    OR rank <= (SELECT coalesce(round_even(ratio::DOUBLE * count(position), 0), negatives) FROM ranked)
ORDER BY position NULLS LAST, rank;
