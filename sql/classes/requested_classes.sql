-- requested_classes: the classes of a selection, each with its folder.
--
-- A name of no class, or of several, is an error, and so is an empty list. The MID is added to a
-- folder name that is invalid or would equal another's or the negatives'.
-- Reads: matching_classes, folder_name, is_valid_folder
-- Parameters: those of select_images that have the same name
-- Columns: those of matching_classes but name, and
--   folder  VARCHAR  where its photos go
-- Example: FROM requested_classes(['Hot dog', '/m/01g317']);

CREATE OR REPLACE TEMP MACRO requested_classes(class, negative_folder := 'other') AS TABLE
WITH named AS (
    SELECT
        min(position) AS position, LabelName, DisplayName,
        folder_name(DisplayName) AS short_name, folder_name(LabelName) AS mid_name
    -- If no class is given, one row of NULLs is left to raise the error.
    FROM (SELECT true) LEFT JOIN matching_classes(class, strict := true) ON true
    WHERE if(LabelName IS NULL, error('Give a class: a name or MID, or a list of them'), true)
    GROUP BY ALL
)
SELECT
    position, LabelName, DisplayName,
    CASE
        WHEN short_name = '' THEN mid_name
        WHEN short_name = lower(negative_folder)
            OR count(*) OVER (PARTITION BY short_name) > 1
            OR NOT is_valid_folder(short_name)
            THEN short_name || '_' || mid_name
        ELSE short_name
    END AS folder
FROM named
ORDER BY position;
