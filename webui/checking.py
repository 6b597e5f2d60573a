"""Everything that `kb check` looks at."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.building.freshness import read_extras
from indexer.language.tokenizer import read_user_dictionary
from kb.errors import ContentError, Problem
from kb.library import load_library


def check_content(roots: Sequence[str]) -> list[Problem]:
    """Every problem of documents, thesaurus and user dictionary, sorted by path and line."""
    extras = read_extras(roots)
    problems = list(extras.problems)
    if extras.user_dictionary:
        try:
            read_user_dictionary(extras.user_dictionary)
        except ContentError as error:
            problems += error.problems
    return sorted([*problems, *load_library(roots).problems])
