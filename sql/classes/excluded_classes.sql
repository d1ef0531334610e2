-- excluded_classes: the classes that no negative may carry, the requested ones among them.
--
-- Which classes are related depends on `related`:
--   prefix     those whose name begins with the whole words of a requested name, in any case: Car
--              door is related to Car, Carrot is not
--   hierarchy  these too, and their kinds and parts in Open Images' tree: Man and Human face are
--              related to Person
--   none       none
-- Reads: classes, matching_classes; and class_hierarchy for hierarchy
-- Parameters: those of select_images that have the same name
-- Columns: those of classes
-- Example: FROM excluded_classes('Hot dog', exclude := 'Food');

CREATE OR REPLACE TEMP MACRO excluded_classes(class, related := 'prefix', exclude := NULL) AS TABLE
WITH RECURSIVE requested AS MATERIALIZED (
    SELECT LabelName, DisplayName FROM matching_classes(class, strict := true)
),
prefix AS (
    SELECT classes.LabelName, classes.DisplayName
    FROM classes
        JOIN requested ON starts_with(lower(classes.DisplayName), lower(requested.DisplayName))
    WHERE NOT regexp_matches(
        substr(lower(classes.DisplayName), len(lower(requested.DisplayName)) + 1),
        '^[\p{L}\p{M}\p{N}]'
    )
),
hierarchy AS (
    FROM prefix
    UNION
    SELECT classes.LabelName, classes.DisplayName
    FROM hierarchy
        JOIN class_hierarchy ON Parent = hierarchy.LabelName
        JOIN classes ON classes.LabelName = class_hierarchy.LabelName
)
FROM requested
UNION
FROM query_table(
    CASE
        WHEN related IN ('prefix', 'hierarchy') THEN related
        WHEN related = 'none' THEN 'requested'
        ELSE error('related is prefix, hierarchy or none')
    END
)
UNION
SELECT LabelName, DisplayName FROM matching_classes(exclude, strict := true)
ORDER BY DisplayName, LabelName;
