"""Every error this project raises on purpose.

KbError
├── ContentError        the content folder has problems (carries every Problem, never only the first)
├── UsageError          a request breaks a limit or names an unknown value
├── NotFoundError       no document or section of that id
└── SearchIndexError         the index as a whole
    ├── IndexMissingError   there is none yet
    ├── IndexStaleError     it was built by another schema, dictionary or weighting
    └── IndexLockedError    another process is building it
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")  # would steer a terminal


def printable(text: str) -> str:
    """`text` as one line that does nothing but stand there; control characters and the like are written out."""
    return _UNSHOWN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class Severity(StrEnum):
    """An error stops a build, unless it is told to go on; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Problem(NamedTuple):
    """One thing wrong with one file: where (1-based line), what, and what is allowed instead."""

    path: str
    line: int
    message: str
    allowed: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """One line, whatever the name of the file holds."""
        text = f"{self.path}:{self.line}: {self.severity}: {self.message}"
        if self.allowed:
            text += f"; allowed: {self.allowed}"
        return printable(text)


class KbError(Exception):
    """Base of all errors that a person can act on."""


class ContentError(KbError):
    """The content cannot be indexed; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class UsageError(KbError):
    """A request that breaks a limit or names an unknown value; `field` is the parameter at fault."""

    def __init__(self, field: str, message: str, allowed: str = "") -> None:
        self.field = field
        self.message = message
        self.allowed = allowed
        super().__init__(f"{field}: {message}" + (f"; allowed: {allowed}" if allowed else ""))


class NotFoundError(KbError):
    """No document or section has this id."""


class SearchIndexError(KbError):
    """The index cannot be used."""


class IndexMissingError(SearchIndexError):
    """No index has been built in this folder."""


class IndexStaleError(SearchIndexError):
    """The index was made by another schema, dictionary or set of weights."""


class IndexLockedError(SearchIndexError):
    """Another process is building this index."""
