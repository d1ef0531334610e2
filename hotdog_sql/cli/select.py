"""`hotdog-sql select`."""

from typing import TYPE_CHECKING, Annotated

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.options import DEFAULT_DATA_DIR, DEFAULT_SPLITS, splits_of
from hotdog_sql.cli.session import open_database
from hotdog_sql.cli.show import narrator, write_rows
from hotdog_sql.text import printable
from hotdog_sql.vocabulary import Labels, NegativesFrom, Overlap, Related, Release

if TYPE_CHECKING:
    from rich.console import Console

    from hotdog_sql.classes import ImageClass
    from hotdog_sql.selection import Selection

_NEGATIVES = "Negatives"
_LARGEST = 10_000_000


def select(
    class_: Annotated[
        list[str],
        typer.Option(
            "--class",
            metavar="NAME_OR_MID",
            help="Class whose images are taken, by its exact name or MID; again for several.",
        ),
    ],
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, max=_LARGEST, help="Positives at most in each folder.", show_default="all"
        ),
    ] = None,
    overlap: Annotated[
        Overlap, typer.Option(help="What becomes of an image of several chosen classes.")
    ] = Overlap.LEAVE_OUT,
    min_confidence: options.MinConfidenceOption = 1.0,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of the random order.")] = 42,
    negatives: Annotated[
        int,
        typer.Option(
            min=0,
            max=_LARGEST,
            help="Random images without any of the classes.",
            rich_help_panel=_NEGATIVES,
        ),
    ] = 120,
    related: Annotated[
        Related,
        typer.Option(
            help="Classes that no negative may carry: prefix is every class whose name begins "
            "with a chosen one's.",
            rich_help_panel=_NEGATIVES,
        ),
    ] = Related.PREFIX,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME_OR_MID",
            help="Another class that no negative may carry; again for several.",
            rich_help_panel=_NEGATIVES,
        ),
    ] = None,
    negatives_from: Annotated[
        NegativesFrom,
        typer.Option(
            help="verified: images in which a person said that the class is absent; "
            "mixed: those first.",
            rich_help_panel=_NEGATIVES,
        ),
    ] = NegativesFrom.RANDOM,
    negative_folder: Annotated[
        str, typer.Option(help="Folder of the negatives.", rich_help_panel=_NEGATIVES)
    ] = "other",
    split: options.SplitOption = DEFAULT_SPLITS,
    release: options.ReleaseOption = Release.V6,
    labels: options.LabelsOption = Labels.HUMAN,
    data_dir: options.DataDirOption = DEFAULT_DATA_DIR,
    format_name: options.FormatOption = None,
    output: options.OutputOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Select the images of a class and random others, and download them if asked.

    For example: hotdog-sql select --class "Hot dog" --download dataset
    """
    from hotdog_sql.classes import resolve_class
    from hotdog_sql.selection import Selection, SelectionRequest

    with open_database(data_dir, split, release, labels, needs=("select_images",)) as database:
        chosen = [resolve_class(database, name) for name in class_]
        excluded = [resolve_class(database, name) for name in exclude or ()]
        selection = Selection(
            database,
            SelectionRequest(
                classes=tuple(one.mid for one in chosen),
                negatives=negatives,
                seed=seed,
                limit=limit,
                min_confidence=min_confidence,
                related=str(related),
                exclude=tuple(one.mid for one in excluded),
                overlap=str(overlap),
                negatives_from=str(negatives_from),
                negative_folder=negative_folder,
            ),
        )
        console = narrator(quiet=quiet)
        if not quiet:
            where = f"{', '.join(splits_of(split))} of {release}"
            _tell(console, selection, chosen, where)
        write_rows(database, "selection", format_name, output)


def _tell(
    console: "Console", selection: "Selection", chosen: list["ImageClass"], where: str
) -> None:
    """The counts that the tutorial prints."""
    report = selection.report()
    names = ", ".join(f"{printable(one.name)} ({one.mid})" for one in chosen)
    folders = ", ".join(f"{count:,} in {name}" for name, count in selection.folders().items())
    console.print(f"{names}, {where}")
    console.print(f"  positives        {report.positives:>11,}  images that carry the class")
    console.print(f"  related classes  {report.related_classes:>11,}  kept out of the negatives")
    console.print(f"  labelled         {report.labelled:>11,}  images with a positive label")
    console.print(f"  candidates       {report.candidates:>11,}  of them without a related class")
    console.print(f"  selected         {sum(selection.folders().values()):>11,}  {folders}")
