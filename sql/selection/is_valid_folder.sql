-- is_valid_folder: whether a text can name a class folder on any system.
--
-- It has at most 60 letters and digits of any script, spaces, underscores, pluses and hyphens.
-- It begins with a letter or digit, does not end in a space, and is not one that Windows reserves.
-- Without a dot, it cannot be mistaken for a file such as manifest.csv.
-- Parameters:
--   name   the text
-- Returns: BOOLEAN
-- Example: SELECT is_valid_folder('hot_dog'), is_valid_folder('../etc');

CREATE OR REPLACE TEMP MACRO is_valid_folder(name) AS
coalesce(
    len(name) <= 60
    AND NOT ends_with(name, ' ')
    AND regexp_full_match(name, '[\p{L}\p{N}][\p{L}\p{M}\p{N} _+-]*')
    AND NOT regexp_full_match(lower(name), 'con|prn|aux|nul|(com|lpt)[0-9¹²³]'),
    false
);
