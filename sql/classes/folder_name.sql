-- folder_name: a class's name or MID in small letters, digits and underscores, to name a folder.
--
-- Letters of every script stay. Cut at 60 characters, so that no file system finds it too long.
-- Empty where there are neither letters nor digits.
-- Parameters:
--   name   the text
-- Returns: VARCHAR
-- Example: SELECT folder_name('Hot dog'), folder_name('/m/01b9xk');

CREATE OR REPLACE TEMP MACRO folder_name(name) AS
trim(left(regexp_replace(lower(nfc_normalize(name)), '[^\p{L}\p{M}\p{N}]+', '_', 'g'), 60), '_');
