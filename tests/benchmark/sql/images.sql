-- generated_images: the image file, unsorted like the real ones. A row has as many bytes as in the
-- real test and validation files (361 and 366), and compresses as badly: photo numbers, secrets and
-- checksums are random, and authors have many photos or few.

CREATE OR REPLACE TEMP TABLE image_numbers AS
SELECT number FROM range(getvariable('images')) AS numbers(number);

-- IDs increase with the number and cover all 64 bits; some are only digits, some look like 1e5.
CREATE OR REPLACE TEMP MACRO image_id(number) AS
lpad(
    lower(
        hex(
            number::UBIGINT * getvariable('id_step')
            + number_at(digits('id', number), 1, 15)::UBIGINT % getvariable('id_step')
        )
    ),
    16,
    '0'
);

CREATE OR REPLACE TEMP MACRO author_page(author) AS
CASE
    WHEN author % 9 < 5 THEN (10000000 + author * 271 % 139999999) || '@N0' || author % 9
    ELSE words(to_hex(4096 + scrambled(author))) || author
END;

-- Free text: commas, quotes, other scripts, right-to-left marks, control characters.
CREATE OR REPLACE TEMP MACRO author_name(author) AS
CASE
    WHEN author % 97 = 1 THEN 'Müller, Jürgen ' || author
    WHEN author % 97 = 2 THEN '写真家' || author
    WHEN author % 97 = 3 THEN '"Ace" ' || author
    ELSE words(to_hex(scrambled(author + 7))) || ' ' || words(to_hex(author * 7))
END;

CREATE OR REPLACE TEMP MACRO title(hexadecimal, choice) AS
CASE
    WHEN choice < 12 THEN 'IMG_' || substr(translate(hexadecimal, 'abcdef', '012345'), 1, 4)
    WHEN choice < 18 THEN 'DSC0' || substr(translate(hexadecimal, 'abcdef', '012345'), 1, 4)
    WHEN choice = 18 THEN words(substr(hexadecimal, 1, 9)) || ', ' || words(substr(hexadecimal, 10, 9))
    WHEN choice = 19 THEN 'The "' || words(substr(hexadecimal, 1, 8)) || '"'
    WHEN choice = 20 THEN 'كلب ' || words(substr(hexadecimal, 1, 7)) || ' 犬'
    WHEN choice = 21 THEN '🌭 ' || words(substr(hexadecimal, 1, 9)) || chr(7) || chr(27) || '[2J'
    WHEN choice = 22 THEN '=' || words(substr(hexadecimal, 1, 9)) || chr(8238)
    ELSE words(substr(hexadecimal, 1, 10 + choice % 20))
END;

CREATE OR REPLACE TEMP VIEW generated_images AS
WITH numbered AS (
    -- A permutation, because `shuffle` is coprime to `images`.
    SELECT number * getvariable('shuffle') % getvariable('images') AS number FROM image_numbers
),
drawn AS (
    SELECT
        image_id(number) AS ImageID,
        digits('photo', number) AS photo_digits,
        digits('original', number) AS original_digits,
        number_at(photo_digits, 21, 12) AS dice,
        logarithmic(dice % (18 * 1048576), 1) AS author,
        100000000 + dice % 15900000000 AS photo,
        (2 + dice % 9) || '/' || (65 + dice % 8900) || '/' AS server
    FROM numbered
)
SELECT
    ImageID,
    getvariable('split') AS Subset,
    'https://'
        || CASE WHEN dice % 5 < 2 THEN 'c' || (1 + dice % 8) || '.staticflickr.com/' || server
            ELSE 'farm' || (1 + dice % 9) || '.staticflickr.com/' || (65 + dice % 8900) || '/' END
        || photo || '_' || substr(photo_digits, 1, 10) || '_o.jpg' AS OriginalURL,
    'https://www.flickr.com/photos/' || author_page(author) || '/' || photo AS OriginalLandingURL,
    'https://creativecommons.org/licenses/by/2.0/' AS License,
    'https://www.flickr.com/people/' || author_page(author) || '/' AS AuthorProfileURL,
    author_name(author) AS Author,
    title(original_digits, dice % 64) AS Title,
    20000 + dice % 97 * (dice % 99991) AS OriginalSize,
    to_base64(unhex(original_digits)) AS OriginalMD5,
    CASE WHEN dice % 1000 >= 36 THEN
        'https://c' || (1 + dice % 8) || '.staticflickr.com/' || server || photo || '_'
            || substr(photo_digits, 11, 10) || '_z.jpg'
            || CASE WHEN dice % 11 = 0 THEN '?zz=1' ELSE '' END
    END AS Thumbnail300KURL,
    CASE dice % 64
        WHEN 0 THEN '90.0'
        WHEN 1 THEN '180.0'
        WHEN 2 THEN '270.0'
        WHEN 3 THEN NULL
        ELSE '0.0'
    END AS Rotation
FROM drawn;
