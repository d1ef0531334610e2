"""Programs that hotdog-sql is compared with; each runs in a separate process.

python peers.py bare_scan count|columns LABELS IMAGES
python peers.py polars_lazy CLASSES LABELS IMAGES OUTPUT
python peers.py pandas_tutorial CLASSES LABELS IMAGES OUTPUT
python peers.py pandas_boxes_oidv4 BOXES OUTPUT
python peers.py pandas_boxes_fiftyone BOXES OUTPUT
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

#: The columns that are numbers.
_NUMBERS = {"Confidence": "DOUBLE", "OriginalSize": "BIGINT", "Rotation": "DOUBLE"}
_READ = """
FROM read_csv(
    $file, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
    columns = {columns}
)
"""
_SELECT = {"count": "SELECT count(*)", "columns": "SELECT count(COLUMNS(*))"}


def bare_scan(what: str, labels: str, images: str) -> None:
    """Read every row of the label and the image file once with DuckDB, the minimum for any query.

    `count` parses only line ends and the first column. `columns` parses every column, as a query
    that needs them all must do.
    """
    duckdb: Any = import_module("duckdb")
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        for file in (labels, images):
            with Path(file).open(encoding="utf-8") as lines:
                names = lines.readline().strip().split(",")
            source = _READ.format(columns={name: _NUMBERS.get(name, "VARCHAR") for name in names})
            print(connection.execute(source + _SELECT[what], {"file": file}).fetchall())


def polars_lazy(class_file: str, label_file: str, image_file: str, output: str) -> None:
    """Make the same selection with the lazy, streaming engine of polars.

    Negatives are images without a related class, drawn with a fixed seed.
    """
    pl: Any = import_module("polars")
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
    selection.write_csv(output)


def pandas_tutorial(class_file: str, label_file: str, image_file: str, output: str) -> None:
    """Make the selection step by step as the published pandas tutorial does.

    Keeps its mistake: it excludes label rows instead of images from the negatives.
    """
    pd: Any = import_module("pandas")
    classes = pd.read_csv(class_file)
    images = pd.read_csv(image_file)
    labels = pd.read_csv(label_file)
    confirmed = labels[labels["Confidence"] == 1]
    related = classes[classes["DisplayName"].str.startswith("Hot dog")]
    hot_dog = classes[classes["DisplayName"] == "Hot dog"]["LabelName"]
    hot_dog_ids = confirmed[confirmed["LabelName"].isin(hot_dog)]["ImageID"].unique()
    hot_dogs = images[images["ImageID"].isin(hot_dog_ids)]
    other_ids = confirmed[~confirmed["LabelName"].isin(related["LabelName"])]["ImageID"].unique()
    others = images[images["ImageID"].isin(other_ids)].sample(120, random_state=42)
    pd.concat([hot_dogs.assign(folder="hot_dog"), others.assign(folder="other")]).to_csv(
        output, index=False
    )


def pandas_boxes_oidv4(file: str, output: str) -> None:
    """Select the boxes of a class as OIDv4_ToolKit does, from the whole file."""
    pd: Any = import_module("pandas")
    boxes = pd.read_csv(file)
    boxes[boxes["LabelName"] == "/m/01b9xk"].to_csv(output, index=False)


def pandas_boxes_fiftyone(file: str, output: str) -> None:
    """Select the boxes of a class as FiftyOne does.

    Finds the images of the class, and looks up each one in the rows, which are sorted by image.
    """
    pd: Any = import_module("pandas")
    boxes = pd.read_csv(file, dtype={"ImageID": str})
    column = boxes["ImageID"]
    images = sorted(set(column[boxes["LabelName"] == "/m/01b9xk"]))
    parts = [
        boxes[column.searchsorted(image, "left") : column.searchsorted(image, "right")]
        for image in images
    ]
    rows = pd.concat(parts)
    rows[rows["LabelName"] == "/m/01b9xk"].to_csv(output, index=False)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
