"""Squeezes: Bollinger's bands inside Keltner's, their release and momentum, and bands narrower than they were."""

from __future__ import annotations

from llm.phrasebook.meaning.types import Compare, Condition, Cross, Duration, Formula, Operand
from llm.phrasebook.reading.event_words import series
from llm.phrasebook.reading.phrases import Found

WIDTH_CANDLES = 100


_SQUEEZE_NOTE = "“Squeeze” became: Bollinger bands (20, 2) inside Keltner's channel (20, 1.5)."


def squeeze_on(m: Found) -> Condition | None:
    m.note(_SQUEEZE_NOTE)
    text = "{ta}squeeze().on"
    length = m.values.get("length")
    if isinstance(length, int | Duration):
        return Formula("always({ta}squeeze().on, {n0})", lengths=(length,), brief="squeeze")
    return Formula(text, brief="squeeze")


def squeeze_off(m: Found) -> Condition | None:
    m.note(_SQUEEZE_NOTE)
    words = set(m.text.split())
    up = bool(words & {"long", "up", "upside", "bullish", "upward", "upwards", "positive"})
    down = bool(words & {"short", "down", "downside", "bearish", "downward", "downwards", "negative"})
    text = "{ta}squeeze().on[1] and not {ta}squeeze().on"
    if up or down:
        text += f" and {{ta}}squeeze().value {'>' if up else '<'} 0"
    return Formula(text, brief="squeeze release", lean="short" if down else None)


def no_squeeze(m: Found) -> Condition | None:
    m.note(_SQUEEZE_NOTE)
    return Formula("not {ta}squeeze().on", brief="no squeeze")


def momentum(m: Found) -> Condition | None:
    """ "squeeze momentum positive", "with positive momentum" of the squeeze."""
    words = set(m.text.split())
    if words & {"rising", "increasing", "growing", "up"}:
        return Formula("rising({ta}squeeze().value, 1)", brief="squeeze momentum rising")
    if words & {"falling", "decreasing", "shrinking", "down"}:
        return Formula("falling({ta}squeeze().value, 1)", brief="squeeze momentum falling")
    down = bool(words & {"negative", "below", "bearish"})
    turn = bool(words & {"turns", "turning", "turned", "crosses", "flips"})
    value = series("{ta}squeeze().value", "squeeze momentum", "squeeze")
    if turn:
        return Cross(value, "down" if down else "up", Operand("number", (0.0,)))
    return Compare(value, "<" if down else ">", Operand("number", (0.0,)))


def narrow(m: Found) -> Condition | None:
    """ "bands tightest in 120 candles"."""
    length = m.values.get("length")
    wide = "wide" in m.values
    if length is None:
        length = WIDTH_CANDLES
        m.note(f"The Bollinger band width is compared with its last {WIDTH_CANDLES} candles.")
    if not isinstance(length, int | Duration):
        return None
    m.note("Bollinger bands have no settings given: 20 candles, 2 standard deviations.")
    function, op = ("highest", ">=") if wide else ("lowest", "<=")
    width = Operand("bb_width", (20, 2))
    edge = series(f"{function}({{0}}, {{n0}})", f"{function} Bollinger band width", "share", width, args=(length,))
    return Compare(width, ">=" if wide else "<=", edge) if op else None
