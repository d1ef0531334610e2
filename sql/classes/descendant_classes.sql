-- descendant_classes: the kinds and parts of the requested classes in Open Images' hierarchy.
-- Reads: classes, class_hierarchy, requested_classes
-- Parameters:
--   class   a name or MID, or a list of them
-- Columns: those of classes
-- Example: FROM descendant_classes('Food');

CREATE OR REPLACE TEMP MACRO descendant_classes(class) AS TABLE
WITH RECURSIVE below AS (
    SELECT LabelName
    FROM class_hierarchy
    WHERE Parent IN (SELECT LabelName FROM requested_classes(class))
    UNION
    SELECT class_hierarchy.LabelName
    FROM class_hierarchy JOIN below ON class_hierarchy.Parent = below.LabelName
)
SELECT classes.LabelName, classes.DisplayName
FROM classes SEMI JOIN below USING (LabelName)
ORDER BY classes.DisplayName, classes.LabelName;
