"""A small Open Images on this machine, for `hotdog-sql demo` and the tests.

Everything in `openimages.zip` is invented. `files/` has the CSV files of each split, with the
oddities of the real ones. `pictures/` has pixel art. `photos.csv` has the picture or HTTP status of
each path, and a comment to add to the JPEG, so that no two photos are identical.
"""
