"""How much memory DuckDB may use unless it is told; beyond it, it uses the disk."""

#: For queries: a selection from the train split is no slower than with all of the machine's.
MEMORY_LIMIT = "350MB"

#: For making an index of any split; the process stays below 2 GB with it.
INDEX_MEMORY_LIMIT = "1500MB"
