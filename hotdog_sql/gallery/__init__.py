"""The gallery: `index.html` beside a dataset's class folders, a page that opens from disk."""

from hotdog_sql.gallery.page import NAME, write_gallery

__all__ = ["NAME", "write_gallery"]
