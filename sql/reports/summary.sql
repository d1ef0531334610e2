-- summary: counts of images, positive labels, labelled images and classes.
-- Reads: classes, images, positive_labels
-- Parameters:
--   min_confidence := 1.0   minimum confidence of a positive label
-- Columns:
--   images           BIGINT  rows of the image files
--   positive_labels  BIGINT  labels of at least min_confidence
--   labelled_images  BIGINT  images that carry one
--   classes          BIGINT  rows of the class file
-- Example: FROM summary();

CREATE OR REPLACE TEMP MACRO summary(min_confidence := 1.0) AS TABLE
SELECT
    (SELECT count(*) FROM images) AS images,
    count(*) AS positive_labels,
    count(DISTINCT ImageID) AS labelled_images,
    (SELECT count(*) FROM classes) AS classes
FROM positive_labels(min_confidence := min_confidence);
