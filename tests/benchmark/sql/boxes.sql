-- generated_boxes: a box file of train, sorted by ImageID, with boxes of 600 classes.
CREATE OR REPLACE TEMP TABLE generated_boxes AS
SELECT
    printf('%016x', number // 8 * 10_000_019) AS ImageID,
    if(number % 5 = 0, 'activation', 'xclick') AS Source,
    -- A few classes have most of the boxes; one in 4,000 is a hot dog.
    CASE
        WHEN number % 4_000 = 17 THEN '/m/01b9xk'
        ELSE '/m/0' || to_hex(700_000 + (number * number % 600) * (number % 7) // 7)
    END AS LabelName,
    1 AS Confidence,
    number * 7_919 % 499979 / 1e6 AS XMin,
    0.5 + number * 104_729 % 499957 / 1e6 AS XMax,
    number * 1_299_709 % 499943 / 1e6 AS YMin,
    0.5 + number * 15_485_863 % 499927 / 1e6 AS YMax,
    number % 3 // 2 AS IsOccluded, number % 11 // 10 AS IsTruncated, number % 23 // 22 AS IsGroupOf,
    number % 29 // 28 AS IsDepiction, number % 997 // 996 - (number % 101 = 0)::INTEGER AS IsInside,
    XMin AS XClick1X, XMax AS XClick2X,
    round(XMin + 0.1, 6) AS XClick3X, round(XMax - 0.1, 6) AS XClick4X,
    YMin AS XClick1Y, YMax AS XClick2Y,
    round(YMin + 0.1, 6) AS XClick3Y, round(YMax - 0.1, 6) AS XClick4Y
FROM range(getvariable('boxes')) AS numbers(number);
