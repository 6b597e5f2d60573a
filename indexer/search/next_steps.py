"""What to offer where a search found nothing: changes to it, each with the total that it would really have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from indexer.search.answer import NextStep
from indexer.search.meaning import Interpreter, Meaning, has_digit, in_parts
from indexer.search.request import MAX_QUERY_CHARS, SearchRequest
from kb.language.query import Query
from kb.language.query_parser import parse_query, unquoted
from kb.vocabulary import FACET_BY_NAME

MAX_SINGLE_WORDS = 10  # of a query without hits that are proposed alone


@dataclass(frozen=True, slots=True)
class _Proposal:
    """A step to try: another query, the filters of some facets set aside, or no longer exact."""

    kind: str
    subject: str
    query: Query
    q: str
    exact: bool
    without: tuple[str, ...] = ()


def next_steps(request: SearchRequest, meaning: Meaning, interpreter: Interpreter) -> Iterator[NextStep]:
    """The changes that find something."""
    proposals = [one for one in _proposals(request, meaning) if len(one.q) <= MAX_QUERY_CHARS]
    interpreter.ask((one.query, one.exact) for one in proposals)
    for one in proposals:
        total = interpreter.meaning(one.query, exact=one.exact).match.passing(one.without)
        if total:
            filters = {name: values for name, values in request.filters.items() if name not in one.without}
            yield NextStep(one.kind, one.subject, one.q, filters, one.exact, total)


def _proposals(request: SearchRequest, meaning: Meaning) -> Iterator[_Proposal]:
    typed = parse_query(request.q)
    if meaning.did_you_mean:
        text = str(meaning.did_you_mean)
        yield _Proposal("spelling", text, meaning.did_you_mean, text, request.exact)
    for name in request.filters:
        label = FACET_BY_NAME[name].label
        yield _Proposal("without_filter", label, typed, request.q, request.exact, (name,))
    if len(request.filters) > 1:
        yield _Proposal("without_filters", "", typed, request.q, request.exact, tuple(request.filters))
    if request.exact:
        yield _Proposal("not_exact", "", typed, request.q, exact=False)
    if (without_quotes := unquoted(meaning.query)) != meaning.query:
        yield _Proposal("without_quotes", "", without_quotes, str(without_quotes), request.exact)
    words = [(need.typed, need.query) for need in meaning.match.needs]
    if len(words) == 1:
        ((word, _),) = words
        if has_digit(word):  # 第167条 is not 第167条の2, but may lead there
            phrase = f'"{word}"'
            yield _Proposal("as_phrase", word, parse_query(phrase), phrase, request.exact)
        if apart := in_parts(meaning.query, meaning.plan, meaning.match.unknown):
            words = [(str(clause), str(clause)) for clause in apart.clauses]
    for word, q in words[:MAX_SINGLE_WORDS] if len(words) > 1 else ():
        yield _Proposal("only", word, parse_query(q), q, request.exact)
