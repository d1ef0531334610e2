-- class_hierarchy: which class is a kind or a part of which, for the 600 boxable classes.
--
-- Open Images' own tree, one row per branch. A class can have several parents.
-- Reads: files
-- Columns:
--   Parent     VARCHAR  MID of the wider class; /m/0bl9f, at the root, is Entity
--   LabelName  VARCHAR  MID of the class that is a kind or a part of it
-- Example: FROM class_hierarchy WHERE Parent = '/m/02wbm';

CREATE OR REPLACE TEMP VIEW class_hierarchy AS
WITH RECURSIVE branches AS (
    SELECT NULL::VARCHAR AS Parent, content::JSON AS node
    FROM read_text(getvariable('hierarchy_files'))
    UNION ALL
    SELECT
        node ->> '$.LabelName',
        unnest(
            coalesce(from_json(node -> '$.Subcategory', '["JSON"]'), [])
            || coalesce(from_json(node -> '$.Part', '["JSON"]'), [])
        )
    FROM branches
)
SELECT DISTINCT Parent, node ->> '$.LabelName' AS LabelName
FROM branches
WHERE Parent IS NOT NULL
ORDER BY ALL;
