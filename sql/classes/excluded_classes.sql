-- excluded_classes: the classes that no negative may carry, the requested ones among them.
--
-- Which classes are related depends on `related`:
--   prefix     those whose name begins with the whole words of a requested name: Car door is
--              related to Car, Carrot is not
--   hierarchy  those below a requested class in Open Images' tree
--   none       none
-- Reads: classes, matching_classes, requested_classes; and descendant_classes for hierarchy
-- Parameters:
--   class                  a name or MID, or a list of them
--   related := 'prefix'    prefix, hierarchy or none
--   exclude := NULL        names or MIDs of further classes
-- Columns: those of classes
-- Example: FROM excluded_classes('Hot dog', exclude := 'Food');

CREATE OR REPLACE TEMP MACRO excluded_classes(class, related := 'prefix', exclude := NULL) AS TABLE
WITH requested AS MATERIALIZED (
    SELECT LabelName, DisplayName FROM requested_classes(class)
),
prefix AS (
    SELECT classes.LabelName, classes.DisplayName
    FROM classes JOIN requested ON starts_with(classes.DisplayName, requested.DisplayName)
    WHERE NOT regexp_matches(
        substr(classes.DisplayName, len(requested.DisplayName) + 1), '^[\p{L}\p{M}\p{N}]'
    )
),
hierarchy AS (
    FROM descendant_classes(class)
),
"none" AS (
    FROM requested
)
FROM requested
UNION
FROM query_table(
    if(
        related IN ('prefix', 'hierarchy', 'none'), related,
        error('related is prefix, hierarchy or none')
    )
)
UNION
SELECT LabelName, DisplayName FROM matching_classes(exclude, strict := true)
ORDER BY DisplayName, LabelName;
