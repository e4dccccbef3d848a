"""Order flow: the takers' share of the volume, buyers against sellers, and the volume delta."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Compare, Condition, Duration, Formula, Length, Operand, Trend, number
from llm.phrasebook.operands.extremes import compared, versus
from llm.phrasebook.reading.event_words import plain, series
from llm.phrasebook.reading.phrases import Found

USUAL = 20
BUY = series("{p}buy_volume", "taker buy volume", "volume")


SELL = series("{p}sell_volume", "taker sell volume", "volume")


DELTA = series("{p}volume_delta", "volume delta", "volume")


VOLUME = Operand("volume")


def share(m: Found) -> Condition | None:
    """ "taker buys 70% of the volume"."""
    side = SELL if "sell" in m else BUY
    percent = m.values.get("pct", m.values.get("share"))
    if not isinstance(percent, int | float) or not 0 < percent <= 100:
        return None
    return versus(side, m.word("cmp", ">="), replace(VOLUME, factor=round(percent / 100, 10)))


def sides(m: Found) -> Condition | None:
    """ "sellers dominate", "buy volume is twice the sell volume"."""
    buy = "sell" not in m
    left, right = (BUY, SELL) if buy else (SELL, BUY)
    length = m.values.get("length")
    if isinstance(length, int | Duration) and length != 1:
        left, right = (
            series("sum({0}, {n0})", f"sum of {side.noun}", "volume", side, args=(length,)) for side in (left, right)
        )
    factor = m.number("x") if "x" in m else 1.0
    if "num" in m:
        factor = m.number("num")
    op = m.word("cmp", ">=" if factor != 1.0 else ">")
    more = op in (">", ">=")
    return Formula(
        f"{{0}} {op} {{1}}",
        operands=(left, replace(right, factor=factor)),
        brief=f"{'buyers' if buy == more else 'sellers'} lead",
        lean="long" if buy == more else "short",
    )


def pressure(m: Found) -> Condition | None:
    buy = "sell" not in m
    m.note(
        f"“{m.text.capitalize()}” became: more {'buying' if buy else 'selling'} than "
        f"{'selling' if buy else 'buying'} by takers."
    )
    return Formula(
        "{0} > {1}",
        operands=(BUY, SELL) if buy else (SELL, BUY),
        brief=f"{'buyers' if buy else 'sellers'} lead",
        lean="long" if buy else "short",
    )


def delta(m: Found) -> Condition | None:
    words = set(m.text.split())
    length = m.values.get("length")
    left = DELTA
    if isinstance(length, int | Duration) and length != 1:
        left = _summed(length)
    elif {"cumulative", "cvd"} & words:
        m.note(f"The cumulative delta has no length given: {USUAL} candles.")
        left = _summed(USUAL)
    if {"rising", "increasing", "growing"} & words:
        return Trend(left, "up", 1)
    if {"falling", "decreasing", "declining"} & words:
        return Trend(left, "down", 1)
    if "num" in m:
        return compared(left, m.word("cmp", ">"), m.number("num"))
    down = bool({"negative", "below", "under", "bearish", "red"} & words)
    if {"turns", "turned", "turning", "flips", "flipped"} & words:
        return Formula(
            f"{'crossunder' if down else 'crossover'}({{0}}, 0)", operands=(left,), brief="volume delta turns"
        )
    return Compare(left, "<" if down else ">", number(0))


def delta_record(m: Found) -> Condition | None:
    words = set(m.text.split())
    length, summed = m.values.get("length"), m.values.get("summed")
    low = bool({"lowest", "smallest", "negative", "low", "lows"} & words)
    if not isinstance(length, int | Duration):
        return None
    own = DELTA
    if isinstance(summed, int | Duration):
        own = _summed(summed)
    elif {"sum", "cumulative", "cvd"} & words:
        m.note(f"The cumulative delta has no length given: {USUAL} candles.")
        own = _summed(USUAL)
    function, op = ("lowest", "<=") if low else ("highest", ">=")
    return versus(own, op, series(f"{function}({{0}}, {{n0}})", "extreme volume delta", "volume", own, args=(length,)))


def _summed(length: Length) -> Operand:
    return series("sum({p}volume_delta, {n0})", "volume delta", "volume", args=(length,))


def delta_share(m: Found) -> Condition | None:
    """ "net buying of 20% of the volume"."""
    percent = m.number("pct")
    sell = "sell" in m or "negative" in m.text.split()
    op = m.word("cmp", ">=")
    if sell:
        factor = -round(percent / 100, 10)
        return Formula(
            f"{{p}}volume_delta {'<' if op == '>' else '<='} {plain(factor)} * {{p}}volume", brief="net selling"
        )
    return versus(DELTA, op, replace(VOLUME, factor=round(percent / 100, 10)))
