"""Judged queries against an engine: nDCG@10, MRR@10, hit@1 and hit@10.

A line of the file is `{"query": …, "relevant": {"<document or section id>": grade}, "class": …}` ("class" is optional).
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from indexer.search.request import SearchRequest
from indexer.search.service import Search
from kb.errors import ContentError, Problem, UsageError

DEPTH = 10
WORST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Judgement:
    """A query with its graded answers: document or section id → 1 (touches it) to 3 (answers it)."""

    query: str
    relevant: Mapping[str, int]
    group: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One query's measures; each is between 0 and 1. `found` are the ids of the first hits."""

    judgement: Judgement
    ndcg: float
    reciprocal_rank: float
    hit_1: float
    hit_10: float
    found: tuple[str, ...]
    total: int


def load_judgements(path: Path) -> list[Judgement]:
    """Read JSON Lines; ContentError lists every bad line."""
    problems: list[Problem] = []
    judgements: list[Judgement] = []
    allowed = '{"query": "…", "relevant": {"<id>": 1 to 3}}'
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError([Problem(str(path), 1, f"cannot be read: {error}", "JSON Lines in UTF-8")]) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            plain = json.loads(line)
            relevant = {str(key): int(grade) for key, grade in plain["relevant"].items()}
            judgement = Judgement(str(plain["query"]), relevant, str(plain.get("class", "")))
            SearchRequest(judgement.query)  # raises what no engine would take
        except (ValueError, KeyError, AttributeError, TypeError, OverflowError, RecursionError, UsageError) as error:
            problems.append(Problem(str(path), number, f"not a judged query ({error})", allowed))
            continue
        if not relevant or not all(0 <= grade <= 3 for grade in relevant.values()):
            problems.append(Problem(str(path), number, "no relevant ids, or a grade out of range", allowed))
        judgements.append(judgement)
    if not problems and not judgements:
        problems.append(Problem(str(path), 1, "no judged query", allowed))
    if problems:
        raise ContentError(problems)
    return judgements


def gains(found: Sequence[str], relevant: Mapping[str, int]) -> list[int]:
    """The grade of each hit. A document id is met by the first hit of any of its sections, once."""
    open_grades = dict(relevant)
    result = []
    for section_id in found:
        document_id = section_id.partition("#")[0]
        key = section_id if section_id in open_grades else document_id
        result.append(open_grades.pop(key, 0))
    return result


def ndcg(found: Sequence[int], ideal: Sequence[int], depth: int = DEPTH) -> float:
    """Normalised discounted cumulative gain, gain = grade (Järvelin & Kekäläinen 2002), as trec_eval computes it."""

    def dcg(grades: Sequence[int]) -> float:
        return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades[:depth], 1))

    best = dcg(sorted(ideal, reverse=True))
    return dcg(found) / best if best else 0.0


def evaluate(search: Search, judgements: Sequence[Judgement]) -> list[Result]:
    """Run every query as shipped and measure it."""
    results = []
    for judgement in judgements:
        page = search.search(SearchRequest(judgement.query, per_page=DEPTH))
        found = tuple(hit.id for hit in (*page.hits, *page.partial_hits))  # as they stand on the page
        grades = gains(found, judgement.relevant)
        rank = next((rank for rank, grade in enumerate(grades, 1) if grade > 0), 0)
        results.append(
            Result(
                judgement,
                ndcg(grades, list(judgement.relevant.values())),
                1 / rank if rank else 0.0,
                float(rank == 1),
                float(rank > 0),
                found,
                page.total,
            )
        )
    return results


def summary(results: Sequence[Result]) -> dict[str, float]:
    """Means of all measures, and the share of queries with no hit at all."""
    return {
        "queries": len(results),
        "nDCG@10": fmean(result.ndcg for result in results),
        "MRR@10": fmean(result.reciprocal_rank for result in results),
        "hit@1": fmean(result.hit_1 for result in results),
        "hit@10": fmean(result.hit_10 for result in results),
        "empty": sum(result.total == 0 for result in results),
    }


def format_report(results: Sequence[Result]) -> str:
    """A table by class of query, then the worst queries with what they found."""
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[result.judgement.group or "-"].append(result)
    lines = [f"{'class':<16}{'queries':>8}{'nDCG@10':>9}{'MRR@10':>9}{'hit@1':>8}{'hit@10':>8}{'empty':>7}"]
    for name, members in [*sorted(groups.items()), ("all", list(results))]:
        row = summary(members)
        lines.append(
            f"{name:<16}{row['queries']:>8}{row['nDCG@10']:>9.3f}{row['MRR@10']:>9.3f}"
            f"{row['hit@1']:>8.3f}{row['hit@10']:>8.3f}{row['empty']:>7}"
        )
    lines += ["", "worst:"]
    for result in sorted(results, key=lambda item: item.ndcg)[:WORST_SHOWN]:
        lines.append(f"{result.ndcg:.3f} {result.judgement.query} → {', '.join(result.found[:3]) or 'nothing'}")
    return "\n".join(lines)
