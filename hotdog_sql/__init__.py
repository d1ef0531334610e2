"""Photos for an image classifier, selected from Open Images with readable SQL."""

__version__ = "0.1.0"
