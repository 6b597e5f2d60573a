"""What a build learned of every file, kept beside the index, so that the next one looks only at what has changed."""

from __future__ import annotations

import gc
import pickle
import zlib
from array import array
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from indexer.manifest import LEDGER, LEDGER_CHANGES
from kb.documents.catalog import ScannedFile
from kb.errors import Problem
from kb.library import LoadedDocument, Reference, anchors_of

_NUL = "\0"
_CRC = "I"  # of an array: 32 bits, unsigned


class BodyRecord(NamedTuple):
    """What rendering a file's body told: enough to report on it again without reading it.

    `anchors` are its headings' ids, joined by NUL: one text is pickled many times as fast as a set of them. `lookups`
    are the CRC-32 of each path and id that its links were resolved by, four bytes each: two that are alike only have a
    file looked at again.
    """

    document_id: str
    problems: tuple[Problem, ...]
    references: tuple[Reference, ...]
    anchors: str
    lookups: bytes
    sections: int
    is_readable: bool

    def anchor_set(self) -> frozenset[str]:
        """The ids of its headings."""
        return frozenset(self.anchors.split(_NUL))

    def looked_up(self, marks: AbstractSet[int]) -> bool:
        """Whether a link was resolved by a path or id of one of these CRC-32."""
        return not marks.isdisjoint(array(_CRC, self.lookups))

    @classmethod
    def of(cls, loaded: LoadedDocument, sections: int) -> BodyRecord:
        """The record of a document that was just rendered."""
        return cls(
            loaded.document.id,
            loaded.problems,
            loaded.references,
            _NUL.join(sorted(anchors_of(loaded.document))),
            array(_CRC, sorted(map(_crc, loaded.lookups))).tobytes(),
            sections,
            loaded.is_readable,
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """Of the committed index: its stamps, its documents in order, and by shown path what is known of each file.

    `changed` counts the documents taken in since the index was last built whole. The ledger of that build stays as it
    was (`base`, in the file `base_path`); those of the updates since are kept as what differs from it.
    """

    stamps: tuple[str, str] = ("", "")
    documents: tuple[str, ...] = ()
    changed: int = 0
    scanned: Mapping[str, ScannedFile] = field(default_factory=dict)
    bodies: Mapping[str, BodyRecord] = field(default_factory=dict)
    ids_by_path: Mapping[str, str] = field(default_factory=dict)
    base: Ledger | None = None
    base_path: Path | None = None

    def save(self, folder: Path) -> dict[str, Path]:
        """The files to keep beside the index, by name: a base written to `folder`, or the old base and the changes."""
        if self.base is None or self.base_path is None:
            return {LEDGER: _write(self, folder / LEDGER)}
        values: dict[str, Any] = {"changed": self.changed}
        if self.documents != self.base.documents:
            values["documents"] = self.documents
        for name in _BY_FILE:
            ours, theirs = getattr(self, name), getattr(self.base, name)
            differing = {  # mostly the very same objects, which saves comparing them
                key: value
                for key, value in ours.items()
                if (before := theirs.get(key)) is not value and before != value
            }
            values[name] = differing, theirs.keys() - ours.keys()
        return {LEDGER: self.base_path, LEDGER_CHANGES: _write(values, folder / LEDGER_CHANGES)}

    @classmethod
    def load(
        cls, path: Path | None, base_bytes: bytes | None, changed_bytes: bytes | None, stamps: tuple[str, str]
    ) -> Ledger:
        """What `save` wrote, if it was by the same program and dictionary; an empty ledger otherwise.

        `path` is the base's; what both files hold comes from `unpacked`.
        """
        was_collecting = gc.isenabled()
        # Else it would look at all that is loaded again and again: half of the time of a small update.
        gc.disable()
        try:
            base = _loads(base_bytes) if base_bytes is not None else cls()
            if not isinstance(base, cls) or base.stamps != stamps:
                return cls()
            values = _loads(changed_bytes) if changed_bytes is not None else {}
            for name in _BY_FILE if changed_bytes is not None else ():
                differing, removed = values[name]
                values[name] = {**getattr(base, name), **differing}
                for key in removed:
                    del values[name][key]
            return replace(base, **values, base=base, base_path=path)
        except Exception:  # noqa: BLE001 - whatever a damaged or an older pickle raises: everything is built anew
            return cls()
        finally:
            gc.freeze()  # nor later: it stays until the end of the build
            if was_collecting:
                gc.enable()

    def reusable(self, files: Iterable[ScannedFile], ids_by_path: Mapping[str, str]) -> dict[str, BodyRecord]:
        """By shown path, the records that still hold: same bytes, and no link of theirs leads elsewhere now."""
        moved = {_crc(name) for pair in self.ids_by_path.items() ^ ids_by_path.items() for name in pair}
        kept = {}
        for file in files:
            shown = file.shown_path
            record, before = self.bodies.get(shown), self.scanned.get(shown)
            if record is None or before is None or file.file is None or record.document_id != file.file.id:
                continue
            is_same = before is file or before.digest == file.digest
            if is_same and (not moved or not record.looked_up(moved)):
                kept[shown] = record
        return kept


_BY_FILE = ("scanned", "bodies", "ids_by_path")


def _crc(name: str) -> int:
    return zlib.crc32(name.encode("utf-8", "surrogateescape"))


def _write(value: Any, path: Path) -> Path:
    path.write_bytes(zlib.compress(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL), level=1))
    return path


def unpacked(path: Path | None) -> bytes | None:
    """What a ledger's file holds: None without a file, nothing if it is damaged. Lets go of the interpreter."""
    try:
        return zlib.decompress(path.read_bytes()) if path else None
    except (OSError, zlib.error):
        return b""


def _loads(pickled: bytes) -> Any:
    # As trusted as the TOC beside it, which is a pickle too.
    return pickle.loads(pickled)  # noqa: S301
