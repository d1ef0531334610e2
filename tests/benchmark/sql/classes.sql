-- generated_classes: 19,994 classes with the real file's oddities: three names with Hot dog, 12
-- names that two MIDs share, 13 with commas, one with quotes far below the first lines, and 363
-- that are not ASCII. `popularity` is a rank from 0, and NULL for planted classes.

CREATE OR REPLACE TEMP TABLE generated_classes AS
WITH common_names AS (
    SELECT unnest(names) AS name, generate_subscripts(names, 1) - 1 AS popularity
    FROM (
        SELECT string_split(
            'Person Tree Plant Food Clothing Car Flower Building Vehicle Animal Sky Water Dog House '
            || 'Furniture Girl Man Woman Bird Cat Wheel Face Hair Grass Road Mountain Beach Ocean '
            || 'Boat Train Airplane Bicycle Motorcycle Bus Truck Street City Tower Bridge Window '
            || 'Door Table Chair Bed Lamp Book Toy Music Guitar Drum Concert Sport Football Tennis '
            || 'Swimming Running Dance Party Wedding Child Baby Family Crowd Soldier Uniform Hat '
            || 'Shoe Dress Shirt Suit Jewellery Bread Cake Pizza Fruit Vegetable Salad Soup Meat '
            || 'Fish Cheese Coffee Beer Wine Tea Breakfast Lunch Dinner Dessert Kitchen Restaurant '
            || 'Horse Cow Sheep Rabbit Insect Butterfly Bee Snake Turtle Monkey', ' '
        ) AS names
    )
),
numbered AS (
    SELECT number, number - 100 AS other, digits('class', number) AS hexadecimal
    FROM range(19991) AS numbers(number)
),
others AS (
    SELECT
        '/m/0' || lower(to_base(46656 + number * 7919 % 19991 * 81 + number_at(hexadecimal, 1, 8) % 81, 36))
            || CASE WHEN number_at(hexadecimal, 9, 2) < 100 THEN '' ELSE substr(hexadecimal, 11, 1) END
            AS LabelName,
        CASE
            WHEN other < 0 THEN name
            -- Each of 12 names occurs twice.
            WHEN other < 24 THEN 'Twin ' || other % 12
            WHEN other < 37 THEN 'Fruit, dried, kind ' || other
            WHEN other < 38 THEN 'Fiat 500 "topolino"'
            WHEN other < 219 THEN 'Crème brûlée ' || other
            WHEN other < 401 THEN '寿司 ' || other
            ELSE upper(words(substr(hexadecimal, 16, 1) || '0'))
                || words(substr(hexadecimal, 17, 5)) || ' ' || other
        END AS DisplayName,
        number AS popularity
    FROM numbered LEFT JOIN common_names ON popularity = number
)
SELECT LabelName, DisplayName, popularity FROM others
UNION ALL
VALUES
    ('/m/01b9xk', 'Hot dog', NULL),
    ('/m/07vh6y', 'Hot dog bun', NULL),
    ('/m/0bm1pg', 'Hot dog stand', NULL);

-- From place 10,235 on, an octave of the logarithmic scale has 10,240 places. The scale ends with
-- the last class.
SET VARIABLE scale = 11 * 1048576 + (19991 - 10235)::BIGINT * 1048576 // 10240;

SET VARIABLE popular_classes = (
    SELECT list(LabelName ORDER BY popularity) FROM generated_classes WHERE popularity IS NOT NULL
);
