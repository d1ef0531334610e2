-- as_list: a list of texts, from one text or a list of them; NULL is the empty list.
--
-- With it, a macro takes 'Hot dog' as well as ['Hot dog', 'Person']. It goes through JSON because
-- DuckDB binds to_json for a text and for a list.
-- Parameters:
--   texts   one text, a list of texts, or NULL
-- Returns: VARCHAR[]
-- Example: SELECT as_list('Hot dog'), as_list(['Hot dog', 'Person']);

CREATE OR REPLACE TEMP MACRO as_list(texts) AS
CASE json_type(to_json(texts))
    WHEN 'ARRAY' THEN from_json(to_json(texts), '["VARCHAR"]')
    WHEN 'VARCHAR' THEN [json_extract_string(to_json(texts), '$')]
    ELSE []::VARCHAR[]
END;
