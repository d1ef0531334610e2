-- Random-looking whole numbers, the same on every machine, thread count and DuckDB version: MD5
-- where an image needs bits of its own, integer arithmetic where MD5 for each label would cost too
-- much. No floating point, whose last digit differs between systems.

-- 32 hexadecimal digits for a number, other ones for each purpose.
CREATE OR REPLACE TEMP MACRO digits(purpose, number) AS
md5(getvariable('seed') || ':' || purpose || ':' || number);

-- The number that up to 15 hexadecimal digits make.
CREATE OR REPLACE TEMP MACRO number_at(hexadecimal, first, digits) AS
('0x' || substr(hexadecimal, first, digits))::BIGINT;

-- 0 to 2147483646. Squaring keeps neighbours from staying neighbours.
CREATE OR REPLACE TEMP MACRO scrambled(number) AS
(number % 2147483647) * ((number + 40503) % 2147483647) % 2147483647;

-- Where a dart of 0 to octaves * 1048576 lands on a logarithmic scale: each octave has twice the
-- places of the one before, the first has `first`, so that popularity falls as 1/place.
CREATE OR REPLACE TEMP MACRO logarithmic(dart, first) AS
first * ((1::BIGINT << (dart // 1048576)) - 1)
+ (first * (1::BIGINT << (dart // 1048576)) * (dart % 1048576)) // 1048576;

-- Hexadecimal digits as made-up words, all of them information, as in real titles.
CREATE OR REPLACE TEMP MACRO words(hexadecimal) AS
trim(translate(lower(hexadecimal), '0123456789abcdef', 'aeiouysntrlmkdp '));

-- How much of a number the fraction of the split is, rounded up.
CREATE OR REPLACE TEMP MACRO part_of(number) AS
(number * getvariable('numerator') + getvariable('denominator') - 1) // getvariable('denominator');
