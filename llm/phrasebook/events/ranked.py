"""What symbols are ranked by: the change, the turnover or the volatility, of 24 hours where nothing else is said."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.events.moves import change_over
from llm.phrasebook.meaning.types import Duration, Operand
from llm.phrasebook.operands.extremes import ticker
from llm.phrasebook.operands.operand import read_operand
from llm.phrasebook.reading.event_words import DAY_MS, LISTS, SLOTS, Window, day_span, series
from llm.phrasebook.reading.phrases import Found, Grammar
from llm.phrasebook.reading.reader import Reader


def ranked_measure(m: Found) -> Operand | None:
    """What is ranked: named by "by ...", else the change of the last 24 hours."""
    by = m.get("by", Operand)
    if by is not None:
        return by
    window = m.get("window", Window)
    if window is not None:
        return change_over(window)
    return ticker("change_pct", "24h change", "percent")


VOLATILE = Operand("formula", (14,), template="{ta}natr({n0})", noun="ATR in percent", unit="percent")


QUOTE = ticker("quote_volume", "24h quote volume", "money")


RSI = Operand("rsi", (14,))


def ranked_by(r: Reader) -> object | None:
    """What symbols are ranked by: "24h change", "volume", "turnover over 24 hours", "RSI", "ATR percent"."""
    return _RANKED.read(r) or operand(r)


def _ranked_grammar() -> Grammar[Operand]:
    lists = LISTS | {
        "change": (
            "change; gain; gains; performance; return; returns; percent change; percentage change; price change; % "
            "change; move; percentage gain; percent gain; momentum; growth; increase; percent; change percent; "
            "change in price; price performance"
        ),
        "money": (
            "turnover; quote volume; dollar volume; usdt volume; traded value; volume in usdt; value traded; quote "
            "turnover; trading volume; traded volume; volume; vol; volume in dollars; trading turnover; usd volume"
        ),
        "loss": "loss; losses; drop; decline; fall",
        "of": "of; in; over; from; within; during; for",
    }
    g: Grammar[Operand] = Grammar(lists, SLOTS | {"day": day_span})

    def turnover(m: Found) -> Operand | None:
        if "usdt" not in m.text and "turnover" not in m.text and "quote" not in m.text and "dollar" not in m.text:
            m.note("The 24 hour volume is in USDT (quote volume).")
        return ticker("quote_volume", "24h quote volume", "money")

    def change(m: Found) -> Operand | None:
        return change_over(m.get("window", Window) or Window(Duration(DAY_MS)))

    def negative(m: Found) -> Operand | None:
        found = change(m)
        return None if found is None else replace(found, factor=-1.0)

    def volatility(m: Found) -> Operand | None:
        m.note("“Volatility” became: ATR(14) in percent of the close.")
        return VOLATILE

    def relative(m: Found) -> Operand | None:
        length = m.values.get("length", 20)
        return (
            series("{p}volume / ta.sma({p}volume, {n0})", "relative volume", "ratio", args=(length,))
            if isinstance(length, int)
            else None
        )

    day_window = "[<of>]? [the]? [last / past]? {day}"
    g.add(change, "{day} <change>", f"<change> {day_window}", "<change> {window}", "<change> [in percent]?")
    g.add(negative, "{day} <loss>", f"<loss> {day_window}", "<loss> {window}")
    g.add(turnover, "{day} <money>", f"<money> {day_window}", "<money>")
    g.add(volatility, "volatility", "volatility percent", "percent volatility")
    g.add(relative, "relative volume", "volume relative to its average", "rvol", "volume ratio")
    return g


_RANKED = _ranked_grammar()


def operand(r: Reader) -> object | None:
    found = read_operand(r)
    if found is None or found.kind == "number":
        return None
    if found.kind == "change" and found.args == (Duration(DAY_MS),) and found.of == Operand("close"):
        return ticker("change_pct", "24h change", "percent")
    return found
