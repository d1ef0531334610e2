"""A grid of coloured cells and the shapes that are painted on it.

Coordinates are in cells, x to the right and y down; a cell is painted if its centre is inside.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from hotdog_sql.demo.chance import Chance
from hotdog_sql.demo.jpeg import Rgb

WIDTH, HEIGHT = 32, 24

#: One colour, or the colour at x, y.
Paint = Rgb | Callable[[float, float], Rgb]


@dataclass(frozen=True, slots=True)
class Shape:
    """What to paint: whether a point is inside, and a rectangle outside which none is.

    Attributes:
        inside: tells of x, y.
        left, top, right, bottom: the rectangle; the whole canvas unless it is known better.
    """

    inside: Callable[[float, float], bool]
    left: float = 0
    top: float = 0
    right: float = WIDTH
    bottom: float = HEIGHT

    def __and__(self, other: "Shape") -> "Shape":
        """What is inside both shapes."""
        return Shape(
            lambda x, y: self.inside(x, y) and other.inside(x, y),
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def __sub__(self, other: "Shape") -> "Shape":
        """What is inside this shape and outside the other."""
        return Shape(
            lambda x, y: self.inside(x, y) and not other.inside(x, y),
            self.left,
            self.top,
            self.right,
            self.bottom,
        )

    def tilted(self, x: float, y: float, degrees: float) -> "Shape":
        """The shape turned about x, y, clockwise on the screen."""
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        corners = [
            (x + (px - x) * cos - (py - y) * sin, y + (px - x) * sin + (py - y) * cos)
            for px in (self.left, self.right)
            for py in (self.top, self.bottom)
        ]
        return Shape(
            lambda px, py: self.inside(
                x + (px - x) * cos + (py - y) * sin, y - (px - x) * sin + (py - y) * cos
            ),
            min(px for px, _ in corners),
            min(py for _, py in corners),
            max(px for px, _ in corners),
            max(py for _, py in corners),
        )


class Canvas:
    """A picture of 32 x 24 cells.

    Attributes:
        cells: rows of colours, top to bottom.
    """

    def __init__(self, background: Paint) -> None:
        self.cells: list[list[Rgb]] = [[(0, 0, 0)] * WIDTH for _ in range(HEIGHT)]
        self.paint(box(0, 0, WIDTH, HEIGHT), background)

    def paint(self, shape: Shape, paint: Paint) -> None:
        """Colours every cell whose centre is inside the shape."""
        columns = range(max(0, math.floor(shape.left)), min(WIDTH, math.ceil(shape.right)))
        for row in range(max(0, math.floor(shape.top)), min(HEIGHT, math.ceil(shape.bottom))):
            cells, y = self.cells[row], row + 0.5
            for column in columns:
                x = column + 0.5
                if shape.inside(x, y):
                    cells[column] = paint(x, y) if callable(paint) else paint

    def tint(self, shape: Shape, by: float) -> None:
        """Makes what is there lighter (by > 0) or darker (by < 0), as glass or a shadow does."""
        self.paint(shape, lambda x, y: shade(self.cells[int(y)][int(x)], by))


def ellipse(x: float, y: float, rx: float, ry: float) -> Shape:
    """The ellipse about x, y with the radii rx and ry."""
    return Shape(
        lambda px, py: ((px - x) / rx) ** 2 + ((py - y) / ry) ** 2 <= 1,
        x - rx,
        y - ry,
        x + rx,
        y + ry,
    )


def box(left: float, top: float, right: float, bottom: float) -> Shape:
    """The rectangle between two corners."""
    return Shape(lambda x, y: left <= x < right and top <= y < bottom, left, top, right, bottom)


def stroke(x0: float, y0: float, x1: float, y1: float, radius: float) -> Shape:
    """A line with round ends: every point within the radius of it."""
    dx, dy = x1 - x0, y1 - y0
    length = (dx * dx + dy * dy) or 1.0

    def inside(x: float, y: float) -> bool:
        along = min(1.0, max(0.0, ((x - x0) * dx + (y - y0) * dy) / length))
        return math.hypot(x - x0 - along * dx, y - y0 - along * dy) <= radius

    return Shape(
        inside,
        min(x0, x1) - radius,
        min(y0, y1) - radius,
        max(x0, x1) + radius,
        max(y0, y1) + radius,
    )


def triangle(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> Shape:
    """The triangle between three corners."""

    def inside(x: float, y: float) -> bool:
        sides = [
            (x - q[0]) * (p[1] - q[1]) - (p[0] - q[0]) * (y - q[1])
            for p, q in ((a, b), (b, c), (c, a))
        ]
        return all(side <= 0 for side in sides) or all(side >= 0 for side in sides)

    across, down = [a[0], b[0], c[0]], [a[1], b[1], c[1]]
    return Shape(inside, min(across), min(down), max(across), max(down))


def shade(rgb: Rgb, by: float) -> Rgb:
    """The colour made lighter (by > 0, white at 1) or darker (by < 0, black at -1)."""
    target = 255 if by > 0 else 0
    red, green, blue = rgb
    part = abs(by)
    return (
        round(red + (target - red) * part),
        round(green + (target - green) * part),
        round(blue + (target - blue) * part),
    )


def vary(chance: Chance, rgb: Rgb, by: int = 14) -> Rgb:
    """A colour near this one: up to `by` levels lighter or darker, and a little off in hue."""
    light = chance.uniform(-by, by)
    red, green, blue = (
        min(255, max(0, round(level + light + chance.uniform(-by, by) / 3))) for level in rgb
    )
    return red, green, blue


def fade(top: Rgb, bottom: Rgb, start: float = 0, end: float = HEIGHT) -> Paint:
    """From one colour at the height `start` to another at the height `end`."""

    def colour(row: int) -> Rgb:
        part = min(1.0, max(0.0, (row + 0.5 - start) / (end - start)))
        red, green, blue = (round(a + (b - a) * part) for a, b in zip(top, bottom, strict=True))
        return red, green, blue

    rows = [colour(row) for row in range(HEIGHT)]
    return lambda _x, y: rows[int(y)]


def checked(one: Rgb, other: Rgb, size: int) -> Paint:
    """A tablecloth of squares with the side `size`."""
    return lambda x, y: one if (int(x) // size + int(y) // size) % 2 else other


def striped(one: Rgb, other: Rgb, size: int, *, across: bool = False) -> Paint:
    """Upright stripes of the width `size`, or level ones if `across`."""
    return lambda x, y: one if int(y if across else x) // size % 2 else other


def turned(cells: list[list[Rgb]], degrees: int) -> list[list[Rgb]]:
    """The cells turned clockwise by 0, 90, 180 or 270 degrees."""
    for _ in range(degrees // 90):
        cells = [list(column) for column in zip(*reversed(cells), strict=True)]
    return cells
