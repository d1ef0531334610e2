-- files: the files of the catalog that this session reads.
--
-- The session variables `data_dir`, `release`, `split` (one, several separated by commas, or `all`)
-- and `labels` (human, machine or both) select them. The views read lists of paths from the session
-- variables set below; set these to Parquet files to read an index of images, labels or boxes.
-- It is a table so that the catalog is read once.
-- Reads: catalog, literal_path
-- Columns: those of catalog, and
--   file     VARCHAR  path of the file in the data folder
--   pattern  VARCHAR  the same for DuckDB's readers, which take [, * and ? for patterns
-- Example: FROM files;

CREATE OR REPLACE TEMP TABLE files AS
SELECT *, getvariable('data_dir') || '/' || name AS file, literal_path(file) AS pattern
FROM catalog
WHERE release = getvariable('release')
    AND (split IS NULL OR list_has_any(string_split(getvariable('split'), ','), [split, 'all']))
    AND (kind NOT LIKE '%_labels' OR getvariable('labels') IN (split_part(kind, '_', 1), 'both'));

SET VARIABLE class_files = (SELECT list(pattern ORDER BY file) FROM files WHERE kind = 'classes');
SET VARIABLE hierarchy_files = (SELECT list(pattern) FROM files WHERE kind = 'hierarchy');
SET VARIABLE image_files = (SELECT list(pattern ORDER BY file) FROM files WHERE kind = 'images');
SET VARIABLE label_files = (SELECT list(pattern ORDER BY file) FROM files WHERE kind LIKE '%_labels');
SET VARIABLE box_files = (SELECT list(pattern ORDER BY file) FROM files WHERE kind = 'boxes');

-- DuckDB estimates 42 rows for every CSV, and would hold nine million images in memory to join them
-- with a few thousand. So joins run as written: the right side is held in memory.
SET disabled_optimizers = 'join_order,build_side_probe_side';
