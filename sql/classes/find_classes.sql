-- find_classes: the classes whose name or MID contains a text, in any case.
--
-- Reads: classes
-- Parameters:
--   pattern   the text to look for
-- Columns:
--   LabelName    VARCHAR  the class's MID
--   DisplayName  VARCHAR  its name
-- Example:
--   FROM find_classes('hot dog');

CREATE OR REPLACE TEMP MACRO find_classes(pattern) AS TABLE
SELECT LabelName, DisplayName
FROM classes
WHERE contains(lower(DisplayName), lower(pattern)) OR contains(lower(LabelName), lower(pattern))
ORDER BY DisplayName, LabelName;
