-- similar_classes: the classes that a text may mean, the likeliest first.
--
-- Names that begin with the text come first, then names that contain it, then the others by edit
-- distance. A text that begins with a slash is compared with the MIDs.
-- Reads: classes
-- Parameters:
--   name           the text, perhaps misspelt
--   "limit" := 3   maximum number of classes
-- Columns: those of classes
-- Example: FROM similar_classes('Hot dgo');

CREATE OR REPLACE TEMP MACRO similar_classes(name, "limit" := 3) AS TABLE
SELECT LabelName, DisplayName
FROM (
    SELECT
        LabelName, DisplayName,
        lower(strip_accents(trim(name))) AS text,
        lower(strip_accents(if(starts_with(text, '/'), LabelName, DisplayName))) AS compared
    FROM classes
)
ORDER BY
    NOT starts_with(compared, text),
    NOT contains(compared, text),
    damerau_levenshtein(compared, text),
    DisplayName, LabelName
LIMIT "limit";
