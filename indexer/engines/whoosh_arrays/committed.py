"""What is committed in a folder: the one segment, its manifest, and the files kept beside it."""

from __future__ import annotations

from pathlib import Path

from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, EmptyIndexError

from indexer.engines.whoosh_arrays.codec import ArraySegment
from indexer.engines.whoosh_arrays.writer import INDEX_NAME
from indexer.manifest import Manifest
from kb.errors import IndexMissingError, IndexStaleError, SearchIndexError


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the committed index; IndexMissingError if there is none."""
    return Manifest.from_plain(committed_segment(folder)[0].manifest)


def attachment(folder: Path, name: str) -> Path | None:
    """A file kept beside the committed index; None if there is none, or the index is damaged."""
    try:
        segment, _, _ = committed_segment(folder)
        check_sizes(folder, segment)
    except (SearchIndexError, FileNotFoundError):
        return None
    file_name = f"{segment.segment_id()}.{name}"
    return folder / file_name if file_name in segment.sizes else None


def check_sizes(folder: Path, segment: ArraySegment) -> None:
    """IndexStaleError if a file of the segment is not as long as it was when committed."""
    for file_name, size in segment.sizes.items():
        if (folder / file_name).stat().st_size != size:
            raise IndexStaleError(f"{folder}: the index is damaged ({file_name} has another size)")


def committed_segment(folder: Path) -> tuple[ArraySegment, TOC, FileStorage]:
    """What Whoosh's newest TOC names; IndexMissingError or IndexStaleError if that is no index of ours."""
    storage = FileStorage(str(folder), readonly=True)
    try:
        toc = TOC.read(storage, INDEX_NAME)
    except PermissionError as error:
        raise IndexStaleError(f"{folder}: the index cannot be read: {error.strerror}") from error
    except (EmptyIndexError, OSError) as error:
        raise IndexMissingError(f"{folder}: no index") from error
    except Exception as error:  # whatever a foreign or damaged TOC makes unpickling raise
        raise IndexStaleError(f"{folder}: the index cannot be read ({error})") from error
    if not toc.segments or not isinstance(toc.segments[0], ArraySegment):
        raise IndexStaleError(f"{folder}: the index was made by another program")
    return toc.segments[0], toc, storage
