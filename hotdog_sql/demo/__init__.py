"""A small Open Images on this machine, for `hotdog-sql demo` and the tests.

Everything in `openimages.zip` is invented: `files/` has the CSV files of each split with the
oddities of the real ones, `pictures/` has pixel art, and `photos.csv` says which picture, or which
status, each address gives. The comment is put into the picture, so that no two photos are alike.
"""
