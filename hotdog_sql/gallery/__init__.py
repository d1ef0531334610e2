"""The gallery: `index.html` beside a dataset's class folders, a page that opens from disk."""
