-- selection_rows: the rows of a user's query with rank and the image's columns.
-- Reads: images, seeded_order
-- Parameters:
--   rows         name of a table with the columns ImageID, folder and rank; a NULL rank becomes
--                the image's position in the seeded order within its folder
--   seed := 42   any whole number
-- Columns: those of select_images
-- Example:
--   WITH mine AS (SELECT ImageID, 'hot_dog' AS folder, NULL AS rank FROM images LIMIT 3)
--   FROM selection_rows('mine');

CREATE OR REPLACE TEMP MACRO selection_rows(rows, seed := 42) AS TABLE
SELECT
    chosen.folder::VARCHAR AS folder,
    coalesce(
        chosen.rank::BIGINT,
        row_number() OVER (
            PARTITION BY chosen.folder ORDER BY seeded_order(seed, images.ImageID), images.ImageID
        )
    ) AS rank,
    images.*
FROM images JOIN query_table(rows) AS chosen ON images.ImageID = chosen.ImageID::VARCHAR
ORDER BY folder, rank, ImageID;
