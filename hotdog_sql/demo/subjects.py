"""What the photos show, and which classes of Open Images that makes them."""

from collections.abc import Callable
from dataclasses import dataclass

from hotdog_sql.demo import food, scenery
from hotdog_sql.demo.canvas import Canvas
from hotdog_sql.demo.chance import Chance

#: MIDs and names as the real class file has them: two classes called Lilac, a comma, quotes,
#: letters beyond ASCII, and three names that begin with "Hot dog".
CLASSES = {
    "/m/019jd": "Boat",
    "/m/01_bhs": "Fast food",
    "/m/01b9xk": "Hot dog",
    "/m/01bqvp": "Sky",
    "/m/01crnh": "Meal, ready-to-eat",
    "/m/01d74z": "Night",
    "/m/01g317": "Person",
    "/m/01lrl": "Carnivore",
    "/m/01n32": "City",
    "/m/01yrx": "Cat",
    "/m/025s3q0": "Landscape",
    "/m/0271t": "Drink",
    "/m/02cj3": "Dachshund",
    "/m/02dmwz": "Soufflé",
    "/m/02p5f1q": "Coffee cup",
    "/m/02wbm": "Food",
    "/m/02wvth": 'Fiat 500 "topolino"',
    "/m/02xwb": "Fruit",
    "/m/02y6n": "French fries",
    "/m/0364jn": "Café au lait",
    "/m/03jm5": "House",
    "/m/04ffcj": "Lilac",
    "/m/052lwg6": "Baked goods",
    "/m/05s2s": "Plant",
    "/m/05xnqg": "Street food",
    "/m/05ztbl": "Chicago-style hot dog",
    "/m/0663v": "Pizza",
    "/m/06npx": "Sea",
    "/m/07j7r": "Tree",
    "/m/07vh6y": "Hot dog bun",
    "/m/07yv9": "Vehicle",
    "/m/09728": "Bread",
    "/m/09d_r": "Mountain",
    "/m/09qck": "Banana",
    "/m/0b3yr": "Beach",
    "/m/0bm1pg": "Hot dog stand",
    "/m/0bt9lr": "Dog",
    "/m/0cdn1": "Hamburger",
    "/m/0cgh4": "Building",
    "/m/0cxn2": "Ice cream",
    "/m/0dzct": "Human face",
    "/m/0hsrw": "Sailboat",
    "/m/0jbk": "Animal",
    "/m/0k354": "Lilac",
    "/m/0k4j": "Car",
    "/m/0kdzn": "Sausage",
}

#: Open Images' boxable classes as a tree, cut down to the demo's: kinds and parts of each class.
HIERARCHY = {
    "LabelName": "/m/0bl9f",
    "Subcategory": [
        {
            "LabelName": "/m/02wbm",
            "Subcategory": [
                {
                    "LabelName": "/m/01_bhs",
                    "Subcategory": [
                        {"LabelName": "/m/01b9xk"},
                        {"LabelName": "/m/02y6n"},
                        {"LabelName": "/m/0cdn1"},
                        {"LabelName": "/m/0663v"},
                    ],
                },
                {"LabelName": "/m/052lwg6", "Subcategory": [{"LabelName": "/m/09728"}]},
                {"LabelName": "/m/02xwb", "Subcategory": [{"LabelName": "/m/09qck"}]},
                {"LabelName": "/m/0cxn2"},
            ],
        },
        {"LabelName": "/m/01g317", "Part": [{"LabelName": "/m/0dzct"}]},
        {
            "LabelName": "/m/0jbk",
            "Subcategory": [
                {
                    "LabelName": "/m/01lrl",
                    "Subcategory": [{"LabelName": "/m/0bt9lr"}, {"LabelName": "/m/01yrx"}],
                }
            ],
        },
        {
            "LabelName": "/m/07yv9",
            "Subcategory": [
                {"LabelName": "/m/0k4j"},
                {"LabelName": "/m/019jd", "Subcategory": [{"LabelName": "/m/0hsrw"}]},
            ],
        },
        {"LabelName": "/m/0cgh4", "Subcategory": [{"LabelName": "/m/03jm5"}]},
        {"LabelName": "/m/05s2s", "Subcategory": [{"LabelName": "/m/07j7r"}]},
        {"LabelName": "/m/0271t"},
    ],
}

HOT_DOG = "/m/01b9xk"


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that photos are taken of.

    Attributes:
        draw: paints one, different for each state of the random numbers.
        title: what people call their photo of it.
        classes: MIDs; every photo carries the first, most carry the others.
        share: how often it comes up, in comparison with the others.
        looks_alike: whether the annotators were asked if this is a hot dog. It is not.
    """

    draw: Callable[[Chance], Canvas]
    title: str
    classes: tuple[str, ...]
    share: int = 0
    looks_alike: bool = False


HOT_DOGS = (
    Subject(food.hot_dog, "Lunch", (HOT_DOG, "/m/02wbm", "/m/01_bhs", "/m/0kdzn")),
    Subject(food.hot_dog, "Dragged through the garden", (HOT_DOG, "/m/05ztbl", "/m/02wbm")),
    Subject(scenery.hot_dog_eater, "First bite", (HOT_DOG, "/m/01g317", "/m/0dzct", "/m/02wbm")),
)

OTHERS = (
    Subject(scenery.hot_dog_stand, "Corner stand", ("/m/0bm1pg", "/m/05xnqg", "/m/01n32"), 2),
    Subject(food.empty_bun, "Sold out", ("/m/07vh6y", "/m/09728", "/m/052lwg6", "/m/02wbm"), 2),
    Subject(
        scenery.dachshund,
        "Not a hot dog",
        ("/m/02cj3", "/m/0bt9lr", "/m/01lrl", "/m/0jbk"),
        7,
        looks_alike=True,
    ),
    Subject(food.hamburger, "The other one", ("/m/0cdn1", "/m/01_bhs", "/m/02wbm"), 5, True),
    Subject(food.french_fries, "On the side", ("/m/02y6n", "/m/01_bhs", "/m/02wbm"), 4, True),
    Subject(food.pizza, "Friday", ("/m/0663v", "/m/02wbm", "/m/01crnh", "/m/052lwg6"), 5, True),
    Subject(food.banana, "Still life", ("/m/09qck", "/m/02xwb", "/m/02wbm"), 5, True),
    Subject(food.ice_cream, "Three scoops", ("/m/0cxn2", "/m/02wbm"), 5),
    Subject(food.coffee, "Eight o'clock", ("/m/02p5f1q", "/m/0271t", "/m/0364jn"), 5),
    Subject(scenery.cat, "Unimpressed", ("/m/01yrx", "/m/01lrl", "/m/0jbk"), 6),
    Subject(scenery.portrait, "Portrait", ("/m/01g317", "/m/0dzct"), 8),
    Subject(scenery.topolino, "Topolino", ("/m/02wvth", "/m/0k4j", "/m/07yv9"), 5),
    Subject(scenery.mountains, "Above the valley", ("/m/09d_r", "/m/025s3q0", "/m/01bqvp"), 6),
    Subject(scenery.beach, "Low tide", ("/m/0b3yr", "/m/06npx", "/m/0hsrw", "/m/019jd"), 6),
    Subject(scenery.city_night, "Half past ten", ("/m/01n32", "/m/01d74z", "/m/0cgh4"), 5),
    Subject(scenery.lilac, "Lilac", ("/m/04ffcj", "/m/0k354", "/m/05s2s"), 4),
    Subject(scenery.tree, "The tree at the gate", ("/m/07j7r", "/m/05s2s", "/m/01bqvp"), 6),
    Subject(scenery.house, "Number nine", ("/m/03jm5", "/m/0cgh4"), 5),
)
