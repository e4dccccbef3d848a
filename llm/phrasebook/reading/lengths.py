"""Reading the lengths of windows: a number of candles, or a time that becomes candles later."""

from __future__ import annotations

from llm.phrasebook.meaning.types import Duration, Length
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.tokens import UNIT_MS, Token

MAX_LENGTH = 4_000


def whole(token: Token) -> int | None:
    """The token as a number of candles, or None where it cannot be one."""
    if token.value == int(token.value) and 1 <= token.value <= MAX_LENGTH:
        return int(token.value)
    return None


def read_length(r: Reader) -> Length | None:
    """A window's length: "20 candles", "20", "4 hours", "hour". None where there is none."""
    mark = r.mark()
    token = r.token("number")
    if token is not None:
        length = whole(token)
        if length is not None:
            r.take("candle", fill=False)
            return length
        r.reset(mark)
        return None
    span = r.token("span")
    if span is not None:
        return Duration(int(span.value))
    unit = r.take("unit")
    if unit is not None:
        return Duration(UNIT_MS[unit])
    if r.take("candle"):
        return 1
    r.reset(mark)
    return None


def trailing_length(r: Reader) -> Length | None:
    """ "... of the last 20 candles"."""
    mark = r.mark()
    if r.take("last") or r.take("in") or (r.word("of", fill=False) and r.word("those", "these", fill=False)):
        length = read_length(r)
        if length is not None:
            return length
    r.reset(mark)
    token = r.token("number", fill=False) if r.word("of", "from", fill=False) else None
    length = whole(token) if token is not None else None
    # "The lowest low of 20 bars": the candles have to be said, or the number is another's.
    if length is not None and r.take("candle", fill=False) and r.take("ago", fill=False) is None:
        return length
    r.reset(mark)
    return None
