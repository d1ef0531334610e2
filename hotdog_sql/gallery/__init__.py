"""The gallery: `index.html` in a dataset, a page that opens from disk."""
