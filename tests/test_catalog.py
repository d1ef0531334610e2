"""The catalog of official files."""

from collections import Counter

from hotdog_sql.catalog import catalog, files_for
from hotdog_sql.options import DataOptions, Release


def names(release: str, *splits: str, labels: str = "human") -> list[str]:
    options = DataOptions(release=release, splits=splits, labels=labels)
    return [file.name for file in files_for(options)]


def test_options_select_files() -> None:
    assert names("v6", "test") == [
        "oidv6-class-descriptions.csv",
        "test-images-with-rotation.csv",
        "test-annotations-human-imagelabels.csv",
    ]
    assert names("v7", "train", labels="both") == [
        "oidv7-class-descriptions.csv",
        "oidv6-train-images-with-labels-with-rotation.csv",
        "oidv7-train-annotations-human-imagelabels.csv",
        "oidv7-train-annotations-machine-imagelabels.csv",
    ]
    assert names("v7", "validation", labels="machine")[2:] == [
        "oidv7-val-annotations-machine-imagelabels.csv"
    ]
    all_names = names("v6", "all")
    assert all_names == names("v6", "train", "test", "validation")
    assert len(all_names) == 7


def test_every_release_has_every_file() -> None:
    assert {file.release for file in catalog()} == set(Release)
    assert len({file.path for file in catalog()}) == len({file.name for file in catalog()})
    expected: list[tuple[str, str | None]] = [("classes", None), ("hierarchy", None)]
    for kind in ("images", "human_labels", "machine_labels", "boxes"):
        expected += [(kind, split) for split in ("test", "validation", "train")]
    for release in Release:
        rows = [(file.kind, file.split) for file in catalog() if file.release == release]
        assert Counter(rows) == Counter(expected)
