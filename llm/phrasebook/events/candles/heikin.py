"""Heikin-Ashi candles by their colour: "a green HA candle", "4 red HA candles in a row"; and a colour by itself."""

from __future__ import annotations

from llm.phrasebook.meaning.types import Condition, Formula, Operand
from llm.phrasebook.reading.lengths import whole
from llm.phrasebook.reading.reader import Reader

_COLOURS = {"green": ">", "bullish": ">", "red": "<", "bearish": "<"}
_CANDLES = ("candle", "candles", "bar", "bars", "one", "ones", "candlestick", "candlesticks")
_BEFORE = frozenset({",", ";", ":", "(", "and", "but", "candle", "bar", "close", "plus", "with"})
_NAMES = frozenset({"candle", "bar", "close"})
_BEHIND = frozenset({",", ";", ".", ")", "!", "and", "but", "with", "while", "plus", "then"})
_MEASURED = frozenset({"price", "close", "high", "low", "open", "volume", "quote_volume", "buy_volume", "formula"})


def read_heikin(r: Reader) -> Condition | None:
    """A Heikin-Ashi candle of a colour, or so many of them."""
    mark = r.mark()
    r.word("the", "a", fill=False)
    r.word("first", fill=False)
    r.word("at", fill=False) and r.word("least", fill=False)
    token = r.token("number", fill=False)
    count = whole(token) if token is not None and token.text != "one" else 1
    r.take("row", fill=False)
    sign = next((sign for colour, sign in _COLOURS.items() if r.word(colour, fill=False)), None)
    if sign is None or count is None or not r.word("ha", fill=False) or not r.word(*_CANDLES, fill=False):
        r.reset(mark)
        return None
    r.take("row", fill=False)
    text = f"{{ta}}ha().close {sign} {{ta}}ha().open"
    name = f"{'green' if sign == '>' else 'red'} Heikin-Ashi candle"
    return Formula(text if count == 1 else f"always({text}, {count})", brief=name, lean=None)


def read_colour(r: Reader, carried: Operand | None) -> Condition | None:
    """ "a body of 70% of the range, green, ...", "daily candle red": the candle's colour between two separators."""
    before = r.tokens[r.position - 1].text if r.position else ","
    if carried is not None and carried.kind not in _MEASURED and before not in _NAMES:
        return None
    mark = r.mark()
    sign = None if before not in _BEFORE else ">" if r.word("green", fill=False) else None
    if sign is None and before in _BEFORE and r.word("red", fill=False):
        sign = "<"
    either = any(token.text == "or" for token in r.tokens[r.position : r.position + 2])
    if sign is None or either or not (r.done or r.tokens[r.position].text in _BEHIND):
        r.reset(mark)
        return None
    return Formula(f"{{p}}close {sign} {{p}}open", brief=f"{'green' if sign == '>' else 'red'} candle")
