"""The same selection in polars, by its lazy and streaming engine.

    python polars_lazy.py CLASSES LABELS IMAGES OUTPUT

Negatives are whole images without a related class, drawn with a fixed seed.
"""

import sys
from importlib import import_module
from typing import Any

# The project's own environment does not have it, so type checkers cannot know it.
pl: Any = import_module("polars")


def main() -> None:
    class_file, label_file, image_file, output = sys.argv[1:]
    classes = pl.read_csv(class_file)
    related = classes.filter(pl.col("DisplayName").str.starts_with("Hot dog"))["LabelName"]
    hot_dog = classes.filter(pl.col("DisplayName") == "Hot dog")["LabelName"]
    confirmed = pl.scan_csv(label_file).filter(pl.col("Confidence") == 1)
    by_image = (
        confirmed.group_by("ImageID")
        .agg(
            pl.col("LabelName").is_in(related.implode()).any().alias("is_related"),
            pl.col("LabelName").is_in(hot_dog.implode()).any().alias("is_hot_dog"),
        )
        .collect(engine="streaming")
    )
    print(f"{len(by_image):,} images with a confirmed label")
    hot_dogs = by_image.filter("is_hot_dog").select("ImageID", folder=pl.lit("hot_dog"))
    others = (
        by_image.filter(~pl.col("is_related"))
        .sort("ImageID")
        .sample(120, seed=42)
        .select("ImageID", folder=pl.lit("other"))
    )
    chosen = pl.concat([hot_dogs, others])
    images = pl.scan_csv(image_file, infer_schema=False)
    selection = chosen.lazy().join(images, on="ImageID").collect(engine="streaming")
    print(f"{len(selection):,} rows")
    selection.write_csv(output)


if __name__ == "__main__":
    main()
