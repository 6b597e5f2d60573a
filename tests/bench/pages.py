"""Whether the pages of two checkouts are equal: every answer of many requests, field by field but for `took_ms`.

    python tests/bench/pages.py dump FILE       # with the other checkout first on PYTHONPATH
    python tests/bench/pages.py compare A B

The requests are the judged queries and the spellings of tests/relevance with filters, exact, sorts, pages and slips.
Only `webui.wsgi` is asked, by HTTP paths that do not change, so that a checkout from before a change of the code's
shape can be dumped with this script too. KB_CONTENT and KB_INDEX say what is searched.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

RELEVANCE = Path(__file__).parents[1] / "relevance"
FILTERS: tuple[dict[str, list[str]], ...] = (
    {"role": ["gov-line-officer"]},
    {"chapter": ["5"], "kind": ["guide"]},
    {"kind": ["case", "glossary"]},
    {"role": ["startup-officer"], "chapter": ["2"], "stage": ["method"], "pattern": ["procurement"], "kind": ["guide"]},
)
EMPTY = ("随意計約", "宇宙エレベーター", "zzz ぬるぽ", "第167条", "秘密保持契約", '"連携が官民"', "地方自治法施行規則")
MOST_SHOWN = 10


def requests() -> list[str]:
    """Paths of the API, the same each time."""
    chance = random.Random(20261125)
    lines = (RELEVANCE / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    spellings = (RELEVANCE / "spellings.tsv").read_text(encoding="utf-8").splitlines()
    judged = [json.loads(line)["query"] for line in lines]
    queries = [*judged, *(text for line in spellings for text in line.split("\t")), *EMPTY]
    asked: list[dict[str, Any]] = [{"q": q} for q in queries]
    for q in queries:
        slipped = list(q)
        if len(slipped) > 2:
            place = chance.randrange(1, len(slipped) - 1)
            slipped[place], slipped[place - 1] = slipped[place - 1], slipped[place]
        asked += [
            {"q": q, **chance.choice(FILTERS)},
            {"q": q, "exact": "1"},
            {"q": "".join(slipped), **(chance.choice(FILTERS) if chance.random() < 0.3 else {})},
            {"q": f'"{q}"' if chance.random() < 0.5 else f"{q} -契約", "sort": chance.choice(["page", "relevance"])},
            {"q": f"{q} {chance.choice(judged)}", "page": chance.choice(["1", "2"])},
            {"q": f"{q} OR {chance.choice(judged)}"[:500], "per_page": chance.choice(["10", "50"])},
        ]
    asked += [{"q": q, **filters} for q in EMPTY for filters in FILTERS]
    paths = [f"/api/v1/search?{urlencode(one, doseq=True)}" for one in asked]
    paths += [f"/api/v1/suggest?{urlencode({'q': q[:end]})}" for q in queries[::4] for end in (1, 2, 3, len(q))]
    return list(dict.fromkeys(paths))


def dump(file: Path) -> None:
    """Write each path with its answer, one a line."""
    client = importlib.import_module("webui.wsgi").app.test_client()
    with file.open("w", encoding="utf-8") as lines:
        for path in requests():
            answer = client.get(path).get_json()
            answer.pop("took_ms", None)
            lines.write(json.dumps([path, answer], ensure_ascii=False) + "\n")


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    """What differs between two answers, by place."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = [*one, *(key for key in other if key not in one)]
        return [line for key in keys for line in differences(one.get(key), other.get(key), f"{place}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [line for number, pair in pairs for line in differences(*pair, f"{place}[{number}]")]
    return [] if one == other else [f"{place}: {str(one)[:200]} → {str(other)[:200]}"]


def compare(one: Path, other: Path) -> int:
    """Print what differs; how many answers do comes back."""
    unequal = 0
    answers = [[json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] for file in (one, other)]
    for (path, before), (_, after) in zip(*answers, strict=True):
        if found := differences(before, after):
            unequal += 1
            if unequal <= MOST_SHOWN:
                print(path, *found[:5], sep="\n  ")
    print(f"{len(answers[0]) - unequal} of {len(answers[0])} answers are equal")
    return unequal


def main() -> int:
    """Dump or compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("dump").add_argument("file", type=Path)
    comparing = commands.add_parser("compare")
    comparing.add_argument("one", type=Path)
    comparing.add_argument("other", type=Path)
    options = parser.parse_args()
    if options.command == "dump":
        dump(options.file)
        return 0
    return min(1, compare(options.one, options.other))


if __name__ == "__main__":
    raise SystemExit(main())
