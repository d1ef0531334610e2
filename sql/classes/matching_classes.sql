-- matching_classes: the classes with these names or MIDs: in the same case, or else in any case.
-- Reads: classes
-- Parameters:
--   class             a name or MID, or a list of them
--   strict := false   fail if a name matches no class, or several
-- Columns: those of classes, after
--   position  BIGINT   position among the names, from 1
--   name      VARCHAR  the name or MID given; if no class has it, the other columns are NULL
-- Example: FROM matching_classes(['hot dog', 'Jaguar']);

CREATE OR REPLACE TEMP MACRO matching_classes(class, strict := false) AS TABLE
WITH given AS (
    -- JSON accepts one text or a list, and tells which it is.
    SELECT CASE json_type(to_json(class))
        WHEN 'ARRAY' THEN from_json(to_json(class), '["VARCHAR"]')
        WHEN 'VARCHAR' THEN [json_extract_string(to_json(class), '$')]
        ELSE if(class IS NULL, [], error('Give a class: a name or MID, or a list of them'))
    END AS names
),
names AS (
    SELECT generate_subscripts(names, 1) AS position, coalesce(unnest(names), 'NULL') AS name
    FROM given
),
matches AS (
    SELECT *, name IN (LabelName, DisplayName) AS exact
    FROM names LEFT JOIN classes
        ON lower(nfc_normalize(name)) IN (lower(LabelName), lower(nfc_normalize(DisplayName)))
    QUALIFY exact IS NOT DISTINCT FROM bool_or(exact) OVER (PARTITION BY position)
)
SELECT * EXCLUDE (exact)
FROM matches
QUALIFY CASE
    WHEN NOT strict THEN true
    WHEN LabelName IS NULL
        THEN error(
            'No class is named ' || name || '; see FROM similar_classes('''
            || replace(name, '''', '''''') || ''')'
        )
    WHEN count(*) OVER (PARTITION BY position) > 1
        THEN error('Several classes are named ' || name || '; give the MID')
    ELSE true
END
ORDER BY position, LabelName;
