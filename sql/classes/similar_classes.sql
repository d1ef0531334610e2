-- similar_classes: the classes whose names are nearest to a text, nearest first.
--
-- Reads: classes
-- Parameters:
--   name         the text, perhaps misspelt
--   "limit" := 3   how many at most
-- Columns:
--   LabelName    VARCHAR  the class's MID
--   DisplayName  VARCHAR  its name
-- Example:
--   FROM similar_classes('Hot dgo');

CREATE OR REPLACE TEMP MACRO similar_classes(name, "limit" := 3) AS TABLE
SELECT LabelName, DisplayName
FROM classes
ORDER BY
    damerau_levenshtein(lower(DisplayName), lower(name)),
    DisplayName != name,
    DisplayName,
    LabelName
LIMIT "limit";
