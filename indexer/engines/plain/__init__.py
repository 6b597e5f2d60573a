"""What matching means: the ranking written from its definitions, with dictionaries and loops, slow and obvious.

It holds its index in memory and is meant to be read and to be compared with; every other engine must answer as it does.
"""

from indexer.engines.plain.engine import PlainEngine

__all__ = ["PlainEngine"]
