-- shell: everything in this folder, loaded into a DuckDB shell.
--
--   duckdb -init sql/shell.sql
--
-- from the repository root. Three environment variables say what the session looks at:
--   HOTDOG_SQL_DATA_DIR  folder of the CSV files       (data)
--   HOTDOG_SQL_SPLIT     test, validation, train, all  (test)
--   HOTDOG_SQL_RELEASE   v6 or v7                      (v6)
-- The views over a dataset's manifest need one, so they are read on their own:
--   SET VARIABLE dataset_dir = 'dataset';
--   .read sql/dataset/manifest.sql
--   .read sql/dataset/losses.sql
-- Where `hotdog-sql index` has made an index of the CSVs that are read, and they have not changed
-- since, the same views come from it with
--   .read sql/index/images.sql
--   .read sql/index/labels.sql
--   .read sql/index/labelled_images.sql
--   .read sql/index/relevant_rows.sql
-- Python follows the same `.read` lines, in the same order, and sets the variables itself.

SET VARIABLE data_dir = coalesce(nullif(getenv('HOTDOG_SQL_DATA_DIR'), ''), 'data');
SET VARIABLE split = coalesce(nullif(getenv('HOTDOG_SQL_SPLIT'), ''), 'test');
SET VARIABLE release = coalesce(nullif(getenv('HOTDOG_SQL_RELEASE'), ''), 'v6');
SET VARIABLE labels = coalesce(nullif(getenv('HOTDOG_SQL_LABELS'), ''), 'human');

-- Which files there are, and which of them this session reads.
.read sql/sources/catalog.sql
.read sql/sources/files.sql

-- What an index leaves out and works out again.
.read sql/index/flickr_page.sql

-- The three CSVs as typed views.
.read sql/views/classes.sql
.read sql/views/labels.sql
.read sql/views/images.sql

-- What the labels say.
.read sql/views/positive_labels.sql
.read sql/views/verified_negatives.sql
.read sql/views/labelled_images.sql

-- What an index of the images keeps.
.read sql/index/image_index.sql

-- Classes: finding them, and which belong together.
.read sql/classes/as_list.sql
.read sql/classes/mid_name.sql
.read sql/classes/folder_name.sql
.read sql/classes/find_classes.sql
.read sql/classes/similar_classes.sql
.read sql/classes/count_classes.sql
.read sql/classes/asked_classes.sql
.read sql/classes/chosen_classes.sql
.read sql/classes/related_classes.sql
.read sql/classes/barred_classes.sql
.read sql/views/class_hierarchy.sql
.read sql/classes/descendant_classes.sql

-- The selection.
.read sql/selection/seeded_order.sql
.read sql/selection/order_limit.sql
.read sql/selection/relevant_rows.sql
.read sql/selection/shortage.sql
.read sql/selection/widened_rows.sql
.read sql/selection/selected_images.sql
.read sql/selection/select_images.sql
.read sql/selection/is_safe_folder.sql
.read sql/selection/row_problems.sql
.read sql/selection/complete_rows.sql
.read sql/selection/partition_of.sql
.read sql/selection/partition_rows.sql

-- Reports.
.read sql/reports/report_on.sql
.read sql/reports/selection_report.sql
.read sql/reports/folder_report.sql
.read sql/reports/summary.sql
