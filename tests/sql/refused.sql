-- Queries that are refused, one per line: each writes, reads what is not the session's, or runs
-- another statement. {data}, {dataset}, {scratch} and {outside} are folders, {classes} and
-- {secret} are files in {data} and {outside}.

-- Statements that write.
COPY labels TO '{outside}/o.csv'
COPY (SELECT 1) TO '{classes}'
COPY (SELECT 1) TO '{dataset}/manifest.csv'
COPY files FROM '{secret}'
EXPORT DATABASE '{data}/export'
IMPORT DATABASE '{data}'
CREATE TABLE t AS SELECT 1
CREATE OR REPLACE TEMP VIEW labels AS SELECT 1
CREATE OR REPLACE TEMP MACRO find_classes(x) AS TABLE SELECT 1
CREATE SECRET s (TYPE http, BEARER_TOKEN 'x')
INSERT INTO files SELECT * FROM files RETURNING *
UPDATE files SET file = '{secret}' RETURNING *
DELETE FROM files RETURNING *
MERGE INTO files USING (SELECT 1 AS x) ON true WHEN MATCHED THEN DELETE RETURNING *
TRUNCATE files
DROP VIEW labels
ALTER TABLE files ADD COLUMN x INTEGER
COMMENT ON TABLE files IS 'x'
CHECKPOINT

-- Statements that change the session.
ATTACH '{data}/o.db' AS o (READ_WRITE)
ATTACH ':memory:' AS m
USE memory
SET allowed_directories = ['/']
SET enable_external_access = true
RESET lock_configuration
SET VARIABLE data_dir = '/etc'
PRAGMA profiling_output = '{data}/o.json'
PRAGMA enable_external_access = true
INSTALL httpfs
LOAD '{data}/x.duckdb_extension'
BEGIN
PREPARE p AS SELECT 1
CALL pragma_version()
EXPLAIN ANALYZE COPY labels TO '{data}/o.csv'

-- Several statements, or none.
SELECT 1; SELECT 2
SELECT 1; COPY labels TO '{data}/o.csv'
PIVOT labels ON Source USING count(*)

-- Statements within a SELECT.
WITH x AS MATERIALIZED (COPY (SELECT 'pwned') TO '{classes}') SELECT 1
WITH x AS (COPY (SELECT 'pwned') TO '{dataset}/index.html') FROM x
WITH x AS (COPY (SELECT 'pwned') TO '{scratch}/o.csv') FROM x
WITH x AS NOT MATERIALIZED (COPY labels TO '{data}/o.csv' (FORMAT csv)) FROM x, x
with a as (select 1), X as (copy labels to '{data}/o.csv') select * from a
WITH x AS (COPY labels TO '{data}/o' (PARTITION_BY (Source))) FROM x
WITH RECURSIVE x AS (COPY labels TO '{data}/o.csv') FROM x
WITH x AS (WITH y AS (COPY labels TO '{data}/o.csv') FROM y) FROM x
SELECT (WITH x AS (COPY labels TO '{data}/o.csv') SELECT 1)
SELECT 1 WHERE EXISTS (WITH x AS (COPY labels TO '{data}/o.csv') FROM x)
SELECT 1 UNION ALL (WITH x AS (COPY labels TO '{data}/o.csv') SELECT 2)
DESCRIBE (WITH x AS (COPY labels TO '{data}/o.csv') FROM x)
WITH x AS (INSERT INTO files SELECT * FROM files RETURNING *) FROM x
WITH x AS MATERIALIZED (DELETE FROM files) SELECT 1
WITH x AS (MERGE INTO files USING (SELECT 1 AS x) ON true WHEN MATCHED THEN DELETE) SELECT 1
FROM (COPY labels TO '{data}/o.csv')

-- SQL in a string.
FROM query('WITH x AS (COPY labels TO ''{data}/o.csv'') FROM x')
FROM QUERY('DELETE FROM files RETURNING *')
FROM system.main.query('SELECT 1')
FROM query(if(random() < 0.5, 'FROM files', 'DELETE FROM files RETURNING *'))
SELECT * FROM labels, LATERAL (FROM query('SELECT 1'))
FROM json_execute_serialized_sql(json_serialize_sql('WITH x AS (COPY labels TO ''{data}/o.csv'') FROM x'))

-- Functions with side effects, or that read addresses in memory.
FROM checkpoint()
FROM enable_logging(level := 'trace', storage := 'file', storage_path := '{data}/log')
FROM truncate_duckdb_logs()
FROM arrow_scan(1, 2, 3)
FROM python_map_function(1)
FROM create_external_resource('x')
FROM read_duckdb('{data}/o.db')
FROM '{data}/o.db'

-- Files outside the session.
FROM '{secret}'
FROM '{data}/../outside/secret.csv'
FROM read_csv('{secret}')
FROM read_csv(['{classes}', '{secret}'])
FROM read_csv('{data}/../outside/secret.csv')
FROM read_csv('file://{secret}')
FROM read_csv('~/.ssh/id_rsa')
FROM read_csv('{data}-other/x.csv')
FROM read_csv('http://127.0.0.1:9/x.csv')
FROM read_parquet('s3://bucket/x.parquet')
FROM read_text('{secret}')
FROM read_text('/proc/self/environ')
FROM read_blob('/etc/passwd')
FROM sniff_csv('{secret}')
FROM glob('{outside}/*')
FROM query_table('{secret}')
SELECT (SELECT content FROM read_text('{secret}'))
SELECT getenv('HOME')
FROM duckdb_secrets()

-- What does not exist, or exists only in the program that runs the query.
FROM text
SELECT 'x'::INTEGER
SELECT $1
