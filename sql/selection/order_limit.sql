-- order_limit: about where in the seeded order so many images end that negatives can be drawn from.
--
-- One and a half times as many as are wanted, and a thousand more. The order is even: a tenth of
-- the images lies before a tenth of the texts that can be.
--
-- Reads: nothing
-- Parameters:
--   negatives   how many negatives are wanted
--   images      how many images there are
-- Columns:
--   VARCHAR
-- Example:
--   SELECT count(*) FROM images WHERE seeded_order(42, ImageID) < order_limit(120, 124480);

CREATE OR REPLACE TEMP MACRO order_limit(negatives, images) AS
CASE
    -- No text of digits comes after this one.
    WHEN 3 * negatives // 2 + 1000 >= images THEN 'g'
    ELSE format('{:08x}', floor(4294967296 * ((1.5 * negatives + 1000) / images))::BIGINT)
END;
