"""A Whoosh index whose postings are memory-mapped arrays, matched and scored with NumPy."""

from indexer.engines.whoosh_arrays.engine import WhooshArrays

__all__ = ["WhooshArrays"]
