-- class_hierarchy: which class is a kind or a part of which, for the 600 boxable classes.
--
-- Open Images' own tree (bbox_labels_600_hierarchy.json), a row a branch. A class can hang in
-- several places. It is five levels deep; what is nested more than 30 deep is left out.
--
-- Reads: files
-- Parameters: none
-- Columns:
--   Parent     VARCHAR  MID of the wider class; /m/0bl9f, at the root, is Entity
--   LabelName  VARCHAR  MID of the class that is a kind or a part of it
-- Example:
--   FROM class_hierarchy WHERE Parent = '/m/02wbm';

CREATE OR REPLACE TEMP VIEW class_hierarchy AS
WITH RECURSIVE nodes AS (
    SELECT content::JSON AS node, 1 AS depth
    FROM read_text(getvariable('hierarchy_files'))
    UNION ALL
    SELECT
        unnest(
            coalesce(from_json(node -> '$.Subcategory', '["JSON"]'), [])
            || coalesce(from_json(node -> '$.Part', '["JSON"]'), [])
        ),
        depth + 1
    FROM nodes
    WHERE depth < 30
),
branches AS (
    SELECT
        node ->> '$.LabelName' AS Parent,
        unnest(
            coalesce(from_json(node -> '$.Subcategory', '["JSON"]'), [])
            || coalesce(from_json(node -> '$.Part', '["JSON"]'), [])
        ) AS child
    FROM nodes
)
SELECT DISTINCT Parent, child ->> '$.LabelName' AS LabelName
FROM branches;
