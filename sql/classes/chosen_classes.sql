-- chosen_classes: the classes asked for, by exact name or MID, each with its folder.
--
-- Folders are made distinct from each other and from `negative_folder` by adding the MID.
--
-- Reads: asked_classes, folder_name, mid_name
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
WITH named AS (
    SELECT *, folder_name(DisplayName, LabelName) AS short_name
    FROM asked_classes(class)
)
SELECT
    position,
    LabelName,
    DisplayName,
    CASE
        WHEN short_name = negative_folder OR count(*) OVER (PARTITION BY short_name) > 1
            THEN short_name || '_' || mid_name(LabelName)
        ELSE short_name
    END AS folder
FROM named
ORDER BY position;
