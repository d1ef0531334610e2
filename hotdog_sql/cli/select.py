"""`hotdog-sql select`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from hotdog_sql.cli import download_options as downloading
from hotdog_sql.cli import options
from hotdog_sql.cli.completion import complete_class
from hotdog_sql.cli.destinations import (
    DatasetFormatOption,
    SchedulerOption,
    ShardSizeOption,
    destination_of,
)
from hotdog_sql.cli.options import DEFAULT_DATA_DIR, DEFAULT_MEMORY_LIMIT, DEFAULT_SPLITS
from hotdog_sql.cli.selecting import tell, tell_changes, tell_folders
from hotdog_sql.cli.session import open_database, session_of
from hotdog_sql.cli.show import Narrator, write_rows
from hotdog_sql.cli.values import LARGEST_NUMBER, negatives_of, variables_of
from hotdog_sql.options import (
    DatasetFormat,
    GroupBy,
    Labels,
    NegativesFrom,
    Overlap,
    Related,
    Release,
)

_NEGATIVES = "Negatives"
_RECIPE = "Instead of --class"
_PARTS = "Parts of the dataset"


def select(
    context: typer.Context,
    class_: Annotated[
        list[str] | None,
        typer.Option(
            "--class",
            metavar="NAME_OR_MID",
            autocompletion=complete_class,
            help="Class whose images are taken, by exact name or MID. Again for several: a "
            "folder each.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=LARGEST_NUMBER,
            help="Positives at most in each folder.",
            show_default="all",
        ),
    ] = None,
    overlap: Annotated[
        Overlap, typer.Option(help="What becomes of an image of several chosen classes.")
    ] = Overlap.LEAVE_OUT,
    min_confidence: options.MinConfidenceOption = 1.0,
    seed: Annotated[
        int, typer.Option(metavar="N", min=0, max=2**63 - 1, help="Seed of the random order.")
    ] = 42,
    negatives: Annotated[
        str,
        typer.Option(
            metavar="N|Nx",
            help="Images without any of the classes: a number, or a ratio to the positives "
            "such as 2x.",
            rich_help_panel=_NEGATIVES,
        ),
    ] = "120",
    negatives_from: Annotated[
        NegativesFrom,
        typer.Option(
            help="verified: images in which a person said that the class is absent; mixed: "
            "those first, then random ones.",
            rich_help_panel=_NEGATIVES,
        ),
    ] = NegativesFrom.RANDOM,
    related: Annotated[
        Related,
        typer.Option(
            help="Classes that no negative may carry either. prefix: their names begin with the "
            "chosen one's; hierarchy: they lie below it in Open Images' tree.",
            rich_help_panel=_NEGATIVES,
        ),
    ] = Related.PREFIX,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME_OR_MID",
            autocompletion=complete_class,
            help="Another class that no negative may carry; again for several.",
            rich_help_panel=_NEGATIVES,
            show_default=False,
        ),
    ] = None,
    negative_folder: Annotated[
        str, typer.Option(help="Folder of the negatives.", rich_help_panel=_NEGATIVES)
    ] = "other",
    partition: Annotated[
        str | None,
        typer.Option(
            metavar="SHARES",
            help="Parts of the dataset, such as 80/20 or train=0.8,test=0.2.",
            rich_help_panel=_PARTS,
            show_default=False,
        ),
    ] = None,
    group_by: Annotated[
        GroupBy,
        typer.Option(
            help="What never stands in two parts: all copies of an image, or also all images of "
            "an author.",
            rich_help_panel=_PARTS,
        ),
    ] = GroupBy.IMAGE,
    query: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="A file with one SELECT of your own that yields ImageID and folder, and rank if "
            "it likes.",
            rich_help_panel=_RECIPE,
            show_default=False,
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A session variable that the query reads with getvariable.",
            rich_help_panel=_RECIPE,
            show_default=False,
        ),
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from",
            exists=True,
            dir_okay=False,
            help="The selection.json of a dataset: make its selection again and tell what has "
            "changed.",
            rich_help_panel=_RECIPE,
            show_default=False,
        ),
    ] = None,
    split: options.SplitOption = DEFAULT_SPLITS,
    release: options.ReleaseOption = Release.V6,
    labels: options.LabelsOption = Labels.HUMAN,
    data_dir: options.DataDirOption = DEFAULT_DATA_DIR,
    threads: options.ThreadsOption = None,
    memory_limit: options.MemoryLimitOption = DEFAULT_MEMORY_LIMIT,
    offline: options.OfflineOption = False,
    yes: options.YesOption = False,
    format_name: options.FormatOption = None,
    output: options.OutputOption = None,
    quiet: options.QuietOption = False,
    download: Annotated[
        str | None,
        typer.Option(
            metavar="DEST",
            parser=destination_of,
            help="Download the photos into a folder, or to an address such as "
            "s3://bucket/prefix; rows are written only if --output or --format asks for them.",
            rich_help_panel=downloading.PANEL,
            show_default=False,
        ),
    ] = None,
    source: downloading.SourceOption = downloading.DEFAULT_SOURCES,
    workers: downloading.WorkersOption = downloading.DEFAULT_WORKERS,
    per_host: downloading.PerHostOption = downloading.DEFAULT_PER_HOST,
    max_bytes: downloading.MaxBytesOption = downloading.DEFAULT_MAX_BYTES,
    strict_md5: downloading.StrictMd5Option = False,
    retry_failed: downloading.RetryFailedOption = False,
    top_up: downloading.TopUpOption = True,
    update: downloading.UpdateOption = False,
    upright: downloading.UprightOption = False,
    max_side: downloading.MaxSideOption = None,
    dataset_format: DatasetFormatOption = DatasetFormat.FILES,
    shard_size: ShardSizeOption = None,
    scheduler: SchedulerOption = None,
    gallery: downloading.GalleryOption = True,
    verbose: downloading.VerboseOption = False,
) -> None:
    """Select the images of a class and random others, and download them if asked.

    For example: hotdog-sql select --class "Hot dog" --download dataset
    """
    from hotdog_sql.options import SelectOptions, parse_partition
    from hotdog_sql.recipe import Recipe, save_recipe
    from hotdog_sql.selection import STEPS
    from hotdog_sql.selection import select as select_rows

    if [bool(class_), query is not None, from_ is not None].count(True) != 1:
        raise typer.BadParameter("give --class, or --query, or --from: one of the three")
    if download is None:
        downloading.refuse_without_download(context)
    # Before all else: it may need a library that is missing.
    how = download and downloading.options_of(
        source=source,
        workers=workers,
        per_host=per_host,
        max_bytes=max_bytes,
        strict_md5=strict_md5,
        retry_failed=retry_failed,
        top_up=top_up,
        update=update,
        upright=upright,
        max_side=max_side,
        dataset_format=dataset_format,
        shard_size=shard_size,
        scheduler=scheduler,
    )
    session = session_of(data_dir, split, release, labels, threads, memory_limit)
    then = None
    if from_ is not None:
        then = Recipe.read(from_)
        wanted = then.options
        session = replace(then.data_options(data_dir), threads=threads, memory_limit=memory_limit)
    else:
        count, ratio = negatives_of(negatives)
        wanted = SelectOptions(
            classes=tuple(class_ or ()),
            negatives=count,
            ratio=ratio,
            seed=seed,
            limit=limit,
            min_confidence=min_confidence,
            related=str(related),
            exclude=tuple(exclude or ()),
            overlap=str(overlap),
            negatives_from=str(negatives_from),
            negative_folder=negative_folder,
            query=query.read_text(encoding="utf-8") if query else None,
            variables=variables_of(set_ or []),
            partition=parse_partition(partition) if partition else None,
            group_by=str(group_by),
        )
    needs = [*STEPS]
    if wanted.related == Related.HIERARCHY:
        needs.append("descendant_classes")
    with open_database(session, needs, offline=offline, yes=yes, quiet=quiet) as database:
        selection = select_rows(database, wanted)
        narrator = Narrator(quiet)
        if not quiet:
            tell(narrator, session, selection)
            tell_folders(narrator, selection)
        recipe = Recipe.of(selection) if output or download or then else None
        if recipe and then:
            tell_changes(narrator, recipe.changes_since(then))
        if output or format_name or not download:
            write_rows(database, selection.table, format_name, output)
        if output and recipe:
            save_recipe(output, recipe)
        if download and how:
            code = downloading.run_download(
                selection,
                download,
                how,
                recipe=recipe,
                gallery=gallery,
                quiet=quiet,
                verbose=verbose,
            )
            raise typer.Exit(code)
