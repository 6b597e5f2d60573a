"""The one table of ranking weights: what each is worth and where it came from.

"JSQuAD" is JGLUE's JSQuAD dev set, question → paragraph, by `tests/bench/jsquad.py`; the figures of each part switched
off are made by `tests/bench/ablation.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """What matches of each kind count.

    For a typed word and its alternatives, beside the typed word itself (1.0):
    variant          another way to write the same word
    parts            all parts of a compound, apart
    synonym          a word of the staff's thesaurus
    related          a word of Sudachi's synonym groups; JSQuAD: 0.1 to 0.5 are within 0.0002 of one another
    substring        the same characters
    literal_kana     kana found as typed, where the words it reads as are more frequent

    Beside what a word finds:
    part             each part of a compound that a section holds
    bigram           each pair of characters; JSQuAD 0.948 with, 0.938 without
    proximity        of the rarer idf, for two typed words in order and close

    For a section as a whole:
    coverage_power   score × (share of the query's weight that matched) ^ power; JSQuAD: flat from 0.7 to 1
    defined_term     for とは何か queries: bonus for the section whose heading is the term, as a share of the top score;
                     of the glossary's 161 headings, typed with とは何か, 91 came first without and 138 with
    typed_term       the same for a term typed alone; own nDCG@10 0.9500 without, 0.9515 with, 0.9499 at 1.0
    further_section  each further section of a document; own judged queries 0.920 → 0.926

    Of typed words:
    question_word    words that carry a question but no subject, beside the others
    predicate        verbs and adjectives; JSQuAD MRR@10 0.9528 without, 0.9536 with; own nDCG@10 0.948, 0.950
    least_share      of the weight that the fullest section holds, for a section to match a question at all
    """

    variant: float = 1.0
    parts: float = 0.6
    synonym: float = 0.7
    related: float = 0.3
    substring: float = 0.4
    literal_kana: float = 0.5
    part: float = 0.3
    bigram: float = 0.4
    proximity: float = 0.7
    coverage_power: float = 0.85
    defined_term: float = 1.0
    typed_term: float = 0.25
    further_section: float = 0.9
    question_word: float = 0.3
    predicate: float = 0.6
    least_share: float = 0.1


SHIPPED = Weights()

PROXIMITY_CHARS = 25  # about six words; a third of JSQuAD: 8 is worse by 0.002, 12 by 0.001, 20 to 30 the same
MAX_SECTIONS_PER_DOCUMENT = 3  # on one page of results; the rest follow on later pages
RERANKED_HITS = 200  # hits whose word order is looked at; the first pages, 20 times over
