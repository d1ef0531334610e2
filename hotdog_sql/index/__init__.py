"""Parquet files beside the CSVs, which hold the same rows and are read in their place.

`state` tells which of them are still true to their CSVs, before a database loads its views;
`build` writes them. `sql/index/` says how their rows are kept and how the views read them.
"""
