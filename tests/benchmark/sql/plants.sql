-- Planted labels, whose numbers are known: no other image has the labels Hot dog, Hot dog bun or
-- Hot dog stand. test and validation have as many hot dogs as the real files, train about as many.
-- One row is the first two labels of an image.

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

-- A list, because a join might change the order of the rows.
SET VARIABLE plants = (SELECT list(plants ORDER BY plants) FROM plants);
