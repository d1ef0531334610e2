-- folder_name: a class's name or MID as a folder name of lower-case letters, digits and `_`.
--
-- It keeps letters of every script, and is cut at 60 characters, which every file system accepts.
-- It is empty if the text has neither letters nor digits.
-- Parameters:
--   name   the text
-- Returns: VARCHAR
-- Example: SELECT folder_name('Hot dog'), folder_name('/m/01b9xk');

CREATE OR REPLACE TEMP MACRO folder_name(name) AS
trim(left(regexp_replace(lower(nfc_normalize(name)), '[^\p{L}\p{M}\p{N}]+', '_', 'g'), 60), '_');
