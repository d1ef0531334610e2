-- partition_selection: the rows of a selection, each with its part of the dataset.
--
-- A hash of the seed and of what is kept together decides, so an image stays in its part when a
-- dataset grows. Copies of one photo (the same OriginalMD5) are never in two parts. If photographers
-- are kept together, copies by two photographers can fall into two parts: then the copies outside
-- the part of the first are left out.
-- Parameters:
--   rows                   name of a table of rows as select_images gives them
--   names                  the parts' names, a list
--   shares                 their shares, a list of as many numbers that add up to 1
--   seed := 42             any whole number
--   group_by := 'image'    what stays together: image (all its copies) or author
-- Columns: those of select_images, after
--   partition  VARCHAR  the part
-- Example:
--   CREATE OR REPLACE TEMP TABLE picked AS FROM select_images('Hot dog');
--   FROM partition_selection('picked', ['train', 'test'], [0.8, 0.2]);

CREATE OR REPLACE TEMP MACRO partition_selection(
    rows,
    names,
    shares,
    seed := 42,
    group_by := 'image'
) AS TABLE
WITH keyed AS (
    SELECT
        *,
        row_number() OVER () AS place,
        coalesce(OriginalMD5, ImageID) AS photo,
        CASE group_by WHEN 'author' THEN coalesce(AuthorProfileURL, Author, photo) ELSE photo END
            AS kept_together
    FROM query_table(rows)
),
hashed AS (
    SELECT *, ('0x' || left(md5(seed || ':part:' || kept_together), 8))::UBIGINT / 4294967296.0 AS x
    FROM keyed
),
parted AS (
    -- The last part takes what rounding leaves over.
    SELECT
        names[1 + len(list_filter(range(1, len(names)), lambda i: list_sum(shares[1:i]) <= x))]
            AS "partition",
        *
    FROM hashed
    QUALIFY "partition" = first("partition") OVER (
        PARTITION BY photo ORDER BY rank, folder, ImageID
    )
)
SELECT * EXCLUDE (place, photo, kept_together, x)
FROM parted
ORDER BY place;
