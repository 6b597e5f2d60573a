"""Sudachi as this project uses it: long words with their parts, normalized forms, readings, character offsets.

Input is always folded text (kb.language.folding), on the index side and on the query side alike.
"""

from __future__ import annotations

import csv
import importlib.metadata
import importlib.resources
import io
import itertools
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import sudachipy
from sudachipy import Config, Dictionary, SplitMode

from kb.documents.files import UnreadableError, file_digest, read_text
from kb.errors import ContentError, Problem
from kb.language.folding import fold

# Sudachi refuses more than 49,149 bytes at once; 12,000 characters of four bytes stay under that.
MAX_CHUNK_CHARS = 12_000
USER_DICTIONARY_COLUMNS = ("表記", "読み", "品詞")
# Connection ids and cost of nouns in Sudachi's core lexicon (its user_dict.md recommends these for user words).
_USER_POS = {"名詞": (5146, "名詞,普通名詞,一般,*,*,*"), "固有名詞": (4786, "名詞,固有名詞,一般,*,*,*")}
MAX_USER_WORD_CHARS = 100  # Sudachi ends at 32,767 bytes
MAX_USER_DICTIONARY_BYTES = 1_000_000  # 150 times content/'s own
_NO_USER_WORD = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")  # Sudachi's lexicon reads \u as an escape
_USER_COST = -1000  # below any path of two or more dictionary words of the same span
_FUNCTION_POS = frozenset({"助詞", "助動詞"})
_PREDICATE_POS = frozenset({"動詞", "形容詞"})
_IGNORED_POS = frozenset({"空白", "補助記号", "記号"})
_WORD_CHARACTER = re.compile(r"\w")
_CHUNK_END = re.compile(r"[\n。．！？!?]")
_KATAKANA = re.compile(r"[ァ-ヶー]+")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a word: its term and where it begins and ends, counted from the word's beginning."""

    start: int
    end: int
    term: str
    reading: str
    synonym_groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """What the dictionary knows of a surface: normalized term, katakana reading, parts (none for a simple word).

    A predicate is a verb or an adjective (払う, 早い): what is said of the things that the nouns name.
    A numeral is written in digits; a counter may follow one (年, 件).
    `synonym_groups` are the numbers of its groups in Sudachi's synonym dictionary; words of one group mean the same.
    `number` tells the words of one tokenizer apart.
    """

    term: str
    reading: str
    parts: tuple[Part, ...]
    is_function: bool
    is_predicate: bool
    is_known: bool
    synonym_groups: tuple[int, ...] = ()
    is_numeral: bool = False
    is_counter: bool = False
    number: int = 0


class Token(NamedTuple):
    """A word in a text; [start, end) are character offsets in the text that was tokenized."""

    start: int
    end: int
    word: Word


class SudachiTokenizer:
    """Words of folded text. Safe to share between threads; each has a Sudachi tokenizer of its own."""

    def __init__(self, user_dictionary: Path | None = None) -> None:
        """`user_dictionary` is a compiled dictionary (see `compile_user_dictionary`)."""
        config = Config(user=[str(user_dictionary)] if user_dictionary else None)
        self._dictionary = Dictionary(config=config)
        # A user word is one unit to Sudachi; the plain dictionary tells its parts (トライアル発注 → トライアル, 発注).
        self._plain = Dictionary() if user_dictionary else self._dictionary
        self._local = threading.local()
        self._words: dict[tuple[int, str], Word] = {}
        self._numbers = itertools.count()

    def tokenize(self, text: str) -> Iterator[Token]:
        """Every word of `text` in order, function words included, punctuation and blanks left out."""
        tokenizer = self._thread_tokenizer("long", self._dictionary)
        words = self._words
        for base, chunk in _chunks(text):
            for morpheme in tokenizer.tokenize(chunk):
                surface = morpheme.surface()
                key = (morpheme.word_id(), surface)
                word = words.get(key)
                if word is None:
                    word = words[key] = self._describe(morpheme, surface)
                if word.term:
                    yield Token(base + morpheme.begin(), base + morpheme.end(), word)

    def _thread_tokenizer(self, name: str, dictionary: Dictionary) -> sudachipy.Tokenizer:
        tokenizer: sudachipy.Tokenizer | None = getattr(self._local, name, None)
        if tokenizer is None:
            tokenizer = dictionary.tokenizer()
            setattr(self._local, name, tokenizer)
        return tokenizer

    def _describe(self, morpheme: sudachipy.Morpheme, surface: str) -> Word:
        pos, kind, *counting = morpheme.part_of_speech()
        if pos in _IGNORED_POS and not _WORD_CHARACTER.search(surface):
            return Word("", "", (), is_function=False, is_predicate=False, is_known=False)
        parts: tuple[Part, ...] = ()
        origin = morpheme.begin()
        is_user_word = morpheme.dictionary_id() > 0
        if is_user_word or (morpheme.is_oov() and len(surface) > 3):
            pieces = list(self._thread_tokenizer("plain", self._plain).tokenize(surface)) if is_user_word else []
            origin = 0
        else:
            pieces = list(morpheme.split(SplitMode.A))
        if len(pieces) > 1:
            parts = tuple(
                Part(piece.begin() - origin, piece.end() - origin, _term(piece), _reading(piece), _groups(piece))
                for piece in pieces
                if _WORD_CHARACTER.search(piece.surface())
            )
        is_function = pos in _FUNCTION_POS
        groups = () if is_function else _groups(morpheme)
        return Word(
            _term(morpheme),
            _reading(morpheme),
            parts,
            is_function,
            pos in _PREDICATE_POS,
            not morpheme.is_oov(),
            groups,
            kind == "数詞" and any(character.isdigit() for character in surface),
            "助数詞" in counting or "助数詞可能" in counting,
            next(self._numbers),
        )


def _term(morpheme: sudachipy.Morpheme) -> str:
    return fold(morpheme.normalized_form())


def _reading(morpheme: sudachipy.Morpheme) -> str:
    """Katakana, or "" for a word whose reading the dictionary does not know."""
    reading = morpheme.reading_form()
    return reading if _KATAKANA.fullmatch(reading) else ""


def _groups(morpheme: sudachipy.Morpheme) -> tuple[int, ...]:
    """None for numerals: a number is only itself."""
    return () if morpheme.part_of_speech()[1] == "数詞" else tuple(morpheme.synonym_group_ids())


def _chunks(text: str) -> Iterator[tuple[int, str]]:
    """(offset, piece): pieces end after a sentence or a line where one ends in time."""
    start = 0
    while len(text) - start > MAX_CHUNK_CHARS:
        window = text[start : start + MAX_CHUNK_CHARS]
        ends = [match.end() for match in _CHUNK_END.finditer(window)]
        end = start + (ends[-1] if ends else MAX_CHUNK_CHARS)
        yield start, text[start:end]
        start = end
    if start < len(text):
        yield start, text[start:]


def read_user_dictionary(path: Path) -> list[tuple[str, str, str]]:
    """(folded surface, katakana reading, part of speech) of each row; ContentError lists every bad row."""
    rows: list[tuple[str, str, str]] = []
    problems: list[Problem] = []
    allowed = (
        f"{','.join(USER_DICTIONARY_COLUMNS)}: 表記 and 読み of at most {MAX_USER_WORD_CHARS} characters,"
        f" 読み in katakana, 品詞 {' or '.join(_USER_POS)}"
    )
    try:
        text = read_text(str(path), MAX_USER_DICTIONARY_BYTES)
    except UnreadableError as error:
        raise ContentError([error.problem]) from error
    reader = csv.reader(io.StringIO(text))
    seen: set[str] = set()
    try:
        for row in reader:
            if not row or tuple(row) == USER_DICTIONARY_COLUMNS:
                continue
            surface = fold(row[0].strip())
            if not _is_user_word(row, surface):
                problems.append(Problem(str(path), reader.line_num, f"row {','.join(row)[:60]!r}", allowed))
            elif surface in seen:
                problems.append(Problem(str(path), reader.line_num, f"{row[0]} is given twice", "each word once"))
            else:
                seen.add(surface)
                rows.append((surface, row[1].strip(), row[2].strip()))
    except csv.Error as error:
        problems.append(Problem(str(path), reader.line_num, f"not CSV: {error}", allowed))
    if problems:
        raise ContentError(problems)
    return rows


def _is_user_word(row: list[str], surface: str) -> bool:
    if len(row) != 3 or not _WORD_CHARACTER.search(surface) or _NO_USER_WORD.search(row[0].strip()):
        return False
    reading = row[1].strip()
    return (
        len(surface) <= MAX_USER_WORD_CHARS
        and len(reading) <= MAX_USER_WORD_CHARS
        and _KATAKANA.fullmatch(reading) is not None
        and row[2].strip() in _USER_POS
    )


def compile_user_dictionary(source: Path, target: Path) -> bool:
    """Compile staff's three-column CSV into a Sudachi user dictionary at `target`; False if it has no words yet."""
    rows = read_user_dictionary(source)
    if not rows:  # Sudachi takes no empty lexicon
        return False
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    for surface, reading, pos in rows:
        connection, pos_names = _USER_POS[pos]
        writer.writerow(
            [surface, connection, connection, _USER_COST, surface, *pos_names.split(","), reading, surface, *"*****"]
        )
    lexicon = target.with_suffix(".csv")
    lexicon.write_text(lines.getvalue(), encoding="utf-8")
    system = importlib.resources.files("sudachidict_core") / "resources" / "system.dic"
    target.unlink(missing_ok=True)  # Sudachi refuses to overwrite
    sudachipy.sudachipy.build_user_dic(system=Path(str(system)), lex=[lexicon], output=target, description="")
    lexicon.unlink()
    return True


def dictionary_stamp(user_dictionary_source: Path | None) -> str:
    """Names the analyzer: Sudachi, its dictionary and the user dictionary. Two indexes agree only when it is equal."""
    digest = file_digest(str(user_dictionary_source)) if user_dictionary_source else ""
    versions = [f"{name}={importlib.metadata.version(name)}" for name in ("sudachipy", "sudachidict-core")]
    return " ".join([*versions, "split=C+A", f"user={digest[:12]}"])
