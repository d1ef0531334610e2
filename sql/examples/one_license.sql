-- Hot dogs and others under one licence; choose another with --set license=...
--
--   hotdog-sql select --query sql/examples/one_license.sql --download licensed

SELECT ImageID, folder, rank
FROM select_images('Hot dog', negatives := 500)
WHERE License = coalesce(getvariable('license'), 'https://creativecommons.org/licenses/by/2.0/')
ORDER BY folder, rank;
