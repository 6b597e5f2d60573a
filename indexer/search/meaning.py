"""What was typed, or what was meant: a query's plan and match, a slip corrected, a compound taken apart.

Each distinct query is planned and matched once for a page, however often it is looked at. What is needed together is
asked of the index together.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from indexer.engine import Index, LeafFound, Match, Scope
from indexer.language.analysis import Analyzer
from indexer.plan import How, Plan, Unit
from indexer.search.planning import Planner
from indexer.search.spelling import Correction, corrections
from kb.language.folding import fold
from kb.language.query import Clause, Query, Text

MIN_SLIP_CHARS = 4  # a shorter word is one edit away from too many
MAX_CORRECTIONS_TRIED = 20  # of a query; each costs a match, and the right one is among the first
MAX_CORRECTED_CHARS = 60  # of a query; a pasted paragraph has more than one slip, and costs more at every try
MAX_LOOKS = 30  # of a query, through the vocabulary for words like a part of it: 2 ms each


class Asked(NamedTuple):
    """A query as it was planned and what that matches."""

    plan: Plan
    match: Match


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a query was taken for; `did_you_mean` is another one that would find more, or that was taken instead."""

    query: Query
    plan: Plan
    match: Match
    did_you_mean: Query | None = None
    is_corrected: bool = False


class Interpreter:
    """Takes queries for what they mean in one index, for one page."""

    def __init__(self, index: Index, planner: Planner, analyzer: Analyzer, scope: Scope) -> None:
        self._index, self._planner, self._analyzer, self._scope = index, planner, analyzer, scope
        self._asked: dict[tuple[Query, bool], Asked] = {}

    def ask(self, questions: Iterable[tuple[Query, bool]]) -> list[Asked]:
        """What each (query, exact) matches as it stands; one round trip for those that were not asked before."""
        wanted = list(questions)
        new = [question for question in dict.fromkeys(wanted) if question not in self._asked]
        if new:
            plans = [self._planner.plan(query, exact=exact) for query, exact in new]
            matches = self._index.match(plans, self._scope)
            self._asked |= zip(new, map(Asked, plans, matches), strict=True)
        return [self._asked[question] for question in wanted]

    def meaning(self, query: Query, *, exact: bool) -> Meaning:
        """What was typed, or what was meant instead where that is nowhere."""
        ((plan, match),) = self.ask([(query, exact)])
        doubted = _doubted(match)
        meant, is_slip = None, False
        if doubted or not match.total:
            meant, is_slip = self._did_you_mean(query, plan, match, doubted, exact=exact)
        if meant and is_slip and not exact:
            ((plan, match),) = self.ask([(meant, False)])
            return Meaning(meant, plan, match, meant, is_corrected=True)
        if not (meant or exact or plan.is_question) and (apart := in_parts(query, plan, match.unknown)):
            ((plan_apart, match_apart),) = self.ask([(apart, False)])
            is_most_found = 2 * len(match_apart.dropped) < len(match_apart.needs)
            if match_apart.total and is_most_found and _known(match_apart) > _known(match):
                return Meaning(apart, plan_apart, match_apart, apart, is_corrected=True)
        return Meaning(query, plan, match, meant)

    def _did_you_mean(
        self, query: Query, plan: Plan, match: Match, doubted: frozenset[str], *, exact: bool
    ) -> tuple[Query | None, bool]:
        """The query with its most doubtful word replaced, if that finds all of its words together.

        The second value tells whether to search for that at once.
        """
        if len(fold(str(query))) > MAX_CORRECTED_CHARS:
            return None, False
        proposals = itertools.islice(self._proposals(query, match, doubted), MAX_CORRECTIONS_TRIED)
        # The first alone, since it is mostly right; the others together.
        for some in (list(itertools.islice(proposals, 1)), proposals):
            tried = list(some)
            answers = self.ask((proposal, exact) for proposal, _, _ in tried)
            for (proposal, correction, leaf), (_, answer) in zip(tried, answers, strict=True):
                if answer.total and not answer.dropped and len(answer.unknown) < max(1, len(match.unknown)):
                    return proposal, _is_slip(correction, plan, match, leaf)
        return None, False

    def _proposals(
        self, query: Query, match: Match, doubted: frozenset[str]
    ) -> Iterator[tuple[Query, Correction, LeafFound]]:
        """The query with a doubtful stretch of one of its words replaced, likeliest first."""
        looks = iter(range(MAX_LOOKS))
        for number, (clause, leaves) in enumerate(zip(query.clauses, match.leaves, strict=False)):
            if len(clause.alternatives) != 1 or not isinstance(clause.alternatives[0], Text):
                continue
            text = fold(clause.alternatives[0].text)
            tokens = self._analyzer.tokens(text)
            ranges = [
                (unit.start, unit.start + len(unit.typed))
                for unit in leaves[0].units
                if (unit.typed in doubted or not doubted) and not has_digit(unit.typed)
            ]
            doubtful = frozenset(
                index for index, token in enumerate(tokens) if any(start <= token.start < end for start, end in ranges)
            )
            for found in corrections(text, tokens, doubtful, self._index.words, looks):
                changed = (*query.clauses[:number], Clause((Text(found.text),)), *query.clauses[number + 1 :])
                yield replace(query, clauses=changed), found, leaves[0]


def has_digit(text: str) -> bool:
    """Whether a number stands in it: numbers are only themselves."""
    return any(map(str.isdigit, text))


def _doubted(match: Match) -> frozenset[str]:
    """The typed words that a slip may have spoilt: nowhere, not with the others, or but a scrap of other words."""
    scraps = (scrap for leaves in match.leaves for leaf in leaves for scrap in leaf.scraps)
    return frozenset((*match.unknown, *match.dropped, *scraps))


def _is_slip(found: Correction, plan: Plan, match: Match, leaf: LeafFound) -> bool:
    """Whether to search for もしかして at once: it is close, and nothing or only pieces of one word are found."""
    if not found.is_close:
        return False
    if not match.total:
        return True
    if plan.is_question:  # most of what was asked is found: only what is read alike may take its place
        return found.is_homophone and len(found.typed) >= MIN_SLIP_CHARS
    return (not leaf.frequency or bool(leaf.scraps)) and len(leaf.typed) >= MIN_SLIP_CHARS


def _known(match: Match) -> int:
    """How many of the words that are required stand somewhere."""
    return len(match.needs) - len(match.unknown)


def in_parts(query: Query, plan: Plan, unknown: Sequence[str]) -> Query | None:
    """The query with each `unknown` compound typed as its parts (入札 参加 資格 for 入札参加資格); None without any."""
    if len(plan.clauses) != len(query.clauses):
        return None
    clauses: list[Clause] = []
    for clause, leaves in zip(query.clauses, plan.clauses, strict=True):
        words = [_surfaces_of_parts(unit) if unit.typed in unknown else [unit.typed] for unit in leaves[0].units]
        is_split = len(leaves) == 1 and any(len(parts) > 1 for parts in words)
        clauses += [Clause((Text(word),)) for parts in words for word in parts] if is_split else [clause]
    return replace(query, clauses=tuple(clauses)) if len(clauses) > len(query.clauses) else None


def _surfaces_of_parts(unit: Unit) -> list[str]:
    parts = next((alternative.terms for alternative in unit.alternatives if alternative.how is How.PARTS), ())
    bounds = [0, *(part.offset for part in parts[1:]), len(unit.typed)]
    surfaces: list[str] = []
    for start, stop in itertools.pairwise(bounds):
        if surfaces and (stop - start == 1 or len(surfaces[-1]) == 1):  # 審査 会: an affix is no word to search for
            surfaces[-1] += unit.typed[start:stop]
        else:
            surfaces.append(unit.typed[start:stop])
    return surfaces
