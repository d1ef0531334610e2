"""Download photos into a dataset, check them, and record each one in the manifest.

`Photo` -> `Result` -> a line of manifest.csv. `run` cuts the photos into shards, an executor
downloads the shards with a pool of threads, and `run` appends the results to the manifest.
"""
