-- Queries that are allowed, each after an empty line. {data} and {dataset} are folders, {classes}
-- is a file in {data}.

SELECT 1;

FROM labels LIMIT 3 -- and a comment

TABLE classes

SUMMARIZE SELECT Confidence FROM labels

SHOW TABLES

FROM select_images('Hot dog', negatives := 3)

FROM candidate_images('Hot dog')

FROM class_hierarchy

FROM manifest

FROM losses

FROM query_table('labels') LIMIT 1

FROM range(3)

FROM read_csv('{classes}')

FROM '{classes}'

FROM read_text('{dataset}/notes.txt')

FROM glob('{data}/*.csv')

SELECT getvariable('data_dir')

WITH RECURSIVE numbers AS (
    SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < 3
),
more AS MATERIALIZED (FROM range(3)),
less AS NOT MATERIALIZED (SELECT NULL AS nothing)
SELECT DISTINCT
    n::DECIMAL(9, 2) AS decimal,
    1.5 AS constant,
    [n]::INTEGER[] AS list,
    [n, n]::INTEGER[2] AS array,
    {'a': n}::STRUCT(a BIGINT) AS struct,
    MAP {'a': n}::MAP(VARCHAR, BIGINT) AS map,
    'a'::ENUM ('a', 'b') AS enum,
    row_number() OVER (PARTITION BY n ORDER BY n DESC NULLS LAST) AS number,
    count(*) FILTER (WHERE n > 1) AS counted,
    CASE WHEN n > 1 THEN 'x' ELSE 'y' END AS what,
    list_transform([1, 2], lambda x: x + 1) AS transformed,
    n IN (SELECT range FROM more) AS within,
    DATE '2026-01-01' + INTERVAL 1 DAY AS day
FROM numbers LEFT JOIN less ON nothing = n
GROUP BY n, less.nothing
HAVING n > 0
QUALIFY number = 1
ORDER BY n, list
LIMIT 50%

SELECT 1 AS a UNION BY NAME SELECT 2 AS b EXCEPT SELECT 3, 4 ORDER BY 1 LIMIT 3 OFFSET 1

FROM labels PIVOT (count(*) FOR Source IN ('verification', 'machine'))

FROM (SELECT 1 AS a, 2 AS b) UNPIVOT (value FOR name IN (a, b))

FROM labels TABLESAMPLE reservoir(3 ROWS)
