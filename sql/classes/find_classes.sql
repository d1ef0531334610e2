-- find_classes: the classes whose name or MID contains a text; case and accents do not matter.
--
-- Exact matches come first, then names that begin with the text, then the others.
-- Reads: classes
-- Parameters:
--   pattern   the text to look for; '' finds every class
-- Columns: those of classes
-- Example: FROM find_classes('hot dog');

CREATE OR REPLACE TEMP MACRO find_classes(pattern) AS TABLE
SELECT LabelName, DisplayName
FROM (
    SELECT
        LabelName, DisplayName,
        lower(strip_accents(pattern)) AS text,
        lower(strip_accents(DisplayName)) AS name,
        lower(LabelName) AS mid
    FROM classes
)
WHERE contains(name, text) OR contains(mid, text)
ORDER BY text NOT IN (name, mid), NOT starts_with(name, text), DisplayName, LabelName;
