-- folder_report: what a selection has in each folder, and how large a download would be.
--
-- The longer side of the mirror's copies has 1,024 pixels. A copy has 295 kB on average (561 GB for
-- the 1.9 million boxable images), or the size of the original if that is smaller.
-- Parameters:
--   rows   name of a table with the rows of select_images
-- Columns:
--   folder          VARCHAR    where the photos go
--   images          BIGINT     how many images
--   licenses        VARCHAR[]  addresses of their licences
--   original_bytes  HUGEINT    bytes of their originals
--   mirror_bytes    HUGEINT    estimated bytes of the mirror's copies
-- Example: WITH picked AS (FROM select_images('Hot dog')) FROM folder_report('picked');

CREATE OR REPLACE TEMP MACRO folder_report(rows) AS TABLE
SELECT
    folder,
    count(*) AS images,
    list(DISTINCT License ORDER BY License) AS licenses,
    sum(OriginalSize) AS original_bytes,
    sum(least(coalesce(OriginalSize, 295000), 295000)) AS mirror_bytes
FROM (SELECT *, row_number() OVER () AS input_order FROM query_table(rows))
GROUP BY folder
ORDER BY min(input_order);
