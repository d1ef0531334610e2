-- chosen_classes: the classes asked for, by exact name or MID, each with its folder.
--
-- A name that no class has, or that several share, is an error. Folders are made distinct from
-- each other and from `negative_folder` by adding the MID.
--
-- Reads: classes, as_list, folder_name
-- Parameters:
--   class                        a name or MID, or a list of them
--   negative_folder := 'other'   the folder that no class may take
-- Columns:
--   position     BIGINT   place among the classes asked for, from 1
--   LabelName    VARCHAR  the class's MID
--   DisplayName  VARCHAR  its name
--   folder       VARCHAR  where its photos go
-- Example:
--   FROM chosen_classes(['Hot dog', '/m/01g317']);

CREATE OR REPLACE TEMP MACRO chosen_classes(class, negative_folder := 'other') AS TABLE
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
),
once AS (
    SELECT min(position) AS position, LabelName, DisplayName
    FROM matched
    GROUP BY LabelName, DisplayName
),
named AS (
    SELECT *, folder_name(DisplayName, LabelName) AS short_name, folder_name('', LabelName) AS mid
    FROM once
)
SELECT
    position,
    LabelName,
    DisplayName,
    CASE
        WHEN short_name = negative_folder OR count(*) OVER (PARTITION BY short_name) > 1
            THEN short_name || '_' || mid
        ELSE short_name
    END AS folder
FROM named
ORDER BY position;
