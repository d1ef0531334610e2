"""Option values of `select` that can be two things, or hold two."""

import typer

LARGEST_NUMBER = 10_000_000


def negatives_of(text: str) -> tuple[int, float | None]:
    """The number and the ratio that `--negatives` gives: `120`, or `2x`.

    Raises:
        typer.BadParameter: the text is neither, or out of range.
    """
    number, times, rest = text.partition("x")
    try:
        value = float(number) if times else int(number)
    except ValueError:
        value = -1
    if rest or not 0 <= value <= LARGEST_NUMBER:
        raise typer.BadParameter(
            f"{text!r} is neither a number from 0 to {LARGEST_NUMBER:,} nor a ratio such as 2x",
            param_hint="--negatives",
        )
    return (0, value) if times else (int(value), None)


def variables_of(settings: list[str]) -> dict[str, str | int | float]:
    """The variables that `--set NAME=VALUE` gives; what reads as a number is one.

    Raises:
        typer.BadParameter: there is no `=`.
    """
    variables: dict[str, str | int | float] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise typer.BadParameter(f"{setting!r} has no =", param_hint="--set")
        variables[name] = _number(value)
    return variables


def _number(text: str) -> str | int | float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
