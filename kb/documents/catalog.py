"""Every file of the content folders with its front matter: scanned first, since links need every file's id."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from kb.documents.files import (
    UNREADABLE,
    UnreadableError,
    decode,
    derived_id,
    file_digest,
    file_stamp,
    is_inside,
    markdown_paths,
    read_bytes,
)
from kb.documents.front_matter import CURATED_KINDS, FrontMatter, parse_front_matter
from kb.documents.front_matter_keys import MAX_GUIDE_PAGE
from kb.errors import Problem, Severity
from kb.vocabulary import KINDS

_KIND_ORDER = {kind: number for number, kind in enumerate(KINDS)}


class ContentFile(NamedTuple):  # as thousands of them are unpickled at every update, here and below
    """A readable Markdown file: its front matter, the id it is known by, and its size in bytes.

    `shown_path` is how problems name it: the content folder as given, then the path inside it.
    """

    root: str
    path: str
    shown_path: str
    id: str
    front: FrontMatter
    size: int

    @property
    def kind(self) -> str:
        return self.front.text("kind") or "internal"

    @property
    def order(self) -> str:
        """The guide by chapter and page, then cases, glossary and internal documents, by path: see Document."""
        chapter, pages = self.front.values.get("chapter"), self.front.values.get("guide_pages")
        first_page = pages[0] if isinstance(pages, tuple) else MAX_GUIDE_PAGE + 1
        return f"{_KIND_ORDER[self.kind]}/{chapter if isinstance(chapter, int) else 0}/{first_page:04}/{self.path}"

    @property
    def severity(self) -> Severity:
        """What is an error in the curated kinds is a warning in an internal document, which others wrote."""
        return Severity.ERROR if self.kind in CURATED_KINDS else Severity.WARNING


class ScannedFile(NamedTuple):
    """What one look at a file gave: SHA-256 of its bytes, the file if it is readable, and its own problems.

    `stamp` is (size, mtime ns, ctime ns), or None if the file was too young to tell a later change by its times.
    """

    shown_path: str
    stamp: tuple[int, int, int] | None
    digest: str
    file: ContentFile | None
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class Catalog:
    """Every file of the content folders and what is wrong with their front matter; bodies are not kept."""

    roots: tuple[str, ...]
    files: list[ContentFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    scanned: dict[str, ScannedFile] = field(default_factory=dict)

    def ids_by_path(self) -> dict[str, str]:
        """Absolute, normalised path of each file → its document id."""
        roots = {root: os.path.join(os.path.abspath(root), "") for root in self.roots}
        return {roots[file.root] + file.path.replace("/", os.sep): file.id for file in self.files}


class FoundFile(NamedTuple):
    """A Markdown file that is there, not yet read; see ContentFile and ScannedFile."""

    root: str
    path: str
    shown_path: str
    stamp: tuple[int, int, int] | None


def find_files(roots: Sequence[str]) -> tuple[list[FoundFile], list[Problem]]:
    """Every Markdown file below `roots`, in order, and what is wrong with the folders."""
    found: list[FoundFile] = []
    problems: list[Problem] = []
    for number, root in enumerate(roots):
        if not os.path.isdir(root):
            problems.append(Problem(root, 1, "no such folder", "a folder of Markdown files"))
            continue
        others = (*roots[:number], *roots[number + 1 :])
        if around := next((other for other in others if is_inside(root, other)), None):
            problems.append(Problem(root, 1, f"lies in the content folder {around}", "folders apart from each other"))
            continue
        prefix = os.path.join(root, "")
        for path in markdown_paths(root, problems):
            shown = prefix + path
            found.append(FoundFile(root, path, shown, file_stamp(shown)))
    return found, problems


def scan(roots: Sequence[str]) -> Catalog:
    """Read the front matter of every Markdown file below `roots`; all problems come back in the catalog."""
    return read_files(roots, *find_files(roots))


def read_files(
    roots: Sequence[str],
    found: Iterable[FoundFile],
    problems: Iterable[Problem],
    known: Mapping[str, ScannedFile] = MappingProxyType({}),
) -> Catalog:
    """`scan` of what `find_files` gave. A file that is as it was when it got `known` (by shown path) is not read."""
    catalog = Catalog(tuple(roots), problems=list(problems))
    for file in found:
        before = known.get(file.shown_path)
        if before and not _is_of(before, file):
            before = None
        if before is None or before.stamp is None or before.stamp != file.stamp:
            before = _scan_file(file, before)
        catalog.scanned[before.shown_path] = before  # one text for all, or the ledger would be a third larger
        catalog.problems += before.problems
        if before.file:
            catalog.files.append(before.file)
    _check_ids(catalog)
    return catalog


def _is_of(scanned: ScannedFile, found: FoundFile) -> bool:
    """Whether the file was found in the same content folder: c/sub/a.md has another id in c than in c/sub."""
    file = scanned.file
    return file is not None and (file.root, file.path) == (found.root, found.path)


def _scan_file(found: FoundFile, before: ScannedFile | None) -> ScannedFile:
    root, path, shown, stamp = found
    digest = file_digest(shown)
    if os.path.islink(shown) and not is_inside(shown, root):
        allowed = "links to files of the same folder; name other folders with --content"
        problem = Problem(shown, 1, "a link that leads out of the content folder", allowed)
        return ScannedFile(shown, None, digest, None, (problem,))
    if before and before.file and before.digest == digest != UNREADABLE:
        return before._replace(stamp=stamp)
    try:
        raw = read_bytes(shown)
        text = decode(shown, raw)
    except UnreadableError as error:
        return ScannedFile(shown, None, digest, None, (error.problem,))
    front, problems = parse_front_matter(shown, text)
    document_id = front.text("id") or derived_id(path)
    file = ContentFile(root, path, shown, document_id, front, len(raw))
    return ScannedFile(shown, stamp, digest, file, tuple(problems))


def restamped(scanned: Mapping[str, ScannedFile]) -> dict[str, ScannedFile]:
    """`scanned`, with stamps for files that were too young for one, if by now they are not and have not changed.

    Else whoever builds right after copying many files would have all of them read again next time.
    """
    result = dict(scanned)
    for shown, file in scanned.items():
        if file.stamp is None and (stamp := file_stamp(shown)) and file.digest == file_digest(shown) != UNREADABLE:
            result[shown] = file._replace(stamp=stamp)
    return result


def _check_ids(catalog: Catalog) -> None:
    owners: dict[str, list[ContentFile]] = defaultdict(list)
    for file in catalog.files:
        owners[file.id].append(file)
    for document_id, files in owners.items():
        for file in files if len(files) > 1 else ():
            others = ", ".join(other.shown_path for other in files if other is not file)
            line = file.front.lines.get("id", 1)
            message = f"id {document_id!r} is also used by {others}"
            catalog.problems.append(Problem(file.shown_path, line, message, "each id once in the whole knowledge base"))
    former: dict[str, str] = {}
    for file in catalog.files:
        values, lines = file.front.values, file.front.lines
        if "former_ids" not in values and "related" not in values:
            continue
        for old in file.front.texts("former_ids"):
            line = lines["former_ids"]
            owner = owners[old][0].shown_path if old in owners else former.get(old)
            if owner is not None:
                message = f"former id {old!r} is used by {owner}"
                catalog.problems.append(Problem(file.shown_path, line, message, "an id that nothing else uses"))
            former[old] = file.shown_path
        for other in file.front.texts("related"):
            if other not in owners or other == file.id:
                line = lines["related"]
                message = f"related {other!r} leads nowhere"
                catalog.problems.append(Problem(file.shown_path, line, message, "ids of other documents"))
