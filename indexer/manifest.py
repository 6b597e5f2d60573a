"""What an index was made of and by: compared before it is served, so that a stale one is noticed and rebuilt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indexer.language.thesaurus import Thesaurus

USER_DICTIONARY, LEDGER, LEDGER_CHANGES = "user.dic", "ledger", "ledger-changes"
"""Files kept beside an index, by name: the compiled user dictionary, and what the build knew of every file."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Stamps of schema and weights, dictionary and content; plus what searching needs beside postings."""

    weights: str
    dictionary: str
    content_digest: str
    built_at: str
    thesaurus: Thesaurus

    def to_plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "weights": self.weights,
            "dictionary": self.dictionary,
            "content_digest": self.content_digest,
            "built_at": self.built_at,
            "thesaurus": self.thesaurus.to_plain(),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Manifest:
        """The inverse of `to_plain`; keys that are missing read as empty, which makes the index stale."""
        return cls(
            weights=plain.get("weights", ""),
            dictionary=plain.get("dictionary", ""),
            content_digest=plain.get("content_digest", ""),
            built_at=plain.get("built_at", "1970-01-01T00:00:00+00:00"),
            thesaurus=Thesaurus.from_plain(plain.get("thesaurus", {})),
        )
