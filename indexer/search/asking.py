"""How people ask: words that carry a question but no subject, and questions for what something is."""

from __future__ import annotations

import re
from typing import NamedTuple

from kb.language.folding import fold

# Such words rank, but none is required beside a word that names a subject.
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


class Subject(NamedTuple):
    """What folded text names, and whether it asks what that means."""

    name: str
    asks_meaning: bool


def subject_of(text: str) -> Subject:
    """The subject of folded `text`: all of it, or what stands before とは何か and the like."""
    asking = _ASKS_MEANING.search(text)
    return Subject(text[: asking.start()], asks_meaning=True) if asking else Subject(text, asks_meaning=False)
