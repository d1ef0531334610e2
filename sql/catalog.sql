-- catalog: the files that Open Images publishes, one row per file of a release.
--
-- `bytes` and `md5` were correct when they were recorded; what the server reports overrides them.
-- Columns:
--   release  VARCHAR  v6, v7
--   split    VARCHAR  test, validation, train; NULL where a file serves all splits
--   kind     VARCHAR  classes, images, human_labels, machine_labels, boxes, hierarchy
--   path     VARCHAR  address relative to the base address
--   name     VARCHAR  the official file name, also the name on disk
--   bytes    BIGINT   size; NULL where unknown
--   md5      VARCHAR  MD5 as hexadecimal digits; NULL where unknown
-- Example: FROM catalog WHERE split = 'test';

CREATE OR REPLACE TEMP VIEW catalog AS
SELECT
    unnest(releases) AS release,
    split, kind, path, split_part(path, '/', -1) AS name, bytes::BIGINT AS bytes, md5
FROM (
    VALUES
        (['v6'], NULL, 'classes', 'v6/oidv6-class-descriptions.csv', 459351, '63832b86bd4ce48c82825826c78ab15c'),
        (['v7'], NULL, 'classes', 'v7/oidv7-class-descriptions.csv', NULL, NULL),
        (['v6', 'v7'], 'test', 'images', '2018_04/test/test-images-with-rotation.csv', 45227339, 'd832feb775b3cb78077bf8ae350adce5'),
        (['v6', 'v7'], 'validation', 'images', '2018_04/validation/validation-images-with-rotation.csv', 15245485, '643a54e43b0bab8acce8817b4a569780'),
        (['v6', 'v7'], 'train', 'images', 'v6/oidv6-train-images-with-labels-with-rotation.csv', 2684720962, NULL),
        (['v6'], 'test', 'human_labels', 'v5/test-annotations-human-imagelabels.csv', NULL, NULL),
        (['v6'], 'validation', 'human_labels', 'v5/validation-annotations-human-imagelabels.csv', 24824095, '1897fce94618869aace7f60497517bdf'),
        (['v6'], 'train', 'human_labels', 'v6/oidv6-train-annotations-human-imagelabels.csv', NULL, NULL),
        (['v7'], 'test', 'human_labels', 'v7/oidv7-test-annotations-human-imagelabels.csv', NULL, NULL),
        (['v7'], 'validation', 'human_labels', 'v7/oidv7-val-annotations-human-imagelabels.csv', NULL, NULL),
        (['v7'], 'train', 'human_labels', 'v7/oidv7-train-annotations-human-imagelabels.csv', NULL, NULL),
        (['v6'], 'test', 'machine_labels', 'v5/test-annotations-machine-imagelabels.csv', NULL, NULL),
        (['v6'], 'validation', 'machine_labels', 'v5/validation-annotations-machine-imagelabels.csv', NULL, NULL),
        (['v6'], 'train', 'machine_labels', 'v5/train-annotations-machine-imagelabels.csv', NULL, NULL),
        (['v7'], 'test', 'machine_labels', 'v7/oidv7-test-annotations-machine-imagelabels.csv', NULL, NULL),
        (['v7'], 'validation', 'machine_labels', 'v7/oidv7-val-annotations-machine-imagelabels.csv', NULL, NULL),
        (['v7'], 'train', 'machine_labels', 'v7/oidv7-train-annotations-machine-imagelabels.csv', NULL, NULL),
        (['v6', 'v7'], 'test', 'boxes', 'v5/test-annotations-bbox.csv', NULL, NULL),
        (['v6', 'v7'], 'validation', 'boxes', 'v5/validation-annotations-bbox.csv', NULL, NULL),
        (['v6', 'v7'], 'train', 'boxes', 'v6/oidv6-train-annotations-bbox.csv', NULL, NULL),
        (['v6', 'v7'], NULL, 'hierarchy', '2018_04/bbox_labels_600_hierarchy.json', NULL, NULL)
) AS t(releases, split, kind, path, bytes, md5);
