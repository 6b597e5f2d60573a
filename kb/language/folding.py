"""One spelling for search: what looks or means the same to a reader becomes the same characters.

`fold` is what is tokenized, on both sides; `fold_with_offsets` also says where each folded character stood, so that
highlights fall on the original text. Folding is idempotent and never needs a dictionary.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# CJK Radicals Supplement, which NFKC leaves alone, and their ideographs: Unicode's EquivalentUnifiedIdeograph.txt.
# PDF producers write them for ordinary kanji (官⺠連携, 首⻑).
_RADICALS = (
    "⺁⺂⺃⺄⺅⺆⺇⺈⺉⺊⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺳⺴⺵⺶⺷⺸⺹⺺⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻟⻠⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰"
    "⻱⻲"
)
_IDEOGRAPHS = (
    "厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄心扌攵旡日月歺民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙"
    "龜亀"
)

# Old forms of kanji and their forms in the 常用漢字表 (its appended 康熙字典体), with the variants that name software
# writes (髙, 﨑). Surnames that are told apart by form (嶋, 冨) are left alone.
_OLD_KANJI = (
    "亞惡壓圍醫爲壹稻飮隱營榮衞驛圓緣艷鹽奧應橫歐毆黃溫穩假價畫會壞懷繪槪擴殼覺學嶽樂渴勸卷寬歡罐觀閒關陷顏歸氣龜僞戲犧舊據擧虛峽挾敎狹鄕曉區驅勳薰徑惠揭攜溪經繼莖螢輕鷄藝擊儉劍圈檢權獻縣硏險顯驗嚴效廣恆鑛號國黑濟碎齋劑櫻册雜"
    "參慘棧蠶贊殘絲齒兒辭濕實舍寫釋壽收從澁獸縱肅處緖敍奬將涉燒稱證乘剩壤孃條淨狀疊讓釀囑觸寢愼晉眞刄盡圖粹醉隨髓數樞瀨聲靜齊攝竊專戰淺潛纖踐錢禪曾雙壯搜插巢爭瘦總聰莊裝騷增臟藏卽屬續墮體對帶滯臺瀧擇澤單擔膽團彈斷癡遲晝蟲鑄廳"
    "徵聽敕鎭遞鐵轉點傳黨盜燈當鬭德獨讀屆貳惱腦霸廢拜賣麥發髮拔晚蠻祕濱甁拂佛倂竝變邊辨瓣辯步穗寶萠豐沒飜每萬滿麵默餠戾彌藥譯豫餘與譽搖樣謠來賴亂覽龍兩獵綠淚壘勵禮隸靈齡曆歷戀鍊爐勞樓錄灣髙﨑邉濵桒讚靑淸內吳悅說稅絕羣畧兔潑頰"
    "剝塡𠮟吞"
)
_NEW_KANJI = (
    "亜悪圧囲医為壱稲飲隠営栄衛駅円縁艶塩奥応横欧殴黄温穏仮価画会壊懐絵概拡殻覚学岳楽渇勧巻寛歓缶観間関陥顔帰気亀偽戯犠旧拠挙虚峡挟教狭郷暁区駆勲薫径恵掲携渓経継茎蛍軽鶏芸撃倹剣圏検権献県研険顕験厳効広恒鉱号国黒済砕斎剤桜冊雑"
    "参惨桟蚕賛残糸歯児辞湿実舎写釈寿収従渋獣縦粛処緒叙奨将渉焼称証乗剰壌嬢条浄状畳譲醸嘱触寝慎晋真刃尽図粋酔随髄数枢瀬声静斉摂窃専戦浅潜繊践銭禅曽双壮捜挿巣争痩総聡荘装騒増臓蔵即属続堕体対帯滞台滝択沢単担胆団弾断痴遅昼虫鋳庁"
    "徴聴勅鎮逓鉄転点伝党盗灯当闘徳独読届弐悩脳覇廃拝売麦発髪抜晩蛮秘浜瓶払仏併並変辺弁弁弁歩穂宝萌豊没翻毎万満麺黙餅戻弥薬訳予余与誉揺様謡来頼乱覧竜両猟緑涙塁励礼隷霊齢暦歴恋錬炉労楼録湾高崎辺浜桑讃青清内呉悦説税絶群略兎溌頬"
    "剥填叱呑"
)

_DASHES = "‐‑‒–—―−─━﹘﹣⸺⸻"
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")


_OWN: dict[str, str] = {
    **dict(zip(_RADICALS + _OLD_KANJI, _IDEOGRAPHS + _NEW_KANJI, strict=True)),
    **dict.fromkeys(_DASHES, "-"),
    "〜": "~",
    "゠": "=",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
}


class _CharacterTable(dict[int, str]):
    """The fold of every character as if it stood alone, found when it is first met.

    `uneven` are the characters met so far that become none or several.
    """

    def __init__(self) -> None:
        self.uneven: set[str] = set()

    def __missing__(self, codepoint: int) -> str:
        character = chr(codepoint)
        folded = self[codepoint] = _fold_character(character)
        if len(folded) != 1:
            self.uneven.add(character)
        return folded


def _fold_character(character: str) -> str:
    if _INVISIBLE.match(character):
        return ""
    if unicodedata.category(character) == "Cc" or character == "\u3000":
        return " "
    compatible = unicodedata.normalize("NFKC", _OWN.get(character, character)).lower()
    return "".join(_OWN.get(part, part) for part in unicodedata.normalize("NFKC", compatible))


_TABLE = _CharacterTable()
# A base with what combines onto it (か + U+3099, ｶ + ﾞ, e + U+0301, Hangul jamo) is folded as one.
_CLUSTER = re.compile(
    r"[^\u0300-\u036f\u3099\u309a\uff9e\uff9f]?[\u0300-\u036f\u3099\u309a\uff9e\uff9f]+|[\u1100-\u11ff]+"
)

_KANA = r"\u3041-\u3096\u30a1-\u30fa"
_KATAKANA = r"\u30a1-\u30faー"
_NUMERALS = "〇一二三四五六七八九十百千"
# The first character stands before what is said of it: a look behind at every place makes `fold` take twice as long.
_CONTEXT = re.compile(
    rf"[-ー・·ゝゞヽヾ,第{_NUMERALS}](?:"
    rf"(?P<long>(?<=[{_KATAKANA}][-ー])[-ー]*(?=[{_KATAKANA}]|$|[^0-9a-z{_KATAKANA}-]))"
    rf"|(?P<dot>(?<=[{_KATAKANA}][・·])(?=[{_KATAKANA}]))"
    rf"|(?P<repeat>(?<=[{_KANA}][ゝゞヽヾ]))"
    rf"|(?P<comma>(?<=[0-9],)(?=[0-9]{{3}}(?![0-9])))"
    rf"|(?P<article>(?<=第)[{_NUMERALS}]+(?=[条項号章節款編回期次年])"
    rf"|(?<=[{_NUMERALS}])[{_NUMERALS}]*(?=[万億兆][{_NUMERALS}万億]*円)|(?<=[{_NUMERALS}])[{_NUMERALS}]+(?=万?円)"
    rf"|(?<=[{_NUMERALS}])[{_NUMERALS}]+(?=条|号(?!室))|(?<=[条0-9{_NUMERALS}]の[{_NUMERALS}])[{_NUMERALS}]*))"
)
_AFTER_ARTICLE = re.compile(rf"[{_NUMERALS}0-9]+条(?:の[{_NUMERALS}0-9]+)*の$")
_DIGITS = {character: value for value, character in enumerate("〇一二三四五六七八九")}
_UNITS = {"十": 10, "百": 100, "千": 1000}


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text with, for each of its characters, the [start, end) it came from; None when nothing moved."""

    text: str
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def original_range(self, start: int, end: int) -> tuple[int, int]:
        """The [start, end) of the original text which the folded [start, end) came from."""
        if self.starts is None or self.ends is None:
            return start, end
        if start >= end:
            return (self.starts[start], self.starts[start]) if start < len(self.starts) else (0, 0)
        return self.starts[start], self.ends[end - 1]


def fold(text: str) -> str:
    """The folded text alone."""
    if _CLUSTER.search(text):
        text = _CLUSTER.sub(_fold_cluster, text)
    text = text.translate(_TABLE)
    return _CONTEXT.sub(_in_context, text)


def fold_with_offsets(text: str) -> Folded:
    """The folded text and where it came from; `.text` equals `fold(text)`."""
    pieces: list[tuple[str, int, int]] = []
    if _CLUSTER.search(text) is None and (simple := text.translate(_TABLE)) and _TABLE.uneven.isdisjoint(text):
        if all(len(_in_context(match)) == match.end() - match.start() for match in _CONTEXT.finditer(simple)):
            return Folded(_CONTEXT.sub(_in_context, simple))
        pieces = [(character, index, index + 1) for index, character in enumerate(simple)]
    else:
        position = 0
        for cluster in _CLUSTER.finditer(text):
            pieces += _fold_characters(text, position, cluster.start())
            folded = _fold_cluster(cluster).translate(_TABLE)
            pieces += [(character, cluster.start(), cluster.end()) for character in folded]
            position = cluster.end()
        pieces += _fold_characters(text, position, len(text))
    simple = "".join(character for character, _, _ in pieces)
    result: list[tuple[str, int, int]] = []
    position = 0
    for match in _CONTEXT.finditer(simple):
        result += pieces[position : match.start()]
        first, last = pieces[match.start()], pieces[match.end() - 1]
        result += [(character, first[1], last[2]) for character in _in_context(match)]
        position = match.end()
    result += pieces[position:]
    return Folded(
        "".join(character for character, _, _ in result),
        [start for _, start, _ in result],
        [end for _, _, end in result],
    )


def _fold_characters(text: str, start: int, end: int) -> list[tuple[str, int, int]]:
    return [(folded, index, index + 1) for index in range(start, end) for folded in _TABLE[ord(text[index])]]


def _fold_cluster(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", match[0])


def _in_context(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind == "long":
        return "ー"
    if kind in ("dot", "comma"):
        return ""
    before = match.string[: match.start()]
    if kind == "repeat":
        return _repeated(before[-1], match[0])
    if before.endswith("の") and not _AFTER_ARTICLE.search(before[-40:]):
        return match[0]  # 男の二人: a number, but no article
    return "第" + _arabic(match[0][1:]) if match[0].startswith("第") else _arabic(match[0])


def _repeated(kana: str, iteration: str) -> str:
    if iteration in "ゝヽ":
        return unicodedata.normalize("NFD", kana)[0]
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", kana)[0] + "\u3099")


def _arabic(numerals: str) -> str:
    """百六十七 → 167, 一六七 → 167."""
    if not set(numerals) & set(_UNITS):
        return "".join(str(_DIGITS[character]) for character in numerals)
    total = digit = 0
    for character in numerals:
        if character in _UNITS:
            total += (digit or 1) * _UNITS[character]
            digit = 0
        else:
            digit = digit * 10 + _DIGITS[character]
    return str(total + digit)
