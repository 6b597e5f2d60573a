"""The one table of searched fields, read by analysis, schema, ranking and documentation alike."""

from __future__ import annotations

from dataclasses import dataclass

from kb.vocabulary import FACETS


@dataclass(frozen=True, slots=True)
class TextField:
    """A searched field of a section: BM25F boost and length normalisation b (0 none, 1 full).

    A field that `names` the section (its title, its heading) counts once more, on its own: see NAMING_WEIGHT.
    """

    name: str
    label: str
    boost: float
    b: float
    names: bool = False


TEXT_FIELDS: tuple[TextField, ...] = (
    TextField("title", "文書名", 1.5, 0.3, names=True),
    TextField("heading", "見出し", 2.0, 0.3, names=True),
    TextField("questions", "よくある質問", 1.0, 0.3),
    TextField("breadcrumb", "位置", 0.3, 0.3),
    TextField("body", "本文", 1.0, 0.6),
)
FIELD_NAMES: tuple[str, ...] = tuple(field.name for field in TEXT_FIELDS)

K1 = 0.6  # BM25F saturation; measured on JSQuAD dev questions (DESIGN.md), where 1.2 and 2.0 were worse
# Of idf · saturation over title and heading alone. JSQuAD 0.952 without, 0.954 with; own queries at 0.6 0.944, 0.948.
NAMING_WEIGHT = 0.8
IMPACT_LEVELS = 255  # of a posting's weight, one byte: JSQuAD MRR@10 0.9536 with four bytes, 0.9531 with one
IMPACT_STEP = (1 + NAMING_WEIGHT) / IMPACT_LEVELS
FIELD_GAP_CHARS = 64  # between fields in a section's positions: wider than any adjacency window

INDEX_SCHEMA_VERSION = 11
"""Raised by hand when the meaning of anything written to the index changes; an older index is then rebuilt."""


def weights_stamp() -> str:
    """Names everything that is baked into postings and facets, for the index's stamp."""
    fields = ",".join(f"{field.name}:{field.boost}:{field.b}:{field.names}" for field in TEXT_FIELDS)
    values = ",".join(f"{facet.name}:{'|'.join(facet.values)}" for facet in FACETS)
    return f"schema={INDEX_SCHEMA_VERSION} k1={K1} name={NAMING_WEIGHT} {fields} {values}"
