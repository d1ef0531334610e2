"""A small Open Images on this machine, for `hotdog-sql demo` and the tests.

Everything is invented: the pixel-art pictures, the photographers and the labels.

`classes.csv` and `hierarchy.json` are served as they are. `pictures.zip` holds the pictures, and
`subjects.csv` says what they show.
"""
