-- is_safe_folder: whether a text can name a class folder on any system.
--
-- Letters and digits of every script, space, underscore, plus and hyphen; it begins with a letter
-- or digit, does not end in a space, and has 60 characters at most. Dots are left to record files.
--
-- Reads: nothing
-- Parameters:
--   name   the text
-- Columns:
--   BOOLEAN
-- Example:
--   SELECT is_safe_folder('hot_dog'), is_safe_folder('../etc');

CREATE OR REPLACE TEMP MACRO is_safe_folder(name) AS
coalesce(
    len(name) <= 60
    AND NOT ends_with(name, ' ')
    AND regexp_full_match(name, '[\p{L}\p{N}][\p{L}\p{M}\p{N} _+-]*'),
    false
);
