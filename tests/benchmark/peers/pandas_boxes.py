"""The boxes of a class with pandas, as two tools read the same file.

    python pandas_boxes.py oidv4|fiftyone BOXES OUTPUT

Both read the whole file. OIDv4_ToolKit then filters by class; FiftyOne finds the images of the
class and looks each of them up among the rows, which are in the order of ImageIDs.
"""

import sys
from importlib import import_module
from typing import Any

# The project's own environment does not have it, so type checkers cannot know it.
pd: Any = import_module("pandas")


def main() -> None:
    way, file, output = sys.argv[1:]
    if way == "oidv4":
        boxes = pd.read_csv(file)
        found = boxes[boxes["LabelName"] == "/m/01b9xk"]
    else:
        boxes = pd.read_csv(file, dtype={"ImageID": str})
        column = boxes["ImageID"]
        images = sorted(set(column[boxes["LabelName"] == "/m/01b9xk"]))
        parts = [
            boxes[column.searchsorted(one, "left") : column.searchsorted(one, "right")]
            for one in images
        ]
        rows = pd.concat(parts)
        found = rows[rows["LabelName"] == "/m/01b9xk"]
    found.to_csv(output, index=False)


if __name__ == "__main__":
    main()
