"""From photos to a dataset: fetch them, check them, keep them, and record each in the manifest.

`Photo` -> `Result` -> a line of manifest.csv. `run` cuts the photos into shards, an executor
runs them with a pool of fetchers, and the results are appended to the manifest.
"""
