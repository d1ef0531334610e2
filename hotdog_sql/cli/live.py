"""Where progress is drawn: stderr, as plain text in which strangers' text is not markup."""

from rich.console import Console


def live_console(*, quiet: bool = False) -> Console:
    """The console for what is drawn over while it changes, and for the lines above it."""
    return Console(stderr=True, quiet=quiet, markup=False, highlight=False, soft_wrap=True)
