-- losses: how many photos were lost or failed, by source and reason.
--
-- A photo counts once for each source that was tried, because each has its own reason.
-- Reads: manifest
-- Columns:
--   folder, status  VARCHAR  as in manifest
--   source  VARCHAR  the source that was tried: mirror, original or thumbnail
--   reason  VARCHAR  why it failed, such as http 404 or placeholder
--   photos  BIGINT   how many photos
-- Example:
--   SELECT source, reason, sum(photos) FROM losses WHERE status = 'lost' GROUP BY ALL ORDER BY ALL;

CREATE OR REPLACE TEMP VIEW losses AS
SELECT
    folder, status,
    split_part(answer, ': ', 1) AS source,
    split_part(answer, ': ', 2) AS reason,
    count(*) AS photos
FROM (
    SELECT folder, status, unnest(string_split(error, '; ')) AS answer
    FROM manifest
    WHERE status <> 'downloaded'
)
GROUP BY ALL
ORDER BY ALL;
