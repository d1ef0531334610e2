"""The tutorial's selection, step by step in pandas, as the design describes it.

    python pandas_tutorial.py CLASSES LABELS IMAGES OUTPUT

Its faults stay in: negatives are found by leaving out label rows, not images.
"""

import sys
from importlib import import_module
from typing import Any

# The project's own environment does not have it, so type checkers cannot know it.
pd: Any = import_module("pandas")


def main() -> None:
    class_file, label_file, image_file, output = sys.argv[1:]
    classes = pd.read_csv(class_file)
    images = pd.read_csv(image_file)
    labels = pd.read_csv(label_file)
    confirmed = labels[labels["Confidence"] == 1]
    print(f"{len(images):,} image URLs")
    print(f"{len(confirmed):,} confirmed labels on {confirmed['ImageID'].nunique():,} images")
    print(f"{len(classes):,} classes")
    print(images.head(), confirmed.head(), classes.head(), sep="\n")

    related = classes[classes["DisplayName"].str.startswith("Hot dog")]
    print(related)
    hot_dog = classes[classes["DisplayName"] == "Hot dog"]["LabelName"]
    hot_dog_ids = confirmed[confirmed["LabelName"].isin(hot_dog)]["ImageID"].unique()
    hot_dogs = images[images["ImageID"].isin(hot_dog_ids)]
    print(f"{len(hot_dogs):,} hot dog images")

    other_ids = confirmed[~confirmed["LabelName"].isin(related["LabelName"])]["ImageID"].unique()
    others = images[images["ImageID"].isin(other_ids)].sample(120, random_state=42)
    print(f"{len(others):,} others")
    pd.concat([hot_dogs.assign(folder="hot_dog"), others.assign(folder="other")]).to_csv(
        output, index=False
    )


if __name__ == "__main__":
    main()
