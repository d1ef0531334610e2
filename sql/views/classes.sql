-- classes: every class, read in place from the class descriptions.
--
-- The dialect is pinned because DuckDB's sniffer fails at `"Fiat 500 ""topolino"""`, far beyond the
-- lines that it samples. Names are not unique (12 are shared by two MIDs): the key is LabelName.
-- Reads: files
-- Columns:
--   LabelName    VARCHAR  the class's MID, such as /m/01b9xk
--   DisplayName  VARCHAR  its name, such as Hot dog
-- Example: FROM classes WHERE DisplayName = 'Hot dog';

CREATE OR REPLACE TEMP VIEW classes AS
FROM read_csv(
    getvariable('class_files'),
    auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
    hive_partitioning = false,
    columns = {'LabelName': 'VARCHAR', 'DisplayName': 'VARCHAR'}
);
