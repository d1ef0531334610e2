-- One row per image, and in one column those of three classes that it has; empty if it has none.
--
--   hotdog-sql sql --file sql/examples/multi_label.sql
--
-- The rows are a selection too: `select --query` with `--download` puts the photos in one folder.

WITH picked AS (
    SELECT ImageID, nullif(folder, 'other') AS class
    FROM select_images(['Hot dog', 'French fries', 'Person'], overlap := 'both')
)
SELECT ImageID, 'photos' AS folder, coalesce(string_agg(class, ' ' ORDER BY class), '') AS classes
FROM picked
GROUP BY ImageID
ORDER BY ImageID;
