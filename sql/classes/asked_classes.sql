-- asked_classes: the classes asked for, by exact name or MID.
--
-- A name that no class has, or that several share, is an error.
--
-- Reads: classes, as_list
-- Parameters:
--   class   a name or MID, or a list of them
-- Columns:
--   position     BIGINT   place among the classes asked for, from 1
--   LabelName    VARCHAR  the class's MID
--   DisplayName  VARCHAR  its name
-- Example:
--   FROM asked_classes(['Hot dog', '/m/01g317']);

CREATE OR REPLACE TEMP MACRO asked_classes(class) AS TABLE
WITH asked AS (
    SELECT unnest(as_list(class)) AS name, generate_subscripts(as_list(class), 1) AS position
),
matched AS (
    SELECT asked.position, asked.name, classes.LabelName, classes.DisplayName
    FROM asked
    LEFT JOIN classes ON classes.LabelName = asked.name OR classes.DisplayName = asked.name
    QUALIFY CASE
        WHEN classes.LabelName IS NULL
            THEN error('No class is named ' || asked.name || '; see FROM similar_classes')
        WHEN count(*) OVER (PARTITION BY asked.position) > 1
            THEN error('Several classes are named ' || asked.name || '; give the MID')
        ELSE true
    END
)
SELECT min(position) AS position, LabelName, DisplayName
FROM matched
GROUP BY LabelName, DisplayName
ORDER BY position;
