-- labelled_images: the images that a label says something of, and how surely.
--
-- Reads: labels
-- Parameters: none
-- Columns:
--   ImageID     VARCHAR  the image
--   Confidence  DOUBLE   the greatest of its labels, above 0
-- Example:
--   SELECT count(*) FROM labelled_images WHERE Confidence >= 1;

CREATE OR REPLACE TEMP VIEW labelled_images AS
SELECT ImageID, max(Confidence) AS Confidence
FROM labels
WHERE Confidence > 0
GROUP BY ImageID;
