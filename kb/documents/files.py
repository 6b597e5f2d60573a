"""Files of a content folder: which there are, their bytes and text, and by what a change is told."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from kb.errors import Problem

MAX_FILE_BYTES = 4_000_000  # twice the largest of the 14,680 files of the bench corpus
UNREADABLE = "unreadable"
RACY_NANOSECONDS = 2_000_000_000  # a file may change twice within the coarsest clock tick of a file system (FAT: 2 s)
MARKDOWN_SUFFIXES = (".md", ".markdown")


def markdown_files(root: str) -> list[str]:
    """POSIX paths of the Markdown files below `root`, sorted."""
    return list(markdown_paths(root, []))


def markdown_paths(root: str, problems: list[Problem]) -> Iterator[str]:
    """POSIX paths below `root`, sorted; folders behind symbolic links and hidden ones are not entered."""

    def unreadable(error: OSError) -> None:
        problems.append(Problem(str(error.filename), 1, f"cannot be read: {error.strerror}", "a readable folder"))

    for folder, folders, names in os.walk(root, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = os.path.relpath(folder, root).replace(os.sep, "/")
        prefix = "" if inside == "." else f"{inside}/"
        for name in sorted(names):
            if name.lower().endswith(MARKDOWN_SUFFIXES) and not name.startswith("."):
                yield f"{prefix}{name}"


def file_stamp(path: str) -> tuple[int, int, int] | None:
    """By which a later look tells whether the file has changed; None if that cannot be told by size and times."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    changed = max(status.st_mtime_ns, status.st_ctime_ns)
    if stat.S_ISLNK(status.st_mode) or time.time_ns() - changed < RACY_NANOSECONDS:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def file_digest(path: str) -> str:
    """SHA-256 of the file's bytes; UNREADABLE if it cannot or must not be read."""
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except UnreadableError:
        return UNREADABLE


def is_inside(path: str, folder: str) -> bool:
    """Whether a path, its symbolic links followed, is below a folder."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


class UnreadableError(Exception):
    """A file that cannot be read, with the problem to report."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def read_bytes(path: str, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """The file's bytes, if it is a regular file of a size that a person could have written; else UnreadableError."""
    try:
        if not os.path.isfile(path):
            raise UnreadableError(Problem(path, 1, "not a regular file or a broken link", "a file of text"))
        size = os.path.getsize(path)
        if size > max_bytes:
            raise UnreadableError(Problem(path, 1, f"file has {size:,} bytes", f"at most {max_bytes:,}"))
        return Path(path).read_bytes()
    except OSError as error:
        raise UnreadableError(Problem(path, 1, f"cannot be read: {error.strerror}", "a readable file")) from error


def decode(path: str, raw: bytes) -> str:
    """UTF-8 text whose lines end in LF; a byte-order mark is dropped."""
    if b"\0" in raw:
        line = raw.count(b"\n", 0, raw.index(b"\0")) + 1
        raise UnreadableError(Problem(path, line, "binary data (a NUL byte)", "UTF-8 text"))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"not UTF-8 (byte 0x{raw[error.start]:02x})"
        raise UnreadableError(Problem(path, line, message, "a file saved as UTF-8")) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_text(path: str, max_bytes: int = MAX_FILE_BYTES) -> str:
    """The text of a file, as `read_bytes` and `decode` read it."""
    return decode(path, read_bytes(path, max_bytes))


def derived_id(path: str) -> str:
    """The id of a file that gives none: its name's ASCII words and 6 hex digits of its path's SHA-1."""
    stem = unicodedata.normalize("NFKC", PurePosixPath(path).stem).lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", stem))[:60].strip("-")
    digest = hashlib.sha1(path.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()[:6]
    return f"{slug}-{digest}" if slug else f"doc-{digest}"
