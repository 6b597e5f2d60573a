"""From a query tree to a plan that an engine can run: units of meaning with their alternatives, weakest last.

A plan names terms, not postings: it can be read, printed and tested without an index.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from indexer.analysis import Analyzer, bigram_codes, bigram_text
from indexer.conversion import Readings, conversions, half_conversions, typed_reading
from indexer.engine import How
from indexer.ranking import NAMED_WEIGHT, PREDICATE_WEIGHT, QUESTION_WORD_WEIGHT, TYPED_NAME_WEIGHT
from indexer.thesaurus import Thesaurus
from indexer.tokenizer import Token
from kb.eras import ERA_YEAR, WESTERN_YEAR, fiscal_years, other_years
from kb.folding import fold
from kb.kana import is_kana
from kb.query import Clause, Leaf, Phrase, Query, Text

# 第167条の2第1項第4号: one reference, whose numbers mean nothing apart (folding has turned kanji numerals into digits).
_ARTICLE = re.compile(r"第?\d+[条項号款章節編](?:の\d+)*(?:第\d+[項号](?:の\d+)*)*")
MAX_SCRAP_CHARS = 2
MAX_TEXTS_READ = 200  # of sections, for all phrases of a query; 200 of the bench corpus take 0.05 s
_SIGNS_AROUND = re.compile(r"^[\W_]+|[\W_]+$")
_DIGIT = re.compile(r"\d")
# Words that carry a question but no subject: they rank, but none is required beside a word that does.
QUESTION_WORDS = frozenset(
    fold(
        "何 どう どの どこ だれ 誰 いつ どんな どれ どちら なぜ 何故 如何 幾ら いくら 教える とは 方法 為る する"
        " 有る ある 居る いる 成る なる 出来る できる 事 こと 物 もの 時 とき 為 ため 良い よい 知る 行う 言う いう"
        " 呼ぶ 於く 因る 就く 就いて 使う 違い 意味 流れ 手順 仕方 やり方"
    ).split()
)
# The end of a query that asks what something is: 官民連携とは何か, 官民連携って何ですか, 官民連携 意味.
_ASKS_MEANING = re.compile(
    r"\s*(?:とは|って|というのは|の?\s*(?:意味|定義))\s*(?:何|なに|どういう(?:もの|こと|意味))?"
    r"(?:です|でしょう)?か?(?:を?教えて(?:ください|下さい)?|[をが]?知りたい)?[?!。]*$"
)


class TermAt(NamedTuple):
    """A term and where it stands in the typed text (characters), for adjacency."""

    term: str
    offset: int


class Alternative(NamedTuple):
    """One way for a unit to match: all `terms` must be in the section, adjacent as given when `adjacent`.

    An article of law is itself only: 第12条 is not 第12条の3.
    Of a phrase, at most `texts` sections may be read where postings do not tell whether they hold it.
    Instead of terms, How.SUBSTRING has `bigrams` and How.RELATED `synonym_groups`: the index knows whose they are.
    """

    how: How
    shown: str
    terms: tuple[TermAt, ...] = ()
    bigrams: tuple[str, ...] = ()
    synonym_groups: tuple[int, ...] = ()
    adjacent: bool = False
    is_article: bool = False
    texts: int = 0


class Unit(NamedTuple):
    """A typed word; `weight` is 1, or less for predicates and for question words, which name no subject (何, こと)."""

    typed: str
    start: int
    alternatives: tuple[Alternative, ...]
    weight: float = 1.0
    is_question_word: bool = False


class LeafPlan(NamedTuple):
    """A leaf of the query as units; `bigrams` of its whole text serve ranking only.

    `conversions` are the same leaf as an IME would have converted it; their units keep what was typed.
    `is_half_converted` where only a stretch of it is kana that may be no word as it stands.
    """

    typed: str
    units: tuple[Unit, ...]
    bigrams: tuple[str, ...]
    is_phrase: bool = False
    is_sentence: bool = False
    conversions: tuple[LeafPlan, ...] = ()
    is_half_converted: bool = False

    def readings(self) -> tuple[LeafPlan, ...]:
        """The leaf as typed and as converted."""
        return (self, *self.conversions)


@dataclass(frozen=True, slots=True)
class Plan:
    """AND over clauses, OR inside a clause; no exclusion may match.

    In a question (`is_question`) no single word is required, only quoted phrases are: the sections that hold enough of
    its weight match. Where it asks what something is, or is one term alone, `names` (folded) are what that is called;
    a section of that name is raised by `name_weight`.
    """

    clauses: tuple[tuple[LeafPlan, ...], ...] = ()
    exclusions: tuple[LeafPlan, ...] = ()
    expansions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    is_question: bool = False
    exact: bool = False
    names: tuple[str, ...] = ()
    name_weight: float = NAMED_WEIGHT


class Planner:
    """Plans queries with one analyzer, one thesaurus and the readings of one index."""

    def __init__(self, analyzer: Analyzer, thesaurus: Thesaurus, readings: Readings) -> None:
        self._analyzer = analyzer
        self._thesaurus = thesaurus
        self._longest_related = thesaurus.longest
        self._readings = readings

    def plan(self, query: Query, *, exact: bool = False) -> Plan:
        """The plan of a whole query; with `exact` nothing but the typed words themselves counts."""
        expansions: dict[str, tuple[str, ...]] = {}
        leaves = [*query.exclusions, *(leaf for clause in query.clauses for leaf in clause.alternatives)]
        texts = MAX_TEXTS_READ // max(1, sum(isinstance(leaf, Phrase) for leaf in leaves))
        clauses = tuple(
            plans
            for clause in query.clauses
            if (
                plans := tuple(
                    filter(None, (self._converted(leaf, exact, expansions, texts) for leaf in clause.alternatives))
                )
            )
        )
        exclusions = tuple(filter(None, (self._leaf(leaf, True, {}, texts) for leaf in query.exclusions)))
        is_question = any((leaf.conversions or (leaf,))[0].is_sentence for clause in clauses for leaf in clause)
        return Plan(clauses, exclusions, expansions, is_question, exact, *self._names(query))

    def _names(self, query: Query) -> tuple[tuple[str, ...], float]:
        """What is asked about or typed alone, with its other spellings and its equal terms; what its name is worth."""
        leaves = [leaf for clause in query.clauses for leaf in clause.alternatives]
        text = fold(" ".join(leaf.text for leaf in leaves))
        asking = _ASKS_MEANING.search(text)
        name = text[: asking.start()] if asking else text
        is_one_term = len(leaves) == 1 or (asking is not None and len(leaves) == len(query.clauses))
        if not name or not is_one_term or any(isinstance(leaf, Phrase) for leaf in leaves):
            return (), 0.0
        readings = self._conversions(name) if len(leaves) == 1 else ()
        tables = (self._thesaurus.variants, self._thesaurus.equal)
        normalized = "".join(token.word.term for token in self._analyzer.tokens(name))
        spelled = (name, normalized, *readings)
        names = dict.fromkeys(
            (*spelled, *(fold(other) for table in tables for term in spelled for other in table.get(term, ())))
        )
        return tuple(names), NAMED_WEIGHT if asking else TYPED_NAME_WEIGHT

    def _converted(
        self, leaf: Leaf, exact: bool, expansions: dict[str, tuple[str, ...]], texts: int
    ) -> LeafPlan | None:
        """The plan of a leaf with those of its conversions."""
        plan = self._leaf(leaf, exact, expansions, texts)
        if plan is None or exact or isinstance(leaf, Phrase):
            return plan
        text = fold(leaf.text)
        own = [unit.alternatives[0].terms for unit in plan.units]
        converted: list[LeafPlan] = []
        half_converted = not is_kana(text) and typed_reading(text) == ""
        for surface in self._conversions(text):
            other = self._leaf(Text(surface), exact, expansions, texts)
            if half_converted and other is not None and other.is_sentence:
                continue  # a whole question: its kana are grammar
            if other is not None and [unit.alternatives[0].terms for unit in other.units] != own:
                units = tuple(
                    unit if half_converted and unit.typed in text else unit._replace(typed=leaf.text)
                    for unit in other.units
                )
                converted.append(other._replace(typed=leaf.text, units=units))
        return plan._replace(conversions=tuple(converted), is_half_converted=half_converted)

    def _conversions(self, text: str) -> tuple[str, ...]:
        """What folded `text` would become if the kana or romaji in it were converted."""
        half_converted = half_conversions(text, self._analyzer.tokens(text), self._readings)
        return half_converted or conversions(text, self._readings)

    def _leaf(self, leaf: Leaf, exact: bool, expansions: dict[str, tuple[str, ...]], texts: int) -> LeafPlan | None:
        text = fold(leaf.text)
        tokens = self._analyzer.tokens(text)
        bigrams = bigrams_of(text)
        if isinstance(leaf, Phrase):
            if not bigrams and not tokens:
                return None
            return LeafPlan(leaf.text, (_phrase_unit(leaf.text, tokens, bigrams, texts),), bigrams, is_phrase=True)
        spans = list(self._spans(text, tokens, exact))
        if not spans:  # nothing but function words or signs: look for the characters themselves
            if not bigrams:
                return None
            alternative = Alternative(How.SUBSTRING, leaf.text, bigrams=bigrams)
            weight = QUESTION_WORD_WEIGHT if tokens else 1.0
            unit = Unit(leaf.text, 0, (alternative,), weight, is_question_word=bool(tokens))
            return LeafPlan(leaf.text, (unit,), bigrams)
        joined = {token for span in spans for token in span}
        is_sentence = len(spans) > 1 and any(token.word.is_function for token in tokens if token not in joined)
        units = tuple(self._unit(text, span, exact, expansions) for span in spans)
        return LeafPlan(leaf.text, units, () if exact else bigrams, is_sentence=is_sentence)

    def _spans(self, text: str, tokens: list[Token], exact: bool) -> list[list[Token]]:
        """Content tokens, grouped where several are one term: of the thesaurus, an article of law, a year.

        In a query of words, a number goes with what it counts; in a sentence both rank apart.
        """
        is_sentence = any(token.word.is_function for token in tokens)
        terms = (_ARTICLE, ERA_YEAR) if is_sentence else (_ARTICLE, ERA_YEAR, WESTERN_YEAR)
        articles = {match.start(): match.end() for term in terms for match in term.finditer(text)}
        spans: list[list[Token]] = []
        index = 0
        while index < len(tokens):
            article_end = articles.get(tokens[index].start, 0)
            taken = max(1, sum(1 for token in tokens[index:] if token.end <= article_end))
            if not is_sentence:
                taken = max(taken, _counted(tokens, index))
            if not exact:
                taken = max(taken, self._longest_known(text, tokens, index))
            group = tokens[index : index + taken]
            if taken > 1 or not group[0].word.is_function:
                spans.append(group)
            index += taken
        return spans

    def _longest_known(self, text: str, tokens: list[Token], index: int) -> int:
        start = tokens[index].start
        for end in range(min(len(tokens), index + self._longest_related), index + 1, -1):
            surface = text[start : tokens[end - 1].end]
            if len(surface) <= self._longest_related and self._related(surface):
                return end - index
        # け/いや: kana that the dictionary cut into scraps are not words; they are looked for as they stand.
        if index == 0 and len(tokens) > 1 and is_kana(text) and all(map(_is_scrap, tokens)):
            is_word = not all(token.word.is_function or token.word.term in QUESTION_WORDS for token in tokens)
            return len(tokens) if is_word else 1
        return 1

    def _related(self, surface: str) -> bool:
        tables = (self._thesaurus.variants, self._thesaurus.equal, self._thesaurus.narrower)
        return any(surface in table for table in tables)

    def _unit(
        self,
        text: str,
        span: Sequence[Token],
        exact: bool,
        expansions: dict[str, tuple[str, ...]],
    ) -> Unit:
        start, end = span[0].start, span[-1].end
        surface = text[start:end]
        content = [token for token in span if not token.word.is_function] or list(span)
        whole = tuple(TermAt(token.word.term, token.start - start) for token in content)
        is_question_word = all(token.word.term in QUESTION_WORDS for token in span)
        is_article = _ARTICLE.fullmatch(surface) is not None
        alternatives = [Alternative(How.EXACT, surface, whole, adjacent=len(whole) > 1, is_article=is_article)]
        if not exact:
            is_number = _DIGIT.search(surface) is not None  # numbers are only themselves
            parts = () if is_number else _parts(span)
            if parts and (parts != whole or len(whole) > 1):  # 庁内調整 is also spoken of as 庁内の調整
                alternatives.append(Alternative(How.PARTS, " ".join(part.term for part in parts), parts))
            lookups = [surface] if len(span) > 1 or surface == span[0].word.term else [surface, span[0].word.term]
            variants = [other for lookup in lookups for other in self._thesaurus.variants.get(lookup, ())]
            variants += other_years(surface)
            lookups += [fold(other) for other in variants]
            equal = [other for lookup in lookups for other in self._thesaurus.equal.get(lookup, ())]
            lookups += map(fold, equal)
            narrower = [other for lookup in lookups for other in self._thesaurus.narrower.get(lookup, ())]
            related = dict.fromkeys(
                other for other in (*equal, *narrower) if fold(other) != surface and other not in variants
            )
            related |= dict.fromkeys(fiscal_years(surface))
            seen = {whole}
            for how, others in ((How.VARIANT, variants), (How.SYNONYM, related)):
                for other in others:
                    terms = self._terms_of(fold(other))
                    if terms and terms not in seen:
                        seen.add(terms)
                        alternatives.append(Alternative(how, other, terms, adjacent=len(terms) > 1))
            if variants or related:
                expansions[surface] = (*variants, *related)
            if len(content) == 1 and content[0].word.synonym_groups and not is_question_word:
                alternatives.append(
                    Alternative(How.RELATED, surface, whole, synonym_groups=content[0].word.synonym_groups)
                )
            if bigrams := () if is_number else bigrams_of(surface):
                alternatives.append(Alternative(How.SUBSTRING, surface, bigrams=bigrams))
        weight = 1.0
        if is_question_word:
            weight = QUESTION_WORD_WEIGHT
        elif len(span) == 1 and span[0].word.is_predicate:
            weight = PREDICATE_WEIGHT
        return Unit(surface, start, tuple(alternatives), weight, is_question_word)

    def _terms_of(self, text: str) -> tuple[TermAt, ...]:
        return tuple(
            TermAt(token.word.term, token.start) for token in self._analyzer.tokens(text) if not token.word.is_function
        )


def in_parts(query: Query, plan: Plan, unknown: Sequence[str]) -> Query | None:
    """The query with each `unknown` compound typed as its parts (入札 参加 資格 for 入札参加資格); None without any."""
    if len(plan.clauses) != len(query.clauses):
        return None
    clauses: list[Clause] = []
    for clause, leaves in zip(query.clauses, plan.clauses, strict=True):
        words = [_surfaces_of_parts(unit) if unit.typed in unknown else [unit.typed] for unit in leaves[0].units]
        is_split = len(leaves) == 1 and any(len(parts) > 1 for parts in words)
        clauses += [Clause((Text(word),)) for parts in words for word in parts] if is_split else [clause]
    return replace(query, clauses=tuple(clauses)) if len(clauses) > len(query.clauses) else None


def _surfaces_of_parts(unit: Unit) -> list[str]:
    parts = next((alternative.terms for alternative in unit.alternatives if alternative.how is How.PARTS), ())
    bounds = [0, *(part.offset for part in parts[1:]), len(unit.typed)]
    surfaces: list[str] = []
    for start, stop in itertools.pairwise(bounds):
        if surfaces and (stop - start == 1 or len(surfaces[-1]) == 1):  # 審査 会: an affix is no word to search for
            surfaces[-1] += unit.typed[start:stop]
        else:
            surfaces.append(unit.typed[start:stop])
    return surfaces


def _counted(tokens: Sequence[Token], index: int) -> int:
    """How many tokens from here on are one number with what it counts: 10年, 100万円, 第3回; 0 where none is."""
    place = index + (tokens[index].word.term == "第")
    if place + 1 >= len(tokens) or not tokens[place].word.is_numeral:
        return 0
    counter = tokens[place + 1]
    is_joined = tokens[index].end == tokens[place].start or place == index
    is_counter = counter.word.is_counter or counter.end - counter.start == 1  # 人, 章 and 県 may stand alone too
    return place + 2 - index if is_joined and is_counter and counter.start == tokens[place].end else 0


def _is_scrap(token: Token) -> bool:
    return token.end - token.start <= MAX_SCRAP_CHARS


def _parts(span: Sequence[Token]) -> tuple[TermAt, ...]:
    """The parts of a span's words; a word without parts is its own part."""
    first = span[0].start
    return tuple(
        TermAt(term, offset)
        for token in span
        if not token.word.is_function
        for term, offset in (
            [(part.term, token.start - first + part.start) for part in token.word.parts]
            or [(token.word.term, token.start - first)]
        )
    )


def _phrase_unit(typed: str, tokens: list[Token], bigrams: tuple[str, ...], texts: int) -> Unit:
    content = [token for token in tokens if not token.word.is_function]
    terms = tuple(TermAt(token.word.term, token.start - content[0].start) for token in content)
    return Unit(typed, 0, (Alternative(How.EXACT, typed, terms, bigrams, adjacent=True, texts=texts),))


def bigrams_of(text: str) -> tuple[str, ...]:
    """Distinct bigrams of folded text inside its runs; a run of one character gives that character as a prefix."""
    texts = [bigram_text(int(code)) for code in bigram_codes(text)]
    pairs = [pair for pair in texts if len(pair) == 2]
    singles = [] if pairs else texts
    return tuple(dict.fromkeys(pairs or singles))


def tell_all(bigrams: Sequence[str], text: str) -> bool:
    """Whether the bigrams of a folded text hold all its characters together, but for signs around it.

    They leave out pairs of ASCII characters, and do not tell how a blank or a sign divides what is on both sides.
    """
    return all("".join(pair) in bigrams for pair in itertools.pairwise(_SIGNS_AROUND.sub("", text)))
