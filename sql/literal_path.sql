-- literal_path: a path as a pattern of DuckDB's readers that matches only the file of this name.
-- Parameters:
--   path   the path
-- Returns: VARCHAR
-- Example: SELECT literal_path('rows[1].csv');

CREATE OR REPLACE TEMP MACRO literal_path(path) AS
regexp_replace(path, '[\[*?]', '[\0]', 'g');
