"""Strangers' text made safe to show: titles, authors and class names are anybody's."""

import unicodedata

#: Unicode categories that move the cursor, hide text or reorder it: control, format
#: (bidirectional overrides, zero-width), surrogate, private use, line and paragraph separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def printable(text: str) -> str:
    """The text on one line, without anything that a terminal would act on."""
    if text.isprintable():
        return text
    return "".join(" " if unicodedata.category(c) in _UNSAFE else c for c in text)
