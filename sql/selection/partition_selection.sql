-- partition_selection: the rows of a selection, each with its part of the dataset.
--
-- A hash of the seed and the group decides, so an image stays in its part when a dataset grows.
-- Copies of one photo (the same OriginalMD5) are never in two parts. If authors are kept together,
-- copies by two authors can fall into two parts: only those in the part of the first are kept,
-- which in a larger selection may be others.
-- Parameters:
--   rows                   name of a table with the rows of select_images
--   names                  list of the parts' names
--   shares                 list of their shares, which add up to 1
--   seed := 42             any whole number
--   group_by := 'image'    what stays in one part: image (all its copies) or author
-- Columns: those of select_images, after
--   partition  VARCHAR  the part
-- Example:
--   WITH picked AS (FROM select_images('Hot dog'))
--   FROM partition_selection('picked', ['train', 'test'], [0.8, 0.2]);

CREATE OR REPLACE TEMP MACRO partition_selection(
    rows, names, shares, seed := 42, group_by := 'image'
) AS TABLE
WITH parted AS (
    SELECT
        *,
        row_number() OVER () AS input_order,
        coalesce(OriginalMD5, ImageID) AS photo,
        if(group_by = 'author', coalesce(AuthorProfileURL, Author, photo), photo) AS group_key,
        ('0x' || left(md5(seed || ':part:' || group_key), 8))::UBIGINT / 4294967296.0 AS point,
        -- Rounding errors go to the last part.
        names[1 + len(list_filter(range(1, len(names)), lambda i: list_sum(shares[1:i]) <= point))]
            AS "partition"
    FROM query_table(rows)
    WHERE if(group_by IN ('image', 'author'), true, error('group_by is image or author'))
    QUALIFY "partition" = first("partition") OVER (
        PARTITION BY photo ORDER BY rank, folder, ImageID
    )
)
SELECT "partition", * EXCLUDE (input_order, photo, group_key, point, "partition")
FROM parted
ORDER BY input_order;
