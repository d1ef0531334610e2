-- similar_boxed_classes: the classes with boxes in the session's splits, nearest to a name first.
--
-- First come classes whose name is part of the given one (Hot dog for Hot dog stand), then those
-- whose name contains it, then the others by edit distance.
-- Reads: classes, boxes
-- Parameters: those of similar_classes
-- Columns: those of classes
-- Example: FROM similar_boxed_classes('Hot dog stand');

CREATE OR REPLACE TEMP MACRO similar_boxed_classes(name, "limit" := 3) AS TABLE
SELECT LabelName, DisplayName
FROM (
    SELECT
        LabelName, DisplayName, lower(DisplayName) AS compared,
        if(contains(lower(name), compared), len(compared), 0) AS shared
    FROM classes
    WHERE LabelName IN (SELECT LabelName FROM boxes)
)
ORDER BY
    shared DESC,
    NOT contains(compared, lower(name)),
    damerau_levenshtein(compared, lower(name)),
    DisplayName, LabelName
LIMIT "limit";
