"""Chance that is the same on every machine."""

from random import Random


class Chance(Random):
    """Numbers that look random and that a text decides: for pictures, never for secrets."""

    def __init__(self, seed: str) -> None:
        super().__init__(seed)
