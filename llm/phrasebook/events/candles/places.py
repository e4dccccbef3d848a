"""Where a candle closes in its range, and candles inside or outside the one before."""

from __future__ import annotations

from llm.phrasebook.meaning.types import Condition, Formula
from llm.phrasebook.reading.event_words import plain
from llm.phrasebook.reading.phrases import Found

NEAR_END = 0.1


def close_in(m: Found) -> Condition | None:
    """ "closes in the top 25% of its range"."""
    share = m.values.get("share", 50.0)
    if not isinstance(share, int | float) or not 0 < share < 100:
        return None
    if "top" in m.values:
        edge = plain(round(1 - share / 100, 10))
        return Formula(f"{{p}}close >= {{p}}low + {edge} * ({{p}}high - {{p}}low)", brief="close near the high")
    edge = plain(round(share / 100, 10))
    return Formula(f"{{p}}close <= {{p}}low + {edge} * ({{p}}high - {{p}}low)", brief="close near the low")


def close_at(m: Found) -> Condition | None:
    top = "top" in m.values
    if "near" in m.values:
        m.note(
            f"“{m.text.capitalize()}” became: the close is in the {'highest' if top else 'lowest'} tenth of the "
            f"candle's range."
        )
        edge = plain(1 - NEAR_END if top else NEAR_END)
        return Formula(
            f"{{p}}close {'>=' if top else '<='} {{p}}low + {edge} * ({{p}}high - {{p}}low)",
            brief=f"close near the {'high' if top else 'low'}",
        )
    return Formula(f"{{p}}close {'>=' if top else '<='} {{p}}{'high' if top else 'low'}", brief="close at its end")


INSIDE = "{p}high < {p}high[1] and {p}low > {p}low[1]"


OUTSIDE = "{p}high > {p}high[1] and {p}low < {p}low[1]"


def inside(m: Found) -> Condition | None:
    return Formula(INSIDE, brief="inside candle", interval=m.get("interval", str) or _day(m))


def outside(m: Found) -> Condition | None:
    return Formula(OUTSIDE, brief="outside candle", interval=m.get("interval", str) or _day(m))


def _day(m: Found) -> str | None:
    words = m.text.split()
    return "1d" if "day" in words or "days" in words else "1w" if "week" in words else None


def inside_break(m: Found) -> Condition | None:
    """ "inside bar breakout": the candle before was inside, and this one closes beyond the one around it."""
    behind = m.reader.tokens[m.reader.position : m.reader.position + 1]
    if "then" in m.text.split() or (behind and behind[0].text in ("of", "below", "under", "above", "over")):
        return None  # "An inside bar, then a break below its low": what is broken is said.
    down = "down" in m.values
    sign, side = ("<", "low") if down else (">", "high")
    if "inner" in m.values:
        return Formula(
            f"({INSIDE})[1] and {{p}}close {sign} {{p}}{side}[1]", brief="inside candle break", interval=_day(m)
        )
    m.note(
        f"“{m.text.capitalize()}” became: the candle before was inside its own predecessor, whose {side} this close "
        f"breaks."
    )
    return Formula(
        f"({INSIDE})[1] and {{p}}close {sign} {{p}}{side}[2]",
        brief="inside candle breakout",
        lean="short" if down else "long",
        interval=m.get("interval", str) or _day(m),
    )
