"""Levels that a price breaks: highs and lows of n candles, of yesterday, last week and last month, of the candle
before."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Duration, Length, Operand
from llm.phrasebook.operands.extremes import RECENT
from llm.phrasebook.operands.operand import price_like, read_operand
from llm.phrasebook.operands.period_levels import field_word, period_level, read_period_level
from llm.phrasebook.reading.event_words import LISTS, SLOTS, series
from llm.phrasebook.reading.phrases import Found, Grammar
from llm.phrasebook.reading.reader import Reader


def before(length: Length, side: str, field: str = "", symbol: str | None = None) -> Operand:
    """The highest high or lowest low of the candles before this one."""
    function = "highest" if side == "high" else "lowest"
    field = field or side
    return replace(
        series(f"{function}({{p}}{field}, {{n0}})[1]", f"{function} {field} before", "price", args=(length,)),
        symbol=symbol,
    )


def level(r: Reader) -> object | None:
    return read_period_level(r)


def _span_level(side: str) -> Grammar[Operand]:
    """ "the 20 bar high", "the highest high of the 36 candles before", "recent highs", "20 candle range"."""
    names = {
        "high": "high; highs; highest high; top; resistance; peak; maximum; highest price; highest",
        "low": "low; lows; lowest low; bottom; support; trough; minimum; lowest price; lowest",
    }
    lists = LISTS | {
        "name": names[side],
        "of": (
            "of; in; over; from; within; during; for; of the; in the; over the; within the; during the; from the; "
            "for the; across the"
        ),
        "past": "last; past; previous; prior; preceding; most recent; recent; trailing",
        "range": "range; channel; consolidation; box; trading range; price channel; base; rectangle",
        "recent": "recent; swing; local; latest; nearby; key; recent swing; horizontal; prior; previous; the; major",
        "closing": "highest close; closing high; highest closing price"
        if side == "high"
        else "lowest close; closing low; lowest closing price",
    }
    g: Grammar[Operand] = Grammar(lists, SLOTS)

    def made(m: Found) -> Operand | None:
        length = m.values.get("length")
        return before(length, side, "", m.symbol) if isinstance(length, int | Duration) else None

    def closing(m: Found) -> Operand | None:
        length = m.values.get("length")
        return before(length, side, "close", m.symbol) if isinstance(length, int | Duration) else None

    def recent(m: Found) -> Operand | None:
        where = "highest high" if side == "high" else "lowest low"
        m.note(f"“{m.text.capitalize()}” became the {where} of the {RECENT} candles before.")
        return before(RECENT, side, "", m.symbol)

    g.add(closing, "{length} <closing>", "<closing> <of> the? <past>? {length}")
    g.add(
        made,
        "{length} [<name> / <range>]",
        "<name> <of> the? <past>? {length} [before / prior / earlier]?",
        "<past> {length} <name>",
        "[<name> <of> ]? the? {length} <range>",
        "<range> <of> the? <past>? {length} [before / prior]?",
    )
    g.add(
        recent,
        "<recent> <name>",
        "resistance" if side == "high" else "support",
        "[its / the / a]? <range> [<name>]?",
        "<name> of the? <range>",
    )
    return g


_SPAN_HIGH, _SPAN_LOW = _span_level("high"), _span_level("low")


def span_high(r: Reader) -> object | None:
    r.word("the", "its", "a", fill=False)
    return _SPAN_HIGH.read(r)


def span_low(r: Reader) -> object | None:
    r.word("the", "its", "a", fill=False)
    return _SPAN_LOW.read(r)


def line(r: Reader) -> object | None:
    """A line that a price comes back to: an average, a band, VWAP, a level."""
    level = read_period_level(r)
    if level is not None:
        return level
    found = read_operand(r)
    return found if found is not None and found.kind != "number" and price_like(found) else None


def candle_level(r: Reader) -> object | None:
    """ "the high of the last red one", "the previous candle's low"."""
    return _CANDLE_LEVELS.read(r)


def _candle_levels() -> Grammar[Operand]:
    lists = {
        "last": (
            "last; previous; prior; preceding; last red; last green; previous red; previous green; last red "
            "candle's; that; inside; hammer; engulfing; doji; signal; pattern; setup; pin"
        ),
        "candle": "candle; bar; one; candlestick; day",
        "own": "candle's; bar's; one's; hammer's; doji's; day's; star's",
    }
    g: Grammar[Operand] = Grammar(lists, SLOTS | {"field": field_word})

    def made(m: Found) -> Operand | None:
        field = m.get("field", str)
        days = {"day", "day's"} & set(m.text.split())
        if days and {"last", "previous", "prior", "preceding"} & set(m.text.split()):
            return None if field is None else period_level(field, "1d", m.symbol)
        return None if field is None else Operand(field, symbol=m.symbol, shift=1)

    g.add(
        made,
        "{field} of the <last> <candle>",
        "<last> <own> {field}",
        "{field} of the <candle> before",
        "<last> <candle> {field}",
        "[hammer's / doji's / star's / candle's / bar's] {field}",
        "<last> {field}",
    )
    return g


_CANDLE_LEVELS = _candle_levels()
