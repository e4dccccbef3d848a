"""Ranks and percentiles among the symbols, and comparisons with the market's mean."""

from __future__ import annotations

from collections.abc import Callable

from llm.phrasebook.events.ranked import ranked_measure
from llm.phrasebook.meaning.types import Condition, Formula, Operand
from llm.phrasebook.reading.event_words import plain
from llm.phrasebook.reading.phrases import Found


def _rank(m: Found, *, lowest: bool) -> Condition | None:
    count = m.values.get("count")
    measure = ranked_measure(m)
    if not isinstance(count, int) or measure is None:
        return None
    if "by" not in m and "window" not in m and not ({"gainers", "losers"} & set(m.text.split()) and "24h" in m.text):
        m.note(f"“{m.text.capitalize()}” is ranked by the change of the last 24 hours.")
    sign = "-" if lowest else ""
    return Formula(
        f"rank({sign}{{0}}) <= {count}", operands=(measure,), brief=f"{'bottom' if lowest else 'top'} {count}"
    )


def best(m: Found) -> Condition | None:
    return _rank(m, lowest=False)


def worst(m: Found) -> Condition | None:
    return _rank(m, lowest=True)


def _percentile(m: Found, *, lowest: bool) -> Condition | None:
    words = m.text.split()
    share = m.values.get("pct", m.values.get("share"))
    if share is None:
        share = 10.0 if {"decile"} & set(words) else 25.0 if {"quartile", "quarter"} & set(words) else 20.0
    measure = ranked_measure(m)
    if not isinstance(share, int | float) or not 0 < share < 100 or measure is None:
        return None
    if lowest:
        text = f"market_percentile({{0}}) <= {plain(round(share / 100, 10))}"
    else:
        text = f"market_percentile({{0}}) >= {plain(round(1 - share / 100, 10))}"
    return Formula(text, operands=(measure,), brief=f"{'bottom' if lowest else 'top'} {plain(share)} percent")


def top_share(m: Found) -> Condition | None:
    return _percentile(m, lowest=False)


def bottom_share(m: Found) -> Condition | None:
    return _percentile(m, lowest=True)


def at_percentile(m: Found) -> Condition | None:
    """ "RSI above the 90th percentile of the market"."""
    measure = m.get("operand", Operand) or ranked_measure(m)
    count = m.values.get("count")
    if measure is None or not isinstance(count, int) or not 0 < count < 100:
        return None
    return Formula(
        f"market_percentile({{0}}) {m.word('cmp', '>=')} {plain(count / 100)}",
        operands=(measure,),
        brief=f"percentile {count}",
    )


def single(m: Found) -> Condition | None:
    """ "the highest RSI of all coins", "the biggest gainer"."""
    measure = m.get("operand", Operand) or ranked_measure(m)
    low = bool({"lowest", "weakest", "smallest", "loser", "worst", "least"} & set(m.text.split()))
    if measure is None or measure.kind == "number":
        return None
    return Formula(f"rank({'-' if low else ''}{{0}}) <= 1", operands=(measure,), brief="first of all")


def rank_number(m: Found) -> Condition | None:
    """ "rank by volume is at most 10"."""
    measure = m.get("by", Operand)
    if measure is None:
        return None
    return Formula(f"rank({{0}}) {m.word('cmp', '<=')} {plain(m.number('num'))}", operands=(measure,), brief="rank")


def zscore(m: Found) -> Condition | None:
    measure = ranked_measure(m)
    if measure is None:
        return None
    value = m.number("num")
    low = bool({"below", "under"} & set(m.text.split()) and "cmp" not in m)
    return Formula(
        f"market_zscore({{0}}) {m.word('cmp', '>=')} {plain(-value if low else value)}",
        operands=(measure,),
        brief="market z-score",
    )


def most(word: str, measure: Operand) -> Callable[[Found], Condition | None]:
    def make(m: Found) -> Condition | None:
        said = {"volatile": "ATR(14) in percent", "oversold": "RSI(14)", "overbought": "RSI(14)"}.get(
            word, "24 hour quote volume"
        )
        m.note(f"“Most {word}” is ranked by {said}.")
        sign = "-" if word == "oversold" else ""
        return Formula(f"rank({sign}{{0}}) <= {m.values['count']}", operands=(measure,), brief=f"most {word}")

    return make
