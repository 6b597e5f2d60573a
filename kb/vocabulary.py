"""The controlled vocabulary: stable slugs (files, URLs) and their labels (screen).

One table for schema, front matter, facets, command line and pages. Order is the order shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """A reader of the guide: who it is, what the reader wants to know and the chapters recommended (guide p.4-6)."""

    slug: str
    label: str
    who: str
    wants: tuple[str, ...]
    chapters: tuple[int, ...]


ROLES: tuple[Role, ...] = (
    Role(
        "gov-executive",
        "自治体・意思決定者",
        "首長、部長・局長",
        ("官民連携で何がどう変わるのか", "どのようなメリットが生まれるのか"),
        (1, 5),
    ),
    Role(
        "gov-startup-officer",
        "自治体・実務者（産業・スタートアップ担当）",
        "経済・産業担当部署、スタートアップ政策の担当者",
        (
            "スタートアップとの協議に必要な知識は何か",
            "何をどう進めればよいのか",
            "進めるときの要点と留意点は何か",
            "どのような連携の形（出口）があるのか",
        ),
        (2, 3, 5),
    ),
    Role(
        "gov-line-officer",
        "自治体・実務者（原課・契約・財政）",
        "連携を打診された原課、契約担当部署・財政部局",
        (
            "何がどう変わり、どのようなメリットがあるのか",
            "担当する政策にスタートアップの力をどう生かせるのか",
            "どのような連携の形（出口）があるのか",
        ),
        (1, 2, 5),
    ),
    Role(
        "startup-executive",
        "スタートアップ・意思決定者",
        "代表者（CEO）、部長・事業統括",
        ("何がどう変わり、どのようなメリットがあるのか", "自治体にどのような役割や支援を期待できるのか"),
        (1, 5),
    ),
    Role(
        "startup-officer",
        "スタートアップ・実務者",
        "社外交渉役、事業担当者",
        (
            "自治体との協議に必要な知識は何か",
            "何をどう進めればよいのか",
            "どのような連携の形（出口）があるのか",
        ),
        (2, 4, 5),
    ),
    Role(
        "intermediary",
        "中間支援団体",
        "支援担当者",
        ("自治体とスタートアップそれぞれの特徴や考え方は何か", "どのような連携事例が生まれているのか"),
        (2, 5),
    ),
)

STAGES: Mapping[str, str] = {
    "framing": "課題特定・企画",
    "partner-search": "連携先の探索",
    "coordination": "調整・意思決定",
    "method": "連携方法の検討",
    "budgeting": "予算化",
}

PATTERNS: Mapping[str, str] = {
    "procurement": "自治体“へ”導入する",
    "promotion": "自治体“を介して”広める",
    "co-creation": "自治体“と共に”創る",
}

KINDS: Mapping[str, str] = {"guide": "ガイド", "case": "事例", "glossary": "用語", "internal": "庁内文書"}

CHAPTERS: Mapping[str, str] = {
    "1": "第1章 官民連携の意義",
    "2": "第2章 官民連携の進め方",
    "3": "第3章 自治体編",
    "4": "第4章 スタートアップ編",
    "5": "第5章 官民連携編",
}


@dataclass(frozen=True, slots=True)
class Facet:
    """A filterable attribute: its URL parameter, its Japanese label, and its values with labels."""

    name: str
    label: str
    values: Mapping[str, str]


FACETS: tuple[Facet, ...] = (
    Facet("role", "立場", {role.slug: role.label for role in ROLES}),
    Facet("chapter", "章", CHAPTERS),
    Facet("stage", "段階", STAGES),
    Facet("pattern", "出口", PATTERNS),
    Facet("kind", "種別", KINDS),
)
FACET_BY_NAME: Mapping[str, Facet] = {facet.name: facet for facet in FACETS}
