"""Whether an index is of the content as it is now: digests and versions, stamped into it and compared."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.fields import weights_stamp
from indexer.language.thesaurus import Thesaurus, load_thesaurus
from indexer.language.tokenizer import dictionary_stamp
from indexer.manifest import Manifest
from kb.documents.catalog import ScannedFile
from kb.documents.files import file_digest, markdown_files
from kb.errors import ContentError, Problem

THESAURUS_FILE = "thesaurus.yaml"
USER_DICTIONARY_FILE = "user_dictionary.csv"


@dataclass(frozen=True, slots=True)
class Extras:
    """What editors keep beside the documents (the first of each in the content folders), and what is wrong with it."""

    thesaurus: Thesaurus
    user_dictionary: Path | None
    problems: tuple[Problem, ...]


def read_extras(roots: Sequence[str]) -> Extras:
    """The thesaurus, and where the user dictionary is."""
    thesaurus = Thesaurus()
    problems: tuple[Problem, ...] = ()
    if path := _find(roots, THESAURUS_FILE):
        try:
            thesaurus = load_thesaurus(path)
        except ContentError as error:
            problems = error.problems
    return Extras(thesaurus, _find(roots, USER_DICTIONARY_FILE), problems)


def program_stamps(roots: Sequence[str]) -> tuple[str, str]:
    """(weights, dictionary) that an index must carry for this program to update it."""
    return weights_stamp(), dictionary_stamp(_find(roots, USER_DICTIONARY_FILE))


def content_digest(roots: Sequence[str], scanned: Mapping[str, ScannedFile] | None = None) -> str:
    """SHA-256 over the names and bytes of everything that goes into an index; of Markdown as it was `scanned`."""
    total = hashlib.sha256()
    for root in roots:
        prefix = os.path.join(root, "")
        if scanned is None:
            files = [(path, file_digest(prefix + path)) for path in markdown_files(root)]
        else:
            begin = len(prefix)
            files = [(shown[begin:], file.digest) for shown, file in scanned.items() if shown.startswith(prefix)]
        files += [(name, file_digest(prefix + name)) for name in (THESAURUS_FILE, USER_DICTIONARY_FILE)]
        lines = "".join(f"{path}\0{digest}\n" for path, digest in sorted(files))
        total.update(lines.encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def is_stale(manifest: Manifest, roots: Sequence[str]) -> bool:
    """Whether content, dictionary, schema or weights differ from what the index was made of."""
    return (manifest.weights, manifest.dictionary) != program_stamps(roots) or (
        manifest.content_digest != content_digest(roots)
    )


def _find(roots: Sequence[str], name: str) -> Path | None:
    return next((path for root in roots if os.path.lexists(path := Path(root, name))), None)
