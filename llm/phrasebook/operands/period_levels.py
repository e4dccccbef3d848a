"""Levels of days, weeks, months and years: "yesterday's high", "the low of last week", "the weekly open"."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Operand
from llm.phrasebook.reading.event_words import LISTS, SLOTS, series
from llm.phrasebook.reading.phrases import Found, Grammar
from llm.phrasebook.reading.reader import Reader

_LAST = {
    "1d": "yesterday",
    "1w": "last week",
    "1M": "last month",
    "1h": "last hour",
    "4h": "last 4h candle",
    "12M": "last year",
}


def period_level(field: str, interval: str, symbol: str | None = None) -> Operand:
    """The high, low, open or close of the last finished day, week, month or year."""
    if interval in ("1M", "12M"):
        prefix = f'symbol("{symbol}").' if symbol else ""
        noun = f"{_LAST[interval]}'s {field}"
        return replace(series(f'{prefix}tf("{interval}").{field}', noun, "price"), symbol=symbol)
    return Operand(field, interval=interval, symbol=symbol, level=True)


_OPENS = {"1d": "open of the day", "1w": "open of the week", "1M": "open of the month", "12M": "open of the year"}


def period_open(interval: str, symbol: str | None = None) -> Operand | None:
    """The open of the day, week, month or year that is going on, UTC."""
    noun = _OPENS.get(interval)
    if noun is None:
        return None
    return replace(series(f'valuewhen({{s}}tf("{interval}").first, {{s}}open, 0)', noun, "price"), symbol=symbol)


_UNITS = {
    "day": "1d",
    "days": "1d",
    "daily": "1d",
    "week": "1w",
    "weeks": "1w",
    "weekly": "1w",
    "month": "1M",
    "months": "1M",
    "monthly": "1M",
}


_UNITS |= {
    "year": "12M",
    "yearly": "12M",
    "yesterday": "1d",
    "hour": "1h",
    "hourly": "1h",
    "24h": "1d",
    "year's": "12M",
}


_UNITS |= {f"{unit}'s": label for unit, label in tuple(_UNITS.items()) if not unit.endswith("s")}


_UNITS |= {"yesterdays": "1d"}


def _level_slot() -> Grammar[Operand]:
    lists = LISTS | {
        "last": (
            "last; previous; prior; preceding; past; last finished; last completed; last closed; previous completed; "
            "most recent"
        ),
        "unit": "day; week; month; year; day's; week's; month's; year's; daily; weekly; monthly",
        "day": "yesterday; yesterday's; yesterdays",
    }
    slots = SLOTS | {"field": field_word}
    g: Grammar[Operand] = Grammar(lists, slots)

    def made(m: Found) -> Operand | None:
        label = next((_UNITS[word] for word in m.text.split() if word in _UNITS), None)
        field = m.get("field", str)
        return None if label is None or field is None else period_level(field, label, m.symbol)

    def opened(m: Found) -> Operand | None:
        label = next((_UNITS[word] for word in m.text.split() if word in _UNITS), "1d")
        return period_open(label, m.symbol)

    g.add(
        made,
        "<day> {field}",
        "<last> <unit> {field}",
        "{field} of the? <last> <unit>",
        "{field} of yesterday|yesterday's",
        "{field} of the? <unit> before",
        "<unit> before {field}",
    )
    g.add(
        opened,
        "today's|todays utc? open|opening price?",
        "[this / the / current]? day's|week's|month's|year's utc? open|opening price?",
        "this|current day|week|month|year utc? open|opening price?",
        "utc? daily|weekly|monthly|yearly utc? open|opening price?",
        "open|opening price? of the? [current / this]? utc? day|week|month|year",
        "open|opening price? of today",
        "price at which the? day|week|month opened",
        "utc? midnight utc? open|price|opening price?",
    )
    return g


def field_word(r: Reader) -> object | None:
    """The field of a candle that is named here."""
    return next((name for name in ("high", "low", "close", "open") if r.word(name, f"{name}s")), None)


_LEVELS = _level_slot()


def read_period_level(r: Reader, symbol: str | None = None) -> Operand | None:
    """ "yesterday's high", "the high of the previous month", "the weekly open"."""
    mark = r.mark()
    r.word("the", fill=False)
    found = _LEVELS.read(r, symbol)
    if found is None:
        r.reset(mark)
    return found
