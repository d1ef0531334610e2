-- related_classes: the chosen classes and those that are too near to them for a negative.
--
-- Reads: classes, asked_classes
-- Parameters:
--   class                  a name or MID, or a list of them
--   related := 'prefix'    prefix: every class whose name begins with a chosen one's, as the
--                          letters stand; none: the chosen classes alone
-- Columns:
--   LabelName    VARCHAR  the class's MID
--   DisplayName  VARCHAR  its name
-- Example:
--   FROM related_classes('Hot dog');

CREATE OR REPLACE TEMP MACRO related_classes(class, related := 'prefix') AS TABLE
SELECT DISTINCT classes.LabelName, classes.DisplayName
FROM classes JOIN asked_classes(class) AS chosen
    ON classes.LabelName = chosen.LabelName
    OR (related = 'prefix' AND starts_with(classes.DisplayName, chosen.DisplayName))
ORDER BY classes.DisplayName, classes.LabelName;
