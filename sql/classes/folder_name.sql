-- folder_name: the folder for a class: its name in small letters, digits and underscores.
--
-- Letters of every script stay. A name with neither letters nor digits gives `mid_name`.
-- Cut at 60 characters, so that no file system finds it too long.
--
-- Reads: mid_name
-- Parameters:
--   name   the class's DisplayName
--   mid    its LabelName
-- Columns:
--   VARCHAR
-- Example:
--   SELECT folder_name('Hot dog', '/m/01b9xk');

CREATE OR REPLACE TEMP MACRO folder_name(name, mid) AS
coalesce(
    nullif(
        trim(
            left(
                regexp_replace(lower(nfc_normalize(name)), '[^\p{L}\p{M}\p{N}]+', '_', 'g'), 60
            ),
            '_'
        ),
        ''
    ),
    mid_name(mid)
);
