"""The range of a window by its two ends: "the range between the highest high and the lowest low of 24 candles"."""

from __future__ import annotations

from llm.phrasebook.meaning.types import Length, Operand
from llm.phrasebook.reading.lengths import trailing_length
from llm.phrasebook.reading.reader import Reader

_NOUNS = ("range", "distance", "gap", "difference", "spread", "space", "width", "span")
_ENDS = {"high": "highest", "low": "lowest"}


def read_window_range(r: Reader, subject: Operand | None) -> Operand | None:
    """From the lowest low to the highest high of the same candles, this one included."""
    if not r.word(*_NOUNS) or not r.word("between", "from", fill=False):
        return None
    first, early = _end(r), trailing_length(r)
    if first is None or not r.word("and", "to", "&", fill=False):
        return None
    second, late = _end(r), trailing_length(r)
    length: Length | None = late or early
    if second is None or {first, second} != {"high", "low"} or length is None:
        return None
    template = "highest({p}high, {n0}) - lowest({p}low, {n0})"
    return Operand("formula", (length,), template=template, noun="range of the candles", unit="price")


def _end(r: Reader) -> str | None:
    for end, most in _ENDS.items():
        mark = r.mark()
        if r.word(most) and r.word(end, fill=False):
            return end
        r.reset(mark)
    return None
