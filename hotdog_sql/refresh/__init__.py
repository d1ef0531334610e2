"""Getting the official files, and keeping them current.

`run.refresh` asks the server about each file and fetches what is missing or changed; `ensure`
fetches what is missing and asks about nothing else; `facts` tells what is known without asking.
It imports no httpx, nor does this package by itself: a selection's record needs digests alone.

One file's way: `plan` decides what to ask for; `answers` reads the headers that come back;
`bodies` moves the body to disk while `hashing` follows; `verify` holds it to what is known;
`disk` moves it into place; `records` remembers it. `fetch` leads one file along that way, `run`
several at once.
"""
