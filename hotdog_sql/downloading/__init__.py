"""From selection rows to class folders of photos, a manifest, and a check of both.

The layers, each using only those above it: what a photo is (`photo`, `inspection`, `sources`),
how one is fetched (`body`, `store`, `fetch`), how many are (`hosts`, `engine`), what is recorded
(`entry`, `manifest`, `ledger`, `record`), and the two jobs made of it (`job`, `verify`).
"""
