"""From a query tree to a plan: units of meaning, each with the ways in which it may match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from indexer.engine import Words
from indexer.language.analysis import Analyzer, bigrams_of
from indexer.language.thesaurus import Thesaurus
from indexer.language.tokenizer import Token
from indexer.plan import Alternative, How, LeafPlan, Plan, TermAt, Unit
from indexer.ranking import SHIPPED, Weights
from indexer.search.asking import QUESTION_WORDS, subject_of
from indexer.search.conversion import conversions, half_conversions, typed_reading
from indexer.search.expansion import ARTICLE, Expander, TypedWord
from kb.language.eras import ERA_YEAR, WESTERN_YEAR
from kb.language.folding import fold
from kb.language.kana import is_kana
from kb.language.query import Leaf, Phrase, Query, Text

MAX_SCRAP_CHARS = 2
MAX_TEXTS_READ = 200  # of sections, for all phrases of a query; 200 of the bench corpus take 0.05 s


class Planner:
    """Plans queries with one analyzer, one thesaurus and the words of one index."""

    def __init__(self, analyzer: Analyzer, thesaurus: Thesaurus, words: Words, weights: Weights = SHIPPED) -> None:
        self._analyzer = analyzer
        self._thesaurus = thesaurus
        self._expander = Expander(analyzer, thesaurus, weights)
        self._longest_related = thesaurus.longest
        self._words = words
        self._weights = weights

    def plan(self, query: Query, *, exact: bool = False) -> Plan:
        """The plan of a whole query; with `exact` nothing but the typed words themselves counts."""
        leaves = [*query.exclusions, *(leaf for clause in query.clauses for leaf in clause.alternatives)]
        texts = MAX_TEXTS_READ // max(1, sum(isinstance(leaf, Phrase) for leaf in leaves))
        planned = (
            tuple(filter(None, (self._converted(leaf, texts, exact=exact) for leaf in clause.alternatives)))
            for clause in query.clauses
        )
        clauses = tuple(filter(None, planned))
        exclusions = tuple(filter(None, (self._leaf(leaf, texts, exact=True) for leaf in query.exclusions)))
        is_question = any((leaf.conversions or (leaf,))[0].is_sentence for clause in clauses for leaf in clause)
        return Plan(clauses, exclusions, is_question, exact, *self._names(query), self._weights)

    def _names(self, query: Query) -> tuple[tuple[str, ...], float]:
        """What is asked about or typed alone, with its other spellings and its equal terms; what its name is worth."""
        leaves = [leaf for clause in query.clauses for leaf in clause.alternatives]
        name, asks_meaning = subject_of(fold(" ".join(leaf.text for leaf in leaves)))
        is_one_term = len(leaves) == 1 or (asks_meaning and len(leaves) == len(query.clauses))
        if not name or not is_one_term or any(isinstance(leaf, Phrase) for leaf in leaves):
            return (), 0.0
        readings = self._conversions(name) if len(leaves) == 1 else ()
        tables = (self._thesaurus.variants, self._thesaurus.equal)
        normalized = "".join(token.word.term for token in self._analyzer.tokens(name))
        spelled = (name, normalized, *readings)
        names = dict.fromkeys(
            (*spelled, *(fold(other) for table in tables for term in spelled for other in table.get(term, ())))
        )
        return tuple(names), self._weights.defined_term if asks_meaning else self._weights.typed_term

    def _converted(self, leaf: Leaf, texts: int, *, exact: bool) -> LeafPlan | None:
        """The plan of a leaf with those of its conversions."""
        plan = self._leaf(leaf, texts, exact=exact)
        if plan is None or exact or isinstance(leaf, Phrase):
            return plan
        text = fold(leaf.text)
        own = [unit.alternatives[0].terms for unit in plan.units]
        converted: list[LeafPlan] = []
        half_converted = not is_kana(text) and typed_reading(text) == ""
        for surface in self._conversions(text):
            other = self._leaf(Text(surface), texts, exact=exact)
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
        half_converted = half_conversions(text, self._analyzer.tokens(text), self._words)
        return half_converted or conversions(text, self._words)

    def _leaf(self, leaf: Leaf, texts: int, *, exact: bool) -> LeafPlan | None:
        text = fold(leaf.text)
        tokens = self._analyzer.tokens(text)
        bigrams = bigrams_of(text)
        if isinstance(leaf, Phrase):
            if not bigrams and not tokens:
                return None
            return LeafPlan(leaf.text, (_phrase_unit(leaf.text, tokens, bigrams, texts),), bigrams, is_phrase=True)
        spans = list(self._spans(text, tokens, exact=exact))
        if not spans:  # nothing but function words or signs: look for the characters themselves
            if not bigrams:
                return None
            alternative = Alternative(How.SUBSTRING, leaf.text, bigrams=bigrams, weight=self._weights.substring)
            weight = self._weights.question_word if tokens else 1.0
            unit = Unit(leaf.text, 0, (alternative,), weight, is_question_word=bool(tokens))
            return LeafPlan(leaf.text, (unit,), bigrams)
        joined = {token for span in spans for token in span}
        is_sentence = len(spans) > 1 and any(token.word.is_function for token in tokens if token not in joined)
        units = tuple(self._unit(TypedWord.of(text, span), span[0].start, exact=exact) for span in spans)
        return LeafPlan(leaf.text, units, () if exact else bigrams, is_sentence=is_sentence)

    def _spans(self, text: str, tokens: Sequence[Token], *, exact: bool) -> Iterator[Sequence[Token]]:
        """Content tokens, grouped where several are one term: of the thesaurus, an article of law, a year.

        In a query of words, a number goes with what it counts; in a sentence both rank apart.
        """
        is_sentence = any(token.word.is_function for token in tokens)
        terms = (ARTICLE, ERA_YEAR) if is_sentence else (ARTICLE, ERA_YEAR, WESTERN_YEAR)
        articles = {match.start(): match.end() for term in terms for match in term.finditer(text)}
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
                yield group
            index += taken

    def _longest_known(self, text: str, tokens: Sequence[Token], index: int) -> int:
        start = tokens[index].start
        for end in range(min(len(tokens), index + self._longest_related), index + 1, -1):
            surface = text[start : tokens[end - 1].end]
            if len(surface) <= self._longest_related and self._thesaurus.knows(surface):
                return end - index
        # け/いや: kana that the dictionary cut into scraps are not words; they are looked for as they stand.
        if index == 0 and len(tokens) > 1 and is_kana(text) and all(map(_is_scrap, tokens)):
            is_word = not all(token.word.is_function or token.word.term in QUESTION_WORDS for token in tokens)
            return len(tokens) if is_word else 1
        return 1

    def _unit(self, word: TypedWord, start: int, *, exact: bool) -> Unit:
        weight = 1.0
        if word.is_question_word:
            weight = self._weights.question_word
        elif len(word.span) == 1 and word.span[0].word.is_predicate:
            weight = self._weights.predicate
        itself = self._expander.itself(word)
        if exact:
            return Unit(word.surface, start, (itself,), weight, word.is_question_word)
        alternatives = (itself, *self._expander.alternatives(word))
        related = self._expander.related(word)
        return Unit(word.surface, start, alternatives, weight, word.is_question_word, related.spellings + related.words)


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


def _phrase_unit(typed: str, tokens: Sequence[Token], bigrams: tuple[str, ...], texts: int) -> Unit:
    content = [token for token in tokens if not token.word.is_function]
    terms = tuple(TermAt(token.word.term, token.start - content[0].start) for token in content)
    return Unit(typed, 0, (Alternative(How.EXACT, typed, terms, bigrams, adjacent=True, texts=texts),))
