-- Hot dogs and others, at most one photo per photographer: the first in the seeded order.
--
--   hotdog-sql select --query sql/examples/one_per_photographer.sql --download diverse

SELECT ImageID, folder, rank
FROM select_images('Hot dog')
QUALIFY row_number() OVER (PARTITION BY AuthorProfileURL ORDER BY folder, rank) = 1
ORDER BY folder, rank;
