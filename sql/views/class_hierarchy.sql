-- class_hierarchy: which class is a kind or a part of which, for the 600 boxable classes.
--
-- Open Images' own tree (bbox_labels_600_hierarchy.json), a row a branch. A class can hang in
-- several places.
--
-- Reads: files
-- Columns:
--   Parent     VARCHAR  MID of the wider class; /m/0bl9f, at the root, is Entity
--   LabelName  VARCHAR  MID of the class that is a kind or a part of it
-- Example: FROM class_hierarchy WHERE Parent = '/m/02wbm';

CREATE OR REPLACE TEMP VIEW class_hierarchy AS
WITH RECURSIVE nodes AS (
    SELECT content::JSON AS node
    FROM read_text(getvariable('hierarchy_files'))
    UNION ALL
    SELECT unnest(
        coalesce(from_json(node -> '$.Subcategory', '["JSON"]'), [])
        || coalesce(from_json(node -> '$.Part', '["JSON"]'), [])
    )
    FROM nodes
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
