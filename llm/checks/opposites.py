"""Words that have one opposite, and a program that has the opposite alone: red for green, the lower band for the upper.

They are looked for in sentences of which little could be read; a sentence or program with both words tells nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from llm.checks.claims import Claim, placeless

_BAND: Final = r"(?:bollinger|keltner|donchian|bb|bbs|kc|band|bands|channel)"


class _Word(NamedTuple):
    """What a sentence calls it, any word that makes it uncertain that only this is meant, and what a program has."""

    said: str
    present: re.Pattern[str]
    code: re.Pattern[str]


def _row(said: str, present: str, code: str) -> _Word:
    return _Word(said, re.compile(present, re.IGNORECASE), re.compile(code))


_OPPOSITES: Final = (
    (
        _row("a green candle", r"\bgreen\b|\bbullish\b|\bwhite\b|\bpositive\b|\bcloses? up\b|\bup (?:candle|bar)s?\b",
             r"^(?:close > open|open < close)$"),
        _row("a red candle", r"\bred\b|\bbearish\b|\bblack\b|\bnegative\b|\bcloses? down\b|\bdown (?:candle|bar)s?\b",
             r"^(?:close < open|open > close)$"),
    ),
    (
        _row("the upper band", rf"\b(?:upper|top)\s+(?:\w+\s+)?{_BAND}\b|\b{_BAND}(?: \d+)? top\b", r"\.upper\b"),
        _row("the lower band", rf"\b(?:lower|bottom)\s+(?:\w+\s+)?{_BAND}\b|\b{_BAND}(?: \d+)? bottom\b", r"\.lower\b"),
    ),
    (
        _row("a high", r"\bhigh(?:est|s)?\b|\bupper\b|\btop\b|\brange\b", r"\bhighest\("),
        _row("a low", r"\blow(?:est|s)?\b|\blower\b|\bbottom\b|\brange\b", r"\blowest\("),
    ),
)  # fmt: skip


class Opposite(NamedTuple):
    """Words of a sentence, what they say, and what the program has instead."""

    words: str
    start: int
    end: int
    asked: str
    said: str


def opposites(sentence: str, claims: Sequence[Claim]) -> Iterator[Opposite]:
    """Words of `sentence` of whose meaning the program has the opposite and nothing else."""
    texts = [placeless(ast.unparse(ast.parse(claim.inner, mode="eval"))) for claim in claims]
    for pair in _OPPOSITES:
        for one, other in (pair, pair[::-1]):
            place = one.present.search(sentence)
            if place is None or other.present.search(sentence):
                continue
            has = [any(word.code.search(text) for text in texts) for word in (one, other)]
            if has == [False, True]:
                yield Opposite(place.group(), place.start(), place.end(), one.said, other.said)
