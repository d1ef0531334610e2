-- shell: loads the views and macros of this folder into a DuckDB shell. From the repository root:
--
--   duckdb -init sql/shell.sql
--
-- Environment variables select the files that the views read. Python sets the same variables, and
-- follows the same `.read` lines. For the views of a dataset, add these lines:
--   SET VARIABLE dataset_dir = 'dataset';
--   .read sql/dataset/manifest.sql
--   .read sql/dataset/losses.sql
--   .read sql/export/dataset_boxes.sql
--   .read sql/export/yolo_files.sql
--   .read sql/export/coco_files.sql
--   .read sql/export/voc_files.sql
--   .read sql/export/jsonl_files.sql
--   .read sql/export/crops.sql

SET VARIABLE data_dir = coalesce(nullif(getenv('HOTDOG_SQL_DATA_DIR'), ''), 'data');
SET VARIABLE split = coalesce(nullif(getenv('HOTDOG_SQL_SPLIT'), ''), 'test');
SET VARIABLE release = coalesce(nullif(getenv('HOTDOG_SQL_RELEASE'), ''), 'v6');
SET VARIABLE labels = coalesce(nullif(getenv('HOTDOG_SQL_LABELS'), ''), 'human');

-- If a file is missing, its view and all that reads the view fail to load; the rest still loads.
.bail off

.read sql/catalog.sql
.read sql/literal_path.sql
.read sql/files.sql

.read sql/views/classes.sql
.read sql/views/labels.sql
.read sql/views/images.sql
.read sql/views/class_hierarchy.sql
.read sql/views/boxes.sql
.read sql/views/positive_labels.sql
.read sql/views/verified_negatives.sql

.read sql/classes/folder_name.sql
.read sql/classes/find_classes.sql
.read sql/classes/similar_classes.sql
.read sql/classes/count_classes.sql
.read sql/classes/count_boxes.sql
.read sql/classes/similar_boxed_classes.sql
.read sql/selection/is_valid_folder.sql
.read sql/classes/matching_classes.sql
.read sql/classes/requested_classes.sql
.read sql/classes/excluded_classes.sql

.read sql/selection/seeded_order.sql
.read sql/selection/candidate_images.sql
.read sql/selection/largest_boxes.sql
.read sql/selection/fitting_boxes.sql
.read sql/selection/select_images.sql
.read sql/selection/read_ids.sql
.read sql/selection/find_ids.sql
.read sql/selection/validate_selection.sql
.read sql/selection/selection_rows.sql
.read sql/selection/partition_selection.sql

.read sql/reports/selection_report.sql
.read sql/reports/folder_report.sql
.read sql/reports/data_problems.sql
.read sql/reports/box_problems.sql
.read sql/reports/summary.sql
