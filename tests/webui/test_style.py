"""The style sheet keeps to the tokens of デジタル庁デザインシステム (@digital-go-jp/design-tokens 1.1.9)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import webui

STYLE = (Path(webui.__file__).parent / "static" / "style.css").read_text("utf-8")
# The steps of its scales that the page may use: white and black, solid gray, blue, yellow, magenta (visited links).
COLOURS = set(
    """#fff #000 #f2f2f2 #e6e6e6 #cccccc #b3b3b3 #999999 #949494 #7f7f7f #767676 #666666 #4d4d4d #333333 #1a1a1a
    #e8f1fe #d9e6ff #c5d7fb #9db7f9 #7096f8 #4979f5 #3460fb #264af4 #0031d8 #0017c1 #00118f #000071 #000060
    #fff0b3 #ffe380 #ffd43d #6e5600 #604b00 #8b008b #ffaeff""".split()
)
TYPE_SCALE = {"100%", "0.875rem", "1rem", "1.0625rem", "1.125rem", "1.25rem", "1.375rem", "1.5rem", "1.75rem", "2rem"}
RADII = {"4px", "8px", "12px"}


@pytest.mark.parametrize(
    ("pattern", "tokens"),
    [
        (r"(#[0-9a-f]{3,8})\b", COLOURS),
        (r"font-size: ([^;}]+)", TYPE_SCALE),
        (r"border-radius: ([^;}]+)", RADII | {"2px", "22px"}),  # a mark's, and a chip's: half its height
    ],
    ids=["colours", "type scale", "radii"],
)
def test_values_are_published_tokens(pattern: str, tokens: set[str]) -> None:
    used = {value.strip() for value in re.findall(pattern, STYLE)}
    assert used
    assert used - tokens == set()


def test_the_focus_is_a_black_outline_of_four_pixels_with_a_yellow_ring() -> None:
    assert ":focus-visible { outline: 4px solid var(--ring);" in STYLE
    assert "box-shadow: 0 0 0 2px var(--ring-inner)" in STYLE
    assert "--ring: #000; --ring-inner: #ffd43d" in STYLE
