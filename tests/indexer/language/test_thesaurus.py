"""Staff's thesaurus is read as its first lines explain it, and every fault is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.language.thesaurus import Thesaurus, load_thesaurus
from kb.errors import ContentError
from tests.conftest import CONTENT


def load(tmp_path: Path, text: str) -> Thesaurus:
    path = tmp_path / "thesaurus.yaml"
    path.write_text(text, encoding="utf-8")
    return load_thesaurus(path)


def faults(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    with pytest.raises(ContentError) as caught:
        load(tmp_path, text)
    return [(problem.line, problem.message) for problem in caught.value.problems]


def test_equal_terms_and_variants_lead_to_one_another(tmp_path: Path) -> None:
    thesaurus = load(tmp_path, "equal:\n  - [随意契約, 随契]\nvariants:\n  - [取組, 取り組み, 取組み]\n")
    assert thesaurus.equal == {"随意契約": ("随契",), "随契": ("随意契約",)}
    assert thesaurus.variants["取組"] == ("取り組み", "取組み")


def test_a_broader_term_leads_to_the_narrower_and_not_back(tmp_path: Path) -> None:
    thesaurus = load(tmp_path, "narrower:\n  特区: [国家戦略特区]\n")
    assert thesaurus.narrower == {"特区": ("国家戦略特区",)}


def test_terms_are_looked_up_folded_and_shown_as_written(tmp_path: Path) -> None:
    thesaurus = load(tmp_path, "equal:\n  - [ＰＦＳ, 成果連動型]\n")
    assert thesaurus.equal == {"pfs": ("成果連動型",), "成果連動型": ("ＰＦＳ",)}


def test_what_is_stored_in_the_index_comes_back(tmp_path: Path) -> None:
    thesaurus = load(tmp_path, "equal:\n  - [随意契約, 随契]\nnarrower:\n  特区: [国家戦略特区]\n")
    assert Thesaurus.from_plain(thesaurus.to_plain()) == thesaurus


def test_every_fault_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    text = "equal:\n  - [随契]\n  - [約, 契約]\n  - [ＫＰＩ, kpi]\nsame:\n  - [一, 二]\nnarrower:\n  特区: 総合特区\n"
    assert faults(tmp_path, text) == [
        (2, "'随契' stands alone"),
        (3, "term '約'"),
        (3, "'契約' stands alone"),
        (4, "'kpi' is the same as another term here after folding"),
        (4, "'kpi' stands alone"),
        (5, "unknown section 'same'"),
        (8, "not a list of terms"),
    ]


@pytest.mark.parametrize("text", ["equal: [", "&a [*a", "- x\n", "equal: 随契\n"])
def test_text_that_is_no_thesaurus_is_named(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("equal:\n- &g [一号, 二号]\n- *g\n", "YAML anchors and aliases are not accepted"),
        ("equal: " + "[" * 20_000, "YAML nests too deeply"),
        ("equal:\n- [" + ", ".join(f"語{number}" for number in range(51)) + "]\n", "51 terms in a group"),
        ("narrower:\n  特区: [" + "契" * 51 + "]\n", f"term {'契' * 20!r}"),
        ('narrower:\n  特区: ["\\e[31m国家戦略特区"]\n', "term '[31m国家戦略特区'"),
        ("#" * 1_000_001, "file has 1,000,001 bytes"),
        ("equal: []\0", "binary data (a NUL byte)"),
    ],
    ids=["aliases", "depth", "a large group", "a long term", "a control character", "size", "NUL"],
)
def test_a_hostile_thesaurus_is_refused_at_once(tmp_path: Path, text: str, message: str) -> None:
    assert [found for _, found in faults(tmp_path, text)] == [message]


def test_no_term_stands_in_two_groups_of_our_own_thesaurus() -> None:
    """Its first lines ask for this: a term in two groups would join them."""
    thesaurus = load_thesaurus(CONTENT / "thesaurus.yaml")
    for table in (thesaurus.equal, thesaurus.variants):
        for term, others in table.items():
            assert all(len(table[other]) == len(others) for other in map(str.lower, others) if other in table), term
