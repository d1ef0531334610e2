"""The least that DuckDB can do with the label and the image file: read every row of both once.

    python bare_scan.py LABELS IMAGES [count|columns]

`count` counts the rows, for which DuckDB finds the lines' ends and the first column; `columns`
makes the value of every column of every row, which is what a query that needs them all must do.
"""

import sys

import duckdb

_LABELS = """
FROM read_csv(
    $file, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
    columns = {'ImageID': 'VARCHAR', 'Source': 'VARCHAR', 'LabelName': 'VARCHAR',
               'Confidence': 'DOUBLE'}
)
"""
_IMAGES = """
FROM read_csv(
    $file, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
    columns = {'ImageID': 'VARCHAR', 'Subset': 'VARCHAR', 'OriginalURL': 'VARCHAR',
               'OriginalLandingURL': 'VARCHAR', 'License': 'VARCHAR',
               'AuthorProfileURL': 'VARCHAR', 'Author': 'VARCHAR', 'Title': 'VARCHAR',
               'OriginalSize': 'BIGINT', 'OriginalMD5': 'VARCHAR', 'Thumbnail300KURL': 'VARCHAR',
               'Rotation': 'DOUBLE'}
)
"""
_SELECT = {"count": "SELECT count(*)", "columns": "SELECT count(COLUMNS(*))"}


def main() -> None:
    labels, images, what = sys.argv[1:]
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        for source, file in ((_LABELS, labels), (_IMAGES, images)):
            print(connection.execute(source + _SELECT[what], {"file": file}).fetchall())


if __name__ == "__main__":
    main()
