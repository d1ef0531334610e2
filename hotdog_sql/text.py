"""Text for people: strangers' text made safe to show, sizes as they are read."""

import unicodedata

#: Unicode categories that move the cursor, hide text or reorder it: control, format
#: (bidirectional overrides, zero-width), surrogate, private use, line and paragraph separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def printable(text: str) -> str:
    """The text on one line, without anything that a terminal would act on."""
    if text.isprintable():
        return text
    return "".join(" " if unicodedata.category(c) in _UNSAFE else c for c in text)


def size_text(size: int | None) -> str:
    """A size as people read it, in decimal units."""
    if size is None:
        return "unknown size"
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= limit:
            return f"{size / limit:,.1f} {unit}"
    return f"{size} bytes"
