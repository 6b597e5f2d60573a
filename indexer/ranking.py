"""The one table of ranking weights: what each is worth and where it came from.

"JSQuAD" is JGLUE's JSQuAD dev set, question → paragraph, by `tests/bench/jsquad.py`; see README, Decisions.
"""

from __future__ import annotations

from collections.abc import Mapping

from indexer.engine import How

ALTERNATIVE_WEIGHT: Mapping[How, float] = {
    How.EXACT: 1.0,
    How.VARIANT: 1.0,  # another way to write the same word
    How.PARTS: 0.6,
    How.SYNONYM: 0.7,
    How.RELATED: 0.3,  # JSQuAD: 0.1 to 0.5 are within 0.0002 of one another; weaker than the staff's own thesaurus
    How.SUBSTRING: 0.4,
}
"""How much a match of this kind is worth beside the typed word itself."""

LITERAL_KANA_WEIGHT = 0.5  # of kana found as typed, where the words it reads as are more frequent

PART_WEIGHT = 0.3  # of each part of a compound that a section holds, beside the compound itself
BIGRAM_WEIGHT = 0.4  # JSQuAD (DESIGN.md): 0.948 with, 0.938 without
PROXIMITY_WEIGHT = 0.7  # of the rarer idf, for two typed words in order and close
PROXIMITY_CHARS = 25  # about six words; a third of JSQuAD: 8 is worse by 0.002, 12 by 0.001, 20 to 30 the same
# Of the highest score, on top of its own, for a section that bears the name of what a query asks the meaning of: it
# comes first. Of the glossary's 161 headings, typed with とは何か, 91 came first without and 138 with.
NAMED_WEIGHT = 1.0
TYPED_NAME_WEIGHT = 0.25  # the same for a term typed alone; own nDCG@10 0.9500 without, 0.9515 with, 0.9499 at 1.0
COVERAGE_POWER = 0.85  # score × (share of the query's weight that matched) ^ power; JSQuAD: flat from 0.7 to 1

QUESTION_WORD_WEIGHT = 0.3  # of words that carry a question but no subject, beside the others
PREDICATE_WEIGHT = 0.6  # of verbs and adjectives; JSQuAD MRR@10 0.9528 without, 0.9536 with; own nDCG@10 0.948, 0.950
MIN_QUESTION_SHARE = 0.1  # of the weight that the fullest section holds, for a section to match a question at all
SAME_DOCUMENT_WEIGHT = 0.9  # of each further section of a document; own judged queries 0.920 → 0.926
MAX_SECTIONS_PER_DOCUMENT = 3  # on one page of results; the rest follow on later pages
RERANKED_HITS = 200  # hits whose word order is looked at; the first pages, 20 times over
