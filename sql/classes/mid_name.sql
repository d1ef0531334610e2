-- mid_name: a MID in small letters, digits and underscores, as a part of a folder's name.
--
-- Reads: nothing
-- Parameters:
--   mid   the class's LabelName
-- Columns:
--   VARCHAR
-- Example:
--   SELECT mid_name('/m/01b9xk');

CREATE OR REPLACE TEMP MACRO mid_name(mid) AS
trim(regexp_replace(lower(mid), '[^a-z0-9]+', '_', 'g'), '_');
