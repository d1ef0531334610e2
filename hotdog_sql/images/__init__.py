"""What is done to the bytes of one photo: decode it, set it upright, make it smaller.

Needs the extra `images` (Pillow); importing this package without it says how to get it. Nothing
here knows of files, datasets or downloads.
"""

from importlib.util import find_spec

from hotdog_sql.errors import MissingExtraError

if find_spec("PIL") is None:
    raise MissingExtraError(
        '--upright, --max-side and --decode need Pillow: pip install "hotdog-sql[images]"'
    )
