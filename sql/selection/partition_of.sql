-- partition_of: the part of a dataset that a key falls into, by a hash of the key and the seed.
--
-- It depends on nothing else, so an image stays in its part when a dataset grows.
-- Parameters:
--   key      what stays together, such as an ImageID
--   seed     any whole number
--   names    the parts' names, a list
--   shares   their shares, a list of as many numbers that add up to 1
-- Returns: VARCHAR
-- Example:
--   SELECT ImageID, partition_of(ImageID, 42, ['train', 'test'], [0.8, 0.2]) FROM images LIMIT 5;

CREATE OR REPLACE TEMP MACRO partition_of(key, seed, names, shares) AS
names[
    -- The last part takes what rounding leaves over.
    1 + len(
        list_filter(
            range(1, len(names)),
            lambda i: list_sum(shares[1:i])
                <= ('0x' || left(md5(seed || ':part:' || key), 8))::UBIGINT / 4294967296.0
        )
    )
];
