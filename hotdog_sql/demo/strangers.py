"""What strangers write about their photos and themselves: any script, markup, control codes."""

#: Photographers' names.
AUTHORS = (
    "David",
    "Jo Miller",
    "O'Brien, Pat",
    'Max "the lens" Ruiz',
    "Søren Østergård",
    "山田 花子",
    "Ольга Ж.",
    "مريم",
    "Zoë & Björn",
    "snaps_by_lee",
    "Tamás",
    "<b>bold</b>",
    "=HYPERLINK(1)",
    "\x1b[31mred\x1b[0m",
)

#: Titles that have broken somebody's program.
TITLES = (
    "<script>alert('not hot dog')</script>",
    'The "real" one, they said',
    "one, two, three",
    "ホットドッグじゃない",
    "Хот-дог?",
    "لذيذ",
    "🌭🌭🌭",
    "\x1b[2Jcleared",
    "bell\x07 and tab\tand escape\x1b",
    "\u202egod toh",
    "../../../etc/passwd",
    "'); DROP TABLE images; --",
    "%s %d {title} $(date) `date`",
    "-",
    "",
    " ",
    "a very long title " * 12,
)
