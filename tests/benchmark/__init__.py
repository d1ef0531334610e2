"""Benchmarks of hotdog-sql and its alternatives, on generated files of real size."""
