-- Pseudorandom integers, the same on every machine, thread count and DuckDB version: MD5 for each
-- image, and integer arithmetic for each label, where MD5 would be too slow. No floating point,
-- because its last digit differs between systems.

-- 32 hexadecimal digits for a number, different for each purpose.
CREATE OR REPLACE TEMP MACRO digits(purpose, number) AS
md5(getvariable('seed') || ':' || purpose || ':' || number);

-- The value of up to 15 hexadecimal digits.
CREATE OR REPLACE TEMP MACRO number_at(hexadecimal, first, digits) AS
('0x' || substr(hexadecimal, first, digits))::BIGINT;

-- A number from 0 to 2147483646. The product separates neighbouring numbers.
CREATE OR REPLACE TEMP MACRO scrambled(number) AS
(number % 2147483647) * ((number + 40503) % 2147483647) % 2147483647;

-- The place of a dart from 0 to octaves * 1048576 on a logarithmic scale. The first octave has
-- `first` places and each next one twice as many, so that popularity falls as 1/place.
CREATE OR REPLACE TEMP MACRO logarithmic(dart, first) AS
first * ((1::BIGINT << (dart // 1048576)) - 1)
+ (first * (1::BIGINT << (dart // 1048576)) * (dart % 1048576)) // 1048576;

-- Hexadecimal digits as made-up words, which compress as badly as real titles.
CREATE OR REPLACE TEMP MACRO words(hexadecimal) AS
trim(translate(lower(hexadecimal), '0123456789abcdef', 'aeiouysntrlmkdp '));

-- A number times the fraction of the split, rounded up.
CREATE OR REPLACE TEMP MACRO part_of(number) AS
(number * getvariable('numerator') + getvariable('denominator') - 1) // getvariable('denominator');
