"""Words as Sudachi knows them, in the shape that index and query share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.language.tokenizer import (
    MAX_CHUNK_CHARS,
    SudachiTokenizer,
    Token,
    compile_user_dictionary,
    dictionary_stamp,
    read_user_dictionary,
)
from kb.errors import ContentError
from kb.language.folding import fold

TOKENIZER = SudachiTokenizer()


def tokens(text: str) -> list[Token]:
    return list(TOKENIZER.tokenize(text))


def test_a_long_word_comes_whole_with_its_parts_where_they_stand() -> None:
    (token,) = tokens("国家公務員")
    assert token.word.term == "国家公務員"
    assert [(part.term, part.start, part.end) for part in token.word.parts] == [
        ("国家", 0, 2),
        ("公務", 2, 4),
        ("員", 4, 5),
    ]


def test_words_are_normalized_and_carry_their_reading() -> None:
    (token,) = tokens("取組み")
    assert (token.word.term, token.word.reading) == ("取り組み", "トリクミ")


def test_function_words_predicates_and_unknown_words_are_told_apart() -> None:
    words = {token.word.term: token.word for token in tokens("契約を払うズンドコベロンチョ")}
    assert [words[term].is_function for term in ("契約", "を", "払う")] == [False, True, False]
    assert [words[term].is_predicate for term in ("契約", "を", "払う")] == [False, False, True]
    assert [term for term, word in words.items() if not word.is_known] == ["ズンドコベロンチョ"]


def test_punctuation_is_no_word() -> None:
    assert [token.word.term for token in tokens("契約、。（）！ 契約")] == ["契約", "契約"]


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet="契約随意スタートアップ第1条。、\n のabA", max_size=60))
def test_tokens_stand_where_they_say_in_order(text: str) -> None:
    folded = fold(text)
    end = 0
    for token in tokens(folded):
        assert end <= token.start < token.end <= len(folded)
        end = token.end


def test_a_text_longer_than_sudachi_takes_is_cut_between_sentences() -> None:
    sentence = "市は随意契約で買う。"
    text = sentence * (2 * MAX_CHUNK_CHARS // len(sentence))
    found = tokens(text)
    assert len(found) == len(tokens(sentence)) * text.count("。")
    assert all(text[token.start : token.end] == "契約" for token in found if token.word.term == "契約")


@pytest.mark.slow
def test_staffs_names_are_whole_words_with_parts_and_a_reading(tmp_path: Path) -> None:
    source = tmp_path / "user_dictionary.csv"
    source.write_text("表記,読み,品詞\nトライアル発注,トライアルハッチュウ,名詞\n", encoding="utf-8")
    compiled = tmp_path / "user.dic"
    compile_user_dictionary(source, compiled)
    (token,) = SudachiTokenizer(compiled).tokenize("トライアル発注")
    assert (token.word.term, token.word.reading) == ("トライアル発注", "トライアルハッチュウ")
    assert [part.term for part in token.word.parts] == ["トライアル", "発注"]
    assert dictionary_stamp(source) != dictionary_stamp(None)


def test_every_bad_row_of_the_user_dictionary_is_reported(tmp_path: Path) -> None:
    source = tmp_path / "user_dictionary.csv"
    source.write_text(
        "表記,読み,品詞\n逆プロポ,ギャクプロポ,名詞\n逆プロポ,ギャクプロポ,名詞\nUIJ,ゆーあい,名詞\n窓口,マドグチ,動詞\n片方\n",
        encoding="utf-8",
    )
    with pytest.raises(ContentError) as caught:
        read_user_dictionary(source)
    assert [problem.line for problem in caught.value.problems] == [3, 4, 5, 6]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f"{'契' * 101},ケイ,名詞", "row '契契"),
        (f"契約,{'ケ' * 101},名詞", "row '契約,ケケ"),
        ("契" * 140_000 + ",ケイ,名詞", "not CSV: field larger than field limit (131072)"),
        (r"\u{110000},ケイ,名詞", "row '"),
        ('"契\n約",ケイ,名詞', "row '契\\n約"),
        ("。。,マル,名詞", "row '。。"),
        ("契約\0,ケイヤク,名詞", "binary data (a NUL byte)"),
        ("契約,ケイヤク,名詞\n" * 40_000, "file has "),
    ],
)
def test_a_word_that_sudachi_cannot_take_is_reported(tmp_path: Path, row: str, message: str) -> None:
    source = tmp_path / "user_dictionary.csv"
    source.write_text(row, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        read_user_dictionary(source)
    assert [problem.message[: len(message)] for problem in caught.value.problems] == [message]


@pytest.mark.slow
def test_whatever_words_are_taken_can_be_compiled(tmp_path: Path) -> None:
    source = tmp_path / "user_dictionary.csv"
    words = ["a,b", 'a""b', "A 1", "😀契", "契" * 100, "#契約", "a/b", "𠮷野家"]
    source.write_text("".join(f'"{word}",ケイヤク,名詞\n' for word in words), encoding="utf-8")
    assert compile_user_dictionary(source, tmp_path / "user.dic")
    assert [token.word.term for token in SudachiTokenizer(tmp_path / "user.dic").tokenize("a/b")] == ["a/b"]


@pytest.mark.parametrize("text", ["", "表記,読み,品詞\n"])
def test_a_user_dictionary_without_words_is_none(tmp_path: Path, text: str) -> None:
    source = tmp_path / "user_dictionary.csv"
    source.write_text(text, encoding="utf-8")
    assert not compile_user_dictionary(source, tmp_path / "user.dic")
