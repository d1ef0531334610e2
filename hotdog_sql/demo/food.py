"""Pictures of things to eat, hot dogs first."""

import math

from hotdog_sql.demo.canvas import (
    Canvas,
    Shape,
    box,
    checked,
    ellipse,
    fade,
    shade,
    striped,
    stroke,
    triangle,
    vary,
)
from hotdog_sql.demo.chance import Chance
from hotdog_sql.demo.jpeg import Rgb

_WHITE: Rgb = (246, 243, 235)
_BUN: Rgb = (228, 166, 84)
_SAUSAGE: Rgb = (184, 66, 44)
_MUSTARD: Rgb = (252, 210, 40)
_KETCHUP: Rgb = (205, 25, 30)
_CLOTHS: list[Rgb] = [
    (204, 56, 58),
    (70, 118, 184),
    (92, 160, 104),
    (232, 176, 66),
    (150, 110, 180),
]


def hot_dog(chance: Chance) -> Canvas:
    """A sausage in a bun with a wavy line of mustard or ketchup, on a table."""
    canvas = _table(chance)
    x, y = 16 + chance.uniform(-1, 1), 12 + chance.uniform(-1, 1)
    half = chance.uniform(10, 11.5)
    lay_hot_dog(canvas, chance, x, y, half=half, tilt=chance.choice([-24, -12, 0, 0, 12, 24]))
    return canvas


def lay_hot_dog(
    canvas: Canvas, chance: Chance, x: float, y: float, *, half: float, tilt: float
) -> None:
    """Paints a hot dog about x, y whose bun reaches `half` cells to each side."""
    bun, sausage = vary(chance, _BUN, 26), vary(chance, _SAUSAGE, 24)

    def roll(height: float, radius: float, reach: float) -> Shape:
        level = stroke(x - half - reach, y + height, x + half + reach, y + height, radius)
        return level.tilted(x, y, tilt)

    canvas.tint(roll(3.4, 3.2, -0.5), -0.28)
    canvas.paint(roll(-1.9, 3.4, -1.5), shade(bun, -0.14))
    canvas.paint(roll(-2.9, 1.8, -2), shade(bun, 0.14))
    canvas.paint(roll(-0.5, 2.8, 1.2), sausage)
    canvas.paint(roll(-2.4, 0.7, 0.2), shade(sausage, 0.24))
    canvas.paint(roll(2.7, 2.8, -1.5), bun)
    canvas.paint(roll(1.9, 1.0, -2), shade(bun, 0.28))
    canvas.paint(roll(4.5, 0.9, -2.5), shade(bun, -0.2))
    sauce = chance.choice([_MUSTARD, _MUSTARD, _MUSTARD, shade(_KETCHUP, -0.15)])
    canvas.paint(_wave(x, y - 0.8, half - 0.5).tilted(x, y, tilt), sauce)


def _wave(x: float, y: float, half: float) -> Shape:
    """The zigzag that a squeezed bottle leaves along a sausage."""
    return Shape(
        lambda px, py: abs(py - y - 1.4 * math.sin((px - x) * 0.95)) < 0.85,
        x - half,
        y - 3,
        x + half,
        y + 3,
    ) & box(x - half, y - 3, x + half, y + 3)


def empty_bun(chance: Chance) -> Canvas:
    """A bun for hot dogs with nothing in it."""
    canvas, bun = _table(chance), vary(chance, _BUN, 26)
    canvas.tint(stroke(8, 15.5, 24, 15.5, 3), -0.25)
    for height, radius, colour in (
        (-2.4, 3.6, shade(bun, -0.12)),
        (-3.4, 2.0, shade(bun, 0.14)),
        (0.8, 1.8, (252, 236, 204)),
        (3.2, 2.9, bun),
        (2.6, 1.0, shade(bun, 0.25)),
    ):
        canvas.paint(stroke(8, 12 + height, 24, 12 + height, radius), colour)
    return canvas


def hamburger(chance: Chance) -> Canvas:
    """Bun, lettuce, cheese, meat, bun."""
    canvas, bun = _table(chance), vary(chance, _BUN)
    top = ellipse(16, 12, 10.5, 9) & box(0, 0, 32, 11)
    canvas.paint(top, fade(shade(bun, 0.25), bun, 3, 11))
    for _ in range(14):
        seed_x, seed_y = chance.uniform(9, 23), chance.uniform(5, 9)
        canvas.paint(ellipse(seed_x, seed_y, 0.6, 0.5), (253, 240, 205))
    canvas.paint(ellipse(16, 17, 10.5, 4.5) & box(0, 17, 32, 24), shade(bun, -0.08))
    canvas.paint(box(5, 14, 27, 17), vary(chance, (98, 55, 33)))
    canvas.paint(box(5, 13, 27, 14), _MUSTARD)
    canvas.paint(triangle((8, 14), (14, 14), (11, 16.5)), _MUSTARD)
    canvas.paint(box(6, 12, 26, 13), _KETCHUP)
    leaf = Shape(lambda x, y: y < 12 + int(x) // 2 % 2, 5, 11, 27, 13)
    canvas.paint(leaf, (98, 170, 62))
    return canvas


def french_fries(chance: Chance) -> Canvas:
    """Fries in a paper box."""
    canvas = _table(chance)
    for place in range(9, 24, 2):
        top, lean = chance.uniform(2, 7), chance.uniform(-1.5, 1.5)
        colour = vary(chance, (245, 200, 84), 12)
        canvas.paint(stroke(place + lean, top, place, 15, 0.9), colour)
        canvas.paint(stroke(place + lean + 0.6, top, place + 0.6, 15, 0.5), shade(colour, -0.15))
    paper = vary(chance, (208, 34, 38))
    front = Shape(
        lambda x, y: abs(x - 16) < 9.5 - (y - 11) * 0.2 and y > 13 - (abs(x - 16) / 6) ** 2,
        top=11,
        bottom=23,
    )
    canvas.paint(front, paper)
    canvas.paint(ellipse(16, 18, 2.6, 2.6), _MUSTARD)
    return canvas


def pizza(chance: Chance) -> Canvas:
    """A whole pizza with salami and basil."""
    canvas = _table(chance)
    crust = ellipse(16, 12, 11.5, 11.5)
    canvas.paint(crust, vary(chance, (205, 140, 68)))
    canvas.paint(ellipse(16, 12, 10, 10), (200, 60, 36))
    canvas.paint(ellipse(16, 12, 9.3, 9.3), vary(chance, (248, 210, 110)))
    for number in range(7):
        turn, reach = number * 0.9 + chance.random(), 6.5 if number else 0
        x, y = 16 + reach * math.cos(turn), 12 + reach * math.sin(turn)
        canvas.paint(ellipse(x, y, 1.9, 1.9), vary(chance, (178, 44, 36)))
        canvas.paint(ellipse(x + 2.3, y + 1.2, 0.9, 0.7), (66, 130, 50))
    return canvas


def banana(chance: Chance) -> Canvas:
    """A banana: as long and as bent as it can be without being a sausage."""
    canvas, skin = _table(chance), vary(chance, (248, 214, 62))
    y = chance.uniform(4, 7)
    crescent = (ellipse(16, y, 12.5, 12) - ellipse(16, y - 4.5, 13, 11.5)) & box(0, y, 32, 24)
    canvas.paint(crescent, skin)
    canvas.paint(crescent - ellipse(16, y, 11, 10.6), shade(skin, -0.16))
    canvas.paint(stroke(4.2, y + 3, 3.6, y - 0.5, 1), (120, 100, 40))
    canvas.paint(stroke(27.8, y + 3, 28.3, y + 2, 1), (90, 70, 34))
    return canvas


def ice_cream(chance: Chance) -> Canvas:
    """Three scoops in a cone."""
    sky = vary(chance, (160, 214, 236), 20)
    canvas = Canvas(fade(shade(sky, 0.45), sky))
    cone = triangle((9.5, 13), (22.5, 13), (16, 24))
    canvas.paint(cone, (174, 110, 50))
    waffle = Shape(lambda x, y: bool(int(x + y) % 3 and int(x - y) % 3))
    canvas.paint(cone & waffle, (214, 150, 78))
    flavours: list[Rgb] = [(248, 168, 186), (250, 238, 204), (120, 74, 48), (170, 216, 150)]
    chance.shuffle(flavours)
    for x, y, flavour in ((11.7, 10.5, 0), (20.3, 10.5, 1), (16, 6, 2)):
        canvas.paint(ellipse(x, y, 4.6, 4.6), flavours[flavour])
        canvas.paint(ellipse(x - 1.5, y - 1.8, 1.4, 1.2), shade(flavours[flavour], 0.4))
    canvas.paint(ellipse(16, 1.6, 1.3, 1.3), _KETCHUP)
    return canvas


def coffee(chance: Chance) -> Canvas:
    """A cup of coffee that steams."""
    canvas = _table(chance)
    cup = vary(chance, chance.choice([_WHITE, (70, 120, 170), (196, 84, 60)]))
    canvas.paint(ellipse(15, 21, 12, 2.4), shade(cup, -0.12))
    canvas.paint(ellipse(24, 14.5, 4, 4) - ellipse(24, 14.5, 2, 2), shade(cup, -0.1))
    body = Shape(lambda x, y: abs(x - 15) < 9 - max(0, y - 16) * 0.7, top=10, bottom=22)
    canvas.paint(body, striped(cup, shade(cup, 0.1), 4))
    canvas.paint(ellipse(15, 10, 9, 2.2), shade(cup, 0.2))
    canvas.paint(ellipse(15, 10.2, 7.6, 1.5), (92, 54, 32))
    for x in (11, 15, 19):
        bend = chance.uniform(0, 6)
        for y in range(1, 8):
            place = x + math.sin(y * 0.9 + bend)
            canvas.tint(box(place - 0.5, y, place + 0.5, y + 1), 0.5)
    return canvas


def _table(chance: Chance) -> Canvas:
    """A tablecloth, planks or a plate to put food on."""
    kind = chance.choice(["cloth", "cloth", "planks", "plate"])
    if kind == "planks":
        wood = vary(chance, (142, 100, 66), 20)
        return Canvas(striped(wood, shade(wood, -0.1), chance.choice([3, 4, 6]), across=True))
    colour = vary(chance, chance.choice(_CLOTHS), 16)
    if kind == "cloth":
        return Canvas(checked(shade(colour, 0.35), _WHITE, chance.choice([2, 3, 4])))
    canvas = Canvas(shade(colour, 0.1))
    canvas.paint(ellipse(16, 12.5, 15.5, 11.3), (214, 214, 216))
    canvas.paint(ellipse(16, 12, 15.2, 10.9), _WHITE)
    canvas.paint(ellipse(16, 12.2, 11.5, 7.6), (232, 230, 226))
    return canvas
