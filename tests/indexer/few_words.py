"""A vocabulary by hand: the port's Words over (word, reading, how many sections hold it)."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import OSA

from indexer.engine import Match, Name, Word


class FewWords:
    """Remembers how often it was looked through for words like another."""

    def __init__(self, *entries: tuple[str, str, int]) -> None:
        self._entries = entries
        self.looks = 0

    def like(self, word: str, edits: int) -> Sequence[Word]:
        self.looks += 1
        return [Word(text, count) for text, _, count in self._entries if OSA.distance(word, text) <= edits]

    def read(self, reading: str) -> Sequence[Word]:
        return [Word(text, count) for text, read, count in self._entries if read == reading]

    def read_like(self, reading: str) -> Sequence[Word]:
        return [Word(text, count) for text, read, count in self._entries if OSA.distance(reading, read) == 1]

    def related(self, synonym_groups: Sequence[int]) -> frozenset[str]:
        del synonym_groups
        return frozenset()

    def beginning(self, typed: str, readings: Sequence[str], within: Match) -> Sequence[Name]:
        raise NotImplementedError


NO_WORDS = FewWords()
