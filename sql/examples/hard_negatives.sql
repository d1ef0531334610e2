-- Hot dogs, and images in which a person looked for one and found none.
--
--   hotdog-sql select --query sql/examples/hard_negatives.sql --download hard

SELECT ImageID, if(folder = 'other', 'not_hot_dog', folder) AS folder, rank
FROM select_images('Hot dog', negatives_from := 'verified', negatives := 1000)
ORDER BY folder, rank;
