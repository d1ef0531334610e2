-- find_classes: the classes whose name or MID contains a text, in any case.
--
-- Exact matches come first, then names that begin with the text, then the others.
-- Reads: classes
-- Parameters:
--   pattern   the text to look for; '' finds every class
-- Columns: those of classes
-- Example: FROM find_classes('hot dog');

CREATE OR REPLACE TEMP MACRO find_classes(pattern) AS TABLE
SELECT LabelName, DisplayName
FROM classes
WHERE contains(lower(DisplayName), lower(pattern)) OR contains(lower(LabelName), lower(pattern))
ORDER BY
    lower(pattern) NOT IN (lower(DisplayName), lower(LabelName)),
    NOT starts_with(lower(DisplayName), lower(pattern)),
    DisplayName, LabelName;
