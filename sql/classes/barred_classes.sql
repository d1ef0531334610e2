-- barred_classes: the classes that no negative may carry.
--
-- Reads: asked_classes, related_classes
-- Parameters:
--   class                  a name or MID, or a list of them
--   related := 'prefix'    which classes are too near for a negative: prefix or none
--   exclude := NULL        names or MIDs of further classes that no negative may carry
-- Columns:
--   LabelName    VARCHAR  the class's MID
--   DisplayName  VARCHAR  its name
-- Example:
--   FROM barred_classes('Hot dog', exclude := 'Food');

CREATE OR REPLACE TEMP MACRO barred_classes(class, related := 'prefix', exclude := NULL) AS TABLE
SELECT LabelName, DisplayName FROM related_classes(class, related := related)
UNION
SELECT LabelName, DisplayName FROM asked_classes(exclude)
ORDER BY DisplayName, LabelName;
