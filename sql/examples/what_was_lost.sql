-- What a download lost, by source and reason.
--
--   hotdog-sql sql --file sql/examples/what_was_lost.sql --dataset dataset

SELECT folder, status, source, reason, photos
FROM losses
ORDER BY photos DESC, folder, source, reason;
