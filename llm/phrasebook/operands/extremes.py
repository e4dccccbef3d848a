"""Distances from the high or the low of a window, and the slots that read such a high or low."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Compare, Condition, Duration, Length, Operand, number
from llm.phrasebook.reading.event_words import CLOSE, DAY_MS, SLOTS, of_symbol, series
from llm.phrasebook.reading.phrases import Found, Grammar
from llm.phrasebook.reading.reader import Reader

RECENT = 20
DAY_NOTE = "A day's high and low became: those of the last 24 hours, not of the day since 00:00 UTC."

NEAR_PERCENT = 1.0


def ticker(name: str, noun: str, unit: str, symbol: str | None = None) -> Operand:
    """A value of the last 24 hours; it is of no interval."""
    prefix = f'symbol("{symbol}").' if symbol else ""
    said = f"{symbol} {noun}" if symbol else noun
    return replace(series(f"{prefix}ticker.{name}", said, unit), symbol=symbol)


def compared(left: Operand, op: str, value: float) -> Compare:
    """`left` compared with a number."""
    return versus(left, op, number(value))


def versus(left: Operand, op: str, right: Operand) -> Compare:
    """A comparison whose operator is known only as text."""
    match op:
        case "<":
            return Compare(left, "<", right)
        case "<=":
            return Compare(left, "<=", right)
        case ">":
            return Compare(left, ">", right)
        case _:
            return Compare(left, ">=", right)


def peak(length: Length, side: str, symbol: str | None = None) -> Operand:
    """The highest high or lowest low of a window, this candle included."""
    function, field = ("highest", "high") if side == "high" else ("lowest", "low")
    noun = f"{function} {field}"
    return replace(series(f"{function}({{p}}{field}, {{n0}})", noun, "price", args=(length,)), symbol=symbol)


def percent_rank(of: Operand, length: Length) -> Operand:
    """The percentile of a value among its own last `length` values, 0 to 100."""
    return Operand(
        "formula",
        (length,),
        interval=of.interval,
        symbol=of.symbol,
        template="percentrank({0}, {n0})",
        parts=(of,),
        noun=f"percentile of the {'close' if of.kind == 'price' else of.kind}",
        unit="percentile",
    )


def peak_of(length: object, side: str, symbol: str | None = None) -> Operand | None:
    """The high or low of a length, this candle included; that of 24 hours is the ticker's."""
    if length == Duration(DAY_MS):
        return ticker(side, f"24h {side}", "price", symbol)
    return peak(length, side, symbol) if isinstance(length, int | Duration) else None


def _peak_slot(side: str) -> Grammar[Operand]:
    names = {"high": "high; highs; peak; top; highest price; highest high; maximum; max; ath", "low": ""}
    names["high"] = (
        "high; highs; peak; top; highest price; highest high; maximum; high price; highest point; local high; peak "
        "price"
    )
    names["low"] = "low; lows; bottom; lowest price; lowest low; trough; minimum; low price; lowest point; local low"
    lists = {
        "name": names[side],
        "of": (
            "of; in; over; from; within; during; for; across; of the; in the; over the; within the; during the; from "
            "the"
        ),
        "last": "last; past; previous; prior; preceding; most recent; recent",
        "recent": "recent; latest; swing; local; recent swing; last; most recent; latest swing",
    }
    grammar: Grammar[Operand] = Grammar(lists, SLOTS)

    def made(m: Found) -> Operand | None:
        return peak_of(m.values.get("length"), side, m.symbol)

    def recent(m: Found) -> Operand | None:
        m.note(f"“{m.text.capitalize()}” became: the {'highest' if side == 'high' else 'lowest'} of {RECENT} candles.")
        return peak(RECENT, side, m.symbol)

    def day(m: Found) -> Operand | None:
        m.note(DAY_NOTE)
        return ticker(side, f"24h {side}", "price", m.symbol)

    grammar.add(
        day, "today's|todays <name>", "<name> of the? day", "the? day's <name>", "daily <name>", "intraday <name>"
    )
    grammar.add(made, "{length} <name>", "<name> <of> the? <last>? {length}", "<last> {length} <name>")
    grammar.add(recent, "<recent> <name>")
    return grammar


_PEAKS, _TROUGHS = _peak_slot("high"), _peak_slot("low")


def read_peak(r: Reader) -> object | None:
    r.word("its", "the", "a", "their", fill=False)
    return _PEAKS.read(r)


def read_trough(r: Reader) -> object | None:
    r.word("its", "the", "a", "their", fill=False)
    return _TROUGHS.read(r)


def _away(m: Found, op: str, sign: int, name: str) -> Condition | None:
    level = m.get(name, Operand)
    percent = m.number("pct")
    if level is None or not 0 < percent < 1_000 or (sign < 0 and percent >= 100):
        return None
    factor = round(1 + sign * percent / 100, 10)
    close = replace(CLOSE, symbol=m.symbol)
    return versus(close, op, replace(of_symbol(level, m.symbol), factor=factor))


def below_peak(m: Found) -> Condition | None:
    op = {">": "<", ">=": "<=", "<": ">", "<=": ">="}[m.word("cmp", ">=")]
    return _away(m, op, -1, "peak")


def above_trough(m: Found) -> Condition | None:
    return _away(m, m.word("cmp", ">="), 1, "trough")


def within_peak(m: Found) -> Condition | None:
    return _away(m, ">=", -1, "peak")


def within_trough(m: Found) -> Condition | None:
    return _away(m, "<=", 1, "trough")


def near(m: Found) -> Condition | None:
    m.note(f"“Near” became: within {NEAR_PERCENT:g}%.")
    close = replace(CLOSE, symbol=m.symbol)
    high, low = m.get("peak", Operand), m.get("trough", Operand)
    if high is not None:
        return versus(close, ">=", replace(high, factor=1 - NEAR_PERCENT / 100))
    return None if low is None else versus(close, "<=", replace(low, factor=1 + NEAR_PERCENT / 100))
