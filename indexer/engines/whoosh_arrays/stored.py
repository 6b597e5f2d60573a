"""What a page shows of the sections of a document, compressed together: a page of hits unpacks ten of them.

Documents of one collection begin alike and use the same words. A dictionary of samples, kept with the index, saves a
quarter beside compressing each on its own.
"""

from __future__ import annotations

import concurrent.futures
import functools
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

DICTIONARY_BYTES = 32_768  # all that zlib looks back
SAMPLE_BYTES = 400


def rows_to_bytes(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """A document's rows as JSON, one a line."""
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    return "\n".join(lines).encode("utf-8", "surrogatepass")  # a file's name may be no UTF-8


def make_dictionary(documents: Sequence[bytes]) -> bytes:
    """Samples from the middle of documents from all over the collection."""
    step = max(1, len(documents) * SAMPLE_BYTES // DICTIONARY_BYTES)
    middles = (document[len(document) // 2 :] for document in documents[::step])
    return b"".join(middle[:SAMPLE_BYTES] for middle in middles)[:DICTIONARY_BYTES]


def pack_all(documents: Iterable[bytes], dictionary: bytes) -> list[bytes]:
    """Each document compressed, on all cores."""
    with concurrent.futures.ThreadPoolExecutor() as threads:
        return list(threads.map(functools.partial(_pack, dictionary), documents))


def _pack(dictionary: bytes, document: bytes) -> bytes:
    packer = zlib.compressobj(level=9, zdict=dictionary)
    return packer.compress(document) + packer.flush()


def unpack_rows(packed: bytes, dictionary: bytes) -> list[bytes]:
    """Each section's row as JSON, for json.loads; tuples come back as lists."""
    return zlib.decompressobj(zdict=dictionary).decompress(packed).split(b"\n")
