-- seeded_order: a text by which images are sorted into the random order of a seed.
--
-- MD5 gives the same order on any machine, thread count and DuckDB version. The order does not
-- depend on the number of images taken, so a larger sample contains the smaller one.
-- Parameters:
--   seed   any whole number
--   id     the ImageID
-- Returns: VARCHAR
-- Example: FROM images ORDER BY seeded_order(42, ImageID), ImageID LIMIT 5;

CREATE OR REPLACE TEMP MACRO seeded_order(seed, id) AS
md5(seed || ':' || id);
