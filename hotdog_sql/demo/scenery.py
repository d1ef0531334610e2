"""Pictures of animals, people and places, some of which look a little like a hot dog."""

from hotdog_sql.demo.canvas import (
    HEIGHT,
    WIDTH,
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
from hotdog_sql.demo.food import lay_hot_dog
from hotdog_sql.demo.jpeg import Rgb

_BLACK: Rgb = (34, 30, 34)
_WHITE: Rgb = (246, 243, 235)
_GRASS: Rgb = (112, 172, 84)
_SKY: Rgb = (132, 190, 232)
_SKINS: list[Rgb] = [(250, 214, 184), (226, 172, 128), (176, 118, 80), (110, 70, 48)]
_HAIRS: list[Rgb] = [(40, 30, 28), (98, 60, 34), (196, 148, 72), (170, 70, 40), (190, 190, 194)]
_BRIGHTS: list[Rgb] = [
    (204, 64, 60),
    (60, 110, 180),
    (240, 186, 60),
    (70, 150, 110),
    (150, 90, 170),
]


def dachshund(chance: Chance) -> Canvas:
    """A sausage dog, which is not a hot dog."""
    canvas, coat = _meadow(chance), vary(chance, (150, 84, 44), 24)
    canvas.tint(ellipse(15, 21.5, 13, 1.6), -0.25)
    for x in (7, 10.5, 20, 23):
        canvas.paint(stroke(x, 16, x, 20.5, 1.1), shade(coat, -0.15 if x in (7, 20) else 0.05))
    canvas.paint(stroke(6, 13.5, 2.2, chance.uniform(7, 10), 0.8), coat)
    canvas.paint(stroke(7, 14.5, 22, 14.5, 3.1), coat)
    canvas.paint(stroke(8, 16.6, 21, 16.6, 0.9), shade(coat, 0.25))
    canvas.paint(stroke(23, 13, 25, 9, 2.2), coat)
    canvas.paint(ellipse(25, 8.5, 3.3, 2.9), coat)
    canvas.paint(stroke(27, 9.5, 30, 10, 1.2), coat)
    canvas.paint(ellipse(30.6, 9.4, 0.8, 0.8), _BLACK)
    canvas.paint(ellipse(26.5, 7.5, 0.7, 0.8), _BLACK)
    canvas.paint(stroke(23.3, 8, 22.8, 11, 1.3), shade(coat, -0.3))
    canvas.paint(stroke(22, 11.7, 25, 12.6, 0.6), chance.choice(_BRIGHTS))
    return canvas


def cat(chance: Chance) -> Canvas:
    """A cat's face."""
    canvas = Canvas(fade(vary(chance, chance.choice(_BRIGHTS), 20), (236, 222, 206)))
    coat = vary(chance, chance.choice([(226, 150, 70), (120, 118, 122), (60, 54, 56), _WHITE]), 12)
    canvas.paint(ellipse(16, 25, 9, 6), shade(coat, -0.12))
    for side in (-1, 1):
        ear = triangle((16 + side * 9, 1.5), (16 + side * 2, 6), (16 + side * 9, 11))
        canvas.paint(ear, coat)
        inner = triangle((16 + side * 8, 4), (16 + side * 4.5, 6.5), (16 + side * 8, 9))
        canvas.paint(inner, (240, 166, 160))
    canvas.paint(ellipse(16, 12.5, 9.8, 8.3), coat)
    for x in (13, 16, 19):
        canvas.paint(box(x - 0.5, 4, x + 0.5, 7), shade(coat, -0.25))
    iris: Rgb = chance.choice([(120, 190, 90), (240, 190, 60), (110, 180, 220)])
    for side in (-1, 1):
        canvas.paint(ellipse(16 + side * 4, 11.5, 2, 1.9), iris)
        canvas.paint(box(15.5 + side * 4, 10, 16.5 + side * 4, 13), _BLACK)
        canvas.paint(stroke(16 + side * 4.5, 16.5, 16 + side * 12, 15.5, 0.4), _WHITE)
        canvas.paint(ellipse(16 + side * 1.7, 17, 2, 1.5), shade(coat, 0.5))
    canvas.paint(triangle((14.5, 14.5), (17.5, 14.5), (16, 16.5)), (226, 110, 120))
    return canvas


def portrait(chance: Chance) -> Canvas:
    """A person who looks at the camera."""
    canvas = Canvas(fade(vary(chance, chance.choice(_BRIGHTS), 20), _WHITE, 0, 40))
    skin, hair = chance.choice(_SKINS), chance.choice(_HAIRS)
    long_hair = chance.random() < 0.5
    if long_hair:
        canvas.paint(stroke(16, 9, 16, 16, 8), hair)
    canvas.paint(ellipse(16, 26, 12, 8), chance.choice(_BRIGHTS))
    canvas.paint(box(13.5, 15, 18.5, 20), shade(skin, -0.12))
    canvas.paint(ellipse(16, 8, 7.6, 7), hair)
    canvas.paint(ellipse(16, 11, 6.2, 7), skin)
    canvas.paint(ellipse(16, 5.5, 6.6, 2.6), hair)
    for side in (-1, 1):
        canvas.paint(box(15.5 + side * 3, 10, 16.5 + side * 3, 12), _BLACK)
        canvas.tint(ellipse(16 + side * 4, 13.5, 1.2, 0.8), -0.08)
    canvas.paint(box(15.5, 12, 16.5, 14), shade(skin, -0.15))
    canvas.paint(box(14, 15, 18, 16), (170, 60, 60))
    canvas.paint(box(13, 14, 14, 15), (170, 60, 60))
    canvas.paint(box(18, 14, 19, 15), (170, 60, 60))
    return canvas


def hot_dog_eater(chance: Chance) -> Canvas:
    """A person with a hot dog in front of them."""
    canvas = portrait(chance)
    lay_hot_dog(canvas, chance, 16, 18, half=9, tilt=chance.choice([-8, 0, 8]))
    return canvas


def hot_dog_stand(chance: Chance) -> Canvas:
    """A cart with a striped parasol and a hot dog for its sign."""
    pavement = vary(chance, (176, 170, 166))
    canvas = Canvas(fade(vary(chance, _SKY, 20), _WHITE, 0, 22))
    for x in range(0, WIDTH, 5):
        height = chance.uniform(6, 13)
        wall = vary(chance, (170, 160, 170), 20)
        canvas.paint(box(x, height, x + 5, HEIGHT), shade(wall, 0.3))
    canvas.paint(box(0, 20, WIDTH, HEIGHT), pavement)
    bright = chance.choice(_BRIGHTS)
    canvas.paint(box(15.5, 4, 16.5, 13), (110, 90, 80))
    parasol = ellipse(16, 7, 12, 6) & box(0, 0, WIDTH, 6)
    canvas.paint(parasol, striped(bright, _WHITE, 3))
    canvas.paint(box(6, 12, 26, 20), vary(chance, (206, 212, 220)))
    canvas.paint(box(5, 11, 27, 12), shade(bright, -0.2))
    canvas.paint(stroke(11, 16.5, 21, 16.5, 1.7), (228, 166, 84))
    canvas.paint(stroke(10, 15.6, 22, 15.6, 0.9), (184, 66, 44))
    canvas.paint(
        Shape(lambda x, _y: int(x) % 2 == 0, 11, 15, 21, 16) & box(11, 15, 21, 16), (252, 210, 40)
    )
    for x in (10, 22):
        canvas.paint(ellipse(x, 20.5, 2.4, 2.4), _BLACK)
        canvas.paint(ellipse(x, 20.5, 0.9, 0.9), (180, 180, 184))
    return canvas


def topolino(chance: Chance) -> Canvas:
    """A small round car."""
    canvas, body = _meadow(chance), vary(chance, chance.choice(_BRIGHTS), 16)
    canvas.paint(box(0, 19, WIDTH, HEIGHT), (104, 100, 104))
    canvas.paint(
        Shape(lambda x, _y: int(x) // 3 % 2 == 0, 0, 22, WIDTH, 23) & box(0, 22, WIDTH, 23), _WHITE
    )
    canvas.paint(ellipse(14.5, 12, 7.5, 6.5) & box(0, 0, WIDTH, 14), body)
    canvas.paint(stroke(6, 15.5, 26, 15.5, 3), body)
    for left, right in ((9, 13.5), (14.5, 19.5)):
        canvas.paint(ellipse(14.5, 12, 6, 5) & box(left, 8, right, 12), (190, 226, 240))
    canvas.paint(box(14, 13, 15, 18), shade(body, -0.25))
    canvas.paint(ellipse(27.6, 14.5, 1.2, 1.2), (255, 240, 170))
    for x in (8, 23.5):
        canvas.paint(ellipse(x, 18.5, 3, 3), _BLACK)
        canvas.paint(ellipse(x, 18.5, 1.3, 1.3), (190, 190, 196))
    return canvas


def mountains(chance: Chance) -> Canvas:
    """Ridges, one behind the other, under a low sun."""
    high = vary(chance, chance.choice([_SKY, (240, 160, 110), (150, 120, 180)]), 16)
    canvas = Canvas(fade(high, (252, 232, 206), 0, 16))
    canvas.paint(ellipse(chance.uniform(5, 27), chance.uniform(4, 8), 2.6, 2.6), (255, 246, 214))
    rock = vary(chance, (96, 106, 140), 20)
    for number, base in enumerate((0.35, 0.1, -0.25)):
        for _ in range(3):
            x, top = chance.uniform(0, WIDTH), chance.uniform(4, 8) + 4.5 * number
            wide = chance.uniform(7, 12)
            peak = triangle((x, top), (x - wide, 24), (x + wide, 24))
            canvas.paint(peak, shade(rock, base))
            if number == 0:
                canvas.paint(peak & box(0, 0, WIDTH, top + 3.5), _WHITE)
    return canvas


def beach(chance: Chance) -> Canvas:
    """Sand, the sea, and a sail on it."""
    canvas = Canvas(fade(vary(chance, _SKY, 20), _WHITE, 0, 11))
    canvas.paint(ellipse(chance.uniform(4, 28), 4, 2.7, 2.7), (255, 240, 180))
    canvas.paint(box(0, 10, WIDTH, 18), fade((40, 116, 172), (96, 200, 208), 10, 18))
    x = chance.uniform(6, 24)
    canvas.paint(triangle((x, 4), (x, 11), (x + 4.5, 11)), _WHITE)
    canvas.paint(triangle((x - 1, 6), (x - 1, 11), (x - 4, 11)), chance.choice(_BRIGHTS))
    canvas.paint(box(x - 4, 11, x + 5, 12.5), (120, 70, 46))
    shore = Shape(lambda px, py: py > 17.5 + (int(px) // 3) % 2, top=17)
    canvas.paint(shore, vary(chance, (238, 214, 160)))
    parasol = chance.uniform(6, 26)
    canvas.paint(box(parasol - 0.5, 16, parasol + 0.5, 22), _WHITE)
    shelter = ellipse(parasol, 17, 5, 4) & box(0, 0, WIDTH, 17)
    canvas.paint(shelter, striped(chance.choice(_BRIGHTS), _WHITE, 2))
    return canvas


def city_night(chance: Chance) -> Canvas:
    """Lit windows under the moon."""
    canvas = Canvas(fade((16, 18, 48), (96, 66, 116)))
    for _ in range(18):
        canvas.paint(ellipse(chance.uniform(0, 32), chance.uniform(0, 9), 0.5, 0.5), _WHITE)
    moon = chance.uniform(4, 28)
    canvas.paint(ellipse(moon, 4, 2.5, 2.5) - ellipse(moon + 1.4, 3.4, 2, 2), (250, 240, 200))
    for x in range(0, WIDTH, 4):
        top = chance.randrange(7, 17)
        wall = vary(chance, (44, 42, 66), 10)
        canvas.paint(box(x, top, x + 4, HEIGHT), wall)
        for row in range(top + 1, HEIGHT, 2):
            for column in (x + 1, x + 2):
                if chance.random() < 0.55:
                    light = vary(chance, (250, 206, 110), 20)
                    canvas.paint(box(column, row, column + 1, row + 1), light)
    return canvas


def lilac(chance: Chance) -> Canvas:
    """A spray of lilac."""
    leaf = vary(chance, (84, 140, 84))
    canvas = Canvas(fade(shade(leaf, 0.6), shade(leaf, 0.2)))
    canvas.paint(stroke(16, 24, 16, 16, 0.8), (96, 110, 60))
    for side in (-1, 1):
        canvas.paint(stroke(16, 23, 16 + side * 9, 17, 2.2), leaf)
        canvas.paint(stroke(16, 23, 16 + side * 9, 17, 0.5), shade(leaf, -0.2))
    petal = vary(chance, chance.choice([(168, 120, 200), (206, 150, 212), (236, 226, 244)]))
    for _ in range(44):
        y = chance.uniform(2, 17)
        x = 16 + chance.uniform(-1, 1) * (1 + y * 0.42)
        canvas.paint(ellipse(x, y, 1.2, 1.2), vary(chance, petal, 26))
        canvas.paint(ellipse(x, y, 0.5, 0.5), (250, 240, 190))
    return canvas


def tree(chance: Chance) -> Canvas:
    """A tree with fruit or without."""
    canvas = _meadow(chance)
    canvas.tint(ellipse(16, 21.5, 9, 1.5), -0.25)
    canvas.paint(stroke(16, 12, 16, 21, 1.5), (112, 76, 50))
    season: Rgb = chance.choice([(70, 140, 62), (216, 130, 50), (190, 60, 50), (240, 186, 206)])
    crown = vary(chance, season, 16)
    for x, y, radius in ((11.5, 9, 4.8), (20.5, 9, 4.8), (16, 6.5, 5.2), (16, 11, 5)):
        canvas.paint(ellipse(x, y, radius, radius), crown)
    for _ in range(16):
        x, y = chance.uniform(9, 23), chance.uniform(3, 13)
        canvas.tint(ellipse(x, y, 0.9, 0.9), chance.choice([-0.15, 0.25]))
    return canvas


def house(chance: Chance) -> Canvas:
    """A house with a garden."""
    canvas, wall = _meadow(chance), vary(chance, chance.choice([_WHITE, *_BRIGHTS]), 16)
    canvas.paint(box(21, 3, 24, 9), (150, 90, 76))
    canvas.paint(box(7, 11, 25, 21), shade(wall, 0.35))
    canvas.paint(triangle((16, 2.5), (4, 11.5), (28, 11.5)), vary(chance, (160, 74, 60), 20))
    canvas.paint(box(14, 15, 18, 21), shade(wall, -0.45))
    for x in (9, 20):
        canvas.paint(box(x, 13, x + 3, 17), (180, 222, 240))
        canvas.paint(box(x + 1, 13, x + 2, 17), _WHITE)
    for x in range(0, WIDTH, 3):
        canvas.paint(box(x, 20, x + 2, 23), _WHITE)
    canvas.paint(box(0, 21, WIDTH, 22), _WHITE)
    return canvas


def gone() -> Canvas:
    """What Flickr shows instead of a photo that is no longer there."""
    grey: Rgb = (236, 236, 236)
    canvas = Canvas(checked(grey, shade(grey, -0.03), 1))
    canvas.paint(ellipse(16, 12, 7, 7) - ellipse(16, 12, 5, 5), (170, 170, 174))
    canvas.paint(stroke(11.5, 16.5, 20.5, 7.5, 1), (170, 170, 174))
    return canvas


def _meadow(chance: Chance) -> Canvas:
    """Grass under a sky with a cloud in it."""
    sky, grass = vary(chance, _SKY, 20), vary(chance, _GRASS, 20)
    canvas = Canvas(fade(sky, shade(sky, 0.6), 0, 17))
    x, y = chance.uniform(3, 27), chance.uniform(2, 6)
    for dx, dy, radius in ((-2.5, 0.6, 1.7), (0, 0, 2.2), (2.6, 0.7, 1.6)):
        canvas.paint(ellipse(x + dx, y + dy, radius * 1.3, radius), _WHITE)
    canvas.paint(box(0, 17, WIDTH, HEIGHT), fade(grass, shade(grass, -0.2), 17, 24))
    return canvas
