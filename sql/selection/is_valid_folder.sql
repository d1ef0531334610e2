-- is_valid_folder: whether a text can name a class folder on any system.
--
-- Letters and digits of every script, space, underscore, plus and hyphen; it begins with a letter
-- or digit, does not end in a space, has 60 characters at most, and is not a name that Windows
-- reserves. It has no dot, so it cannot be mistaken for a file such as manifest.csv.
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
