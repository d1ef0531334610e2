"""The gallery: a dataset as one page that opens from disk.

`page/` holds the page's own HTML, CSS and JavaScript; `page` puts them and the rows of the
manifest together, `write` puts the result beside the class folders.
"""

from hotdog_sql.gallery.write import NAME, write_gallery

__all__ = ["NAME", "write_gallery"]
