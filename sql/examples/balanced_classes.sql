-- Five classes with equally many images: as many as the rarest has.
--
--   hotdog-sql select --query sql/examples/balanced_classes.sql --split all --download fast_food

WITH picked AS MATERIALIZED (
    SELECT ImageID, folder, rank
    FROM select_images(['Hot dog', 'Hamburger', 'Pizza', 'French fries', 'Ice cream'], negatives := 0)
)
SELECT ImageID, folder, rank
FROM picked
WHERE rank <= (SELECT min(images) FROM (SELECT count(*) AS images FROM picked GROUP BY folder))
ORDER BY folder, rank;
