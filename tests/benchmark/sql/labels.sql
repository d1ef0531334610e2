-- generated_labels: the label file, sorted by ImageID like the real ones, with each class at most
-- once per image. Popularity falls as 1/rank, as in the real validation file: 2.2% of its labels
-- are of the first class, 0.1% of the 100th, 0.01% of the 1000th.

-- Labels before an image in an even distribution. As in real train, the first images have many.
CREATE OR REPLACE TEMP MACRO even_start(number) AS
CASE
    WHEN number < getvariable('dense_images') THEN number * 35
    ELSE getvariable('dense_images') * 35
        + (number - getvariable('dense_images'))
        * (getvariable('labels') - getvariable('dense_images') * 35)
        // (getvariable('images') - getvariable('dense_images'))
END;

-- Number of labels that the first image of a pair takes from the second; negative if it gives some.
CREATE OR REPLACE TEMP MACRO moved_labels(pair) AS
CASE
    WHEN 2 * pair + 1 >= getvariable('images') THEN 0
    WHEN 2 * pair < getvariable('dense_images') THEN scrambled(pair) % 41 - 20
    ELSE scrambled(pair) % (2 * getvariable('room') + 1) - getvariable('room')
END;

CREATE OR REPLACE TEMP VIEW generated_labels AS
WITH counted AS (
    SELECT
        image_id(number) AS ImageID,
        number_at(digits('labels', number), 1, 15) AS dice,
        (even_start(number + 1) - even_start(number)
            + CASE number % 2 WHEN 0 THEN 1 ELSE -1 END * moved_labels(number // 2))::BIGINT AS labels,
        getvariable('plants')[
            1 + (number + 1) * getvariable('scatter') % getvariable('images')
        ] AS plant
    FROM image_numbers
),
each_label AS (
    SELECT
        ImageID,
        dice,
        labels,
        plant.first_class AS first_class,
        plant.first_confidence AS first_confidence,
        plant.second_class AS second_class,
        plant.second_confidence AS second_confidence,
        unnest(range(labels)) AS place
    FROM counted
),
drawn AS (
    SELECT
        *,
        -- Darts at equal distances around the scale, each moved at random, but not as far as the
        -- next dart's class. The widest class is a fifth of an octave.
        (dice + place * getvariable('scale') // labels
            + scrambled(dice + place * 7919)
            % greatest(1, getvariable('scale') // labels - 1048576 // 5 - 1)
        ) % getvariable('scale') AS dart,
        scrambled(scrambled(dice // 7 + place * 104729)) AS coin
    FROM each_label
)
SELECT
    ImageID,
    CASE WHEN coin % 251 = 0 THEN 'crowdsource-verification' ELSE 'verification' END AS Source,
    coalesce(
        CASE place WHEN 0 THEN first_class WHEN 1 THEN second_class END,
        getvariable('popular_classes')[1 + logarithmic(dart, 5)]
    ) AS LabelName,
    coalesce(
        CASE place WHEN 0 THEN first_confidence WHEN 1 THEN second_confidence END,
        (coin % 1000 < getvariable('positive_per_mille'))::INTEGER
    ) AS Confidence
FROM drawn;
