"""`hotdog-sql demo`."""


def demo() -> None:
    """Make a small dataset without the network."""
