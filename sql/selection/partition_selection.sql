-- partition_selection: the rows of a selection, each with its part of the dataset.
--
-- Copies of one photo (the same OriginalMD5) are never in two parts. If photographers are kept
-- together, copies by two photographers can fall into two parts: then the copies outside the part
-- of the first are left out.
-- Reads: partition_of
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
parted AS (
    SELECT partition_of(kept_together, seed, names, shares) AS "partition", *
    FROM keyed
    QUALIFY "partition" = first("partition") OVER (
        PARTITION BY photo ORDER BY rank, folder, ImageID
    )
)
SELECT * EXCLUDE (place, photo, kept_together)
FROM parted
ORDER BY place;
