-- Planted labels, the answers that are known beforehand: Hot dog, Hot dog bun and Hot dog stand
-- are on these images and on no other. test and validation have as many Hot dogs as the real
-- files; train has numbers of the real order. One row is the first two labels of an image.

CREATE OR REPLACE TEMP TABLE plants AS
SELECT first_class, first_confidence, second_class, second_confidence, unnest(range(images)) AS copy
FROM (
    SELECT
        *,
        part_of(
            CASE getvariable('split')
                WHEN 'test' THEN test
                WHEN 'validation' THEN validation
                ELSE train
            END
        ) AS images
    FROM (
        VALUES
            ('/m/01b9xk', 1, NULL, NULL, 43, 13, 1400),
            ('/m/01b9xk', 1, '/m/07vh6y', 1, 3, 0, 80),
            ('/m/01b9xk', 1, '/m/0bm1pg', 1, 1, 0, 20),
            ('/m/01b9xk', 0, NULL, NULL, 110, 31, 3400),
            ('/m/01b9xk', 0, '/m/07vh6y', 0, 4, 2, 100),
            ('/m/01b9xk', 0, '/m/0bm1pg', 1, 1, 0, 10),
            ('/m/07vh6y', 1, NULL, NULL, 2, 0, 60),
            ('/m/0bm1pg', 1, NULL, NULL, 2, 0, 70)
    ) AS t(first_class, first_confidence, second_class, second_confidence, test, validation, train)
);

-- A list, because it is looked up without a join, which might change the order of the rows.
SET VARIABLE plants = (SELECT list(plants ORDER BY plants) FROM plants);
