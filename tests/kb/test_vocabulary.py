"""The vocabulary stands in files and URLs for ever: slugs, labels and their order, as they were promised."""

from __future__ import annotations

from kb.vocabulary import CHAPTERS, FACET_BY_NAME, KINDS, PATTERNS, ROLES, STAGES


def test_roles_keep_their_slugs_labels_and_recommended_chapters() -> None:
    assert [(role.slug, role.label, role.chapters) for role in ROLES] == [
        ("gov-executive", "自治体・意思決定者", (1, 5)),
        ("gov-startup-officer", "自治体・実務者（産業・スタートアップ担当）", (2, 3, 5)),
        ("gov-line-officer", "自治体・実務者（原課・契約・財政）", (1, 2, 5)),
        ("startup-executive", "スタートアップ・意思決定者", (1, 5)),
        ("startup-officer", "スタートアップ・実務者", (2, 4, 5)),
        ("intermediary", "中間支援団体", (2, 5)),
    ]


def test_stages_keep_their_slugs_and_their_order() -> None:
    assert list(STAGES.items()) == [
        ("framing", "課題特定・企画"),
        ("partner-search", "連携先の探索"),
        ("coordination", "調整・意思決定"),
        ("method", "連携方法の検討"),
        ("budgeting", "予算化"),
    ]


def test_patterns_keep_their_slugs() -> None:
    assert PATTERNS == {
        "procurement": "自治体“へ”導入する",
        "promotion": "自治体“を介して”広める",
        "co-creation": "自治体“と共に”創る",
    }


def test_kinds_keep_their_slugs() -> None:
    assert KINDS == {"guide": "ガイド", "case": "事例", "glossary": "用語", "internal": "庁内文書"}


def test_chapters_are_one_to_five() -> None:
    assert list(CHAPTERS) == ["1", "2", "3", "4", "5"]


def test_facets_are_the_parameters_of_a_search() -> None:
    assert list(FACET_BY_NAME) == ["role", "chapter", "stage", "pattern", "kind"]
