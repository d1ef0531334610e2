-- fitting_boxes: the images whose largest box of a requested class satisfies the rules on boxes.
--
-- A class without any box is an error, because its folder would be empty.
-- Reads: largest_boxes, requested_classes
-- Parameters: those of select_images that have the same name
-- Columns:
--   ImageID    VARCHAR  the image
--   LabelName  VARCHAR  MID of the class
-- Example: FROM fitting_boxes('Hot dog', min_area := 0.1, no_depiction := true);

CREATE OR REPLACE TEMP MACRO fitting_boxes(
    class, min_area := NULL, max_area := NULL, no_group_of := false, no_depiction := false,
    no_truncated := false, largest_boxes := NULL
) AS TABLE
WITH computed_boxes AS (
    FROM largest_boxes(class)
),
-- Materialized, because a join with these rows would skip the error.
fitting AS MATERIALIZED (
    SELECT ImageID, LabelName
    FROM requested_classes(class)
        LEFT JOIN query_table(coalesce(largest_boxes, 'computed_boxes')) USING (LabelName)
    WHERE CASE
        WHEN boxes IS NULL
            THEN error(
                'No box is of the class ' || DisplayName || '; see FROM similar_boxed_classes('''
                || replace(DisplayName, '''', '''''') || ''')'
            )
        ELSE area BETWEEN coalesce(min_area, 0) AND coalesce(max_area, 1)
            AND (no_group_of AND IsGroupOf) IS NOT true
            AND (no_depiction AND IsDepiction) IS NOT true
            AND (no_truncated AND IsTruncated) IS NOT true
    END
)
FROM fitting
ORDER BY ImageID, LabelName;
