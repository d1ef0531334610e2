-- excluded_classes: the classes that no negative may carry, the requested ones among them.
--
-- Related are, with
--   prefix     the classes whose name begins with a requested one's: whole words of it, so that
--              Car has Car door with it, but not Carrot
--   hierarchy  the classes below a requested one in Open Images' tree
--   none       no others
-- Reads: classes, requested_classes; and descendant_classes for hierarchy
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
FROM query_table(related)
UNION
SELECT LabelName, DisplayName FROM requested_classes(exclude)
ORDER BY DisplayName, LabelName;
