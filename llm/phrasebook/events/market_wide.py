"""A symbol among the others: against BTC, ETH or the market, ranks, percentiles, breadth, and values of the last 24
hours.

1. "Outperforms BTC by 3 points" compares percent changes over the same time; with no time, over 24 hours.
2. "Top 10 gainers" ranks by the change of the last 24 hours; "top 20 by volume" by the quote volume of the last 24
   hours.
3. Breadth is the share of all symbols for which a condition holds.
"""

from __future__ import annotations

from llm.phrasebook.events.market_words import WORDS
from llm.phrasebook.events.moves import TODAY_NOTE, change_over, moved_today
from llm.phrasebook.events.ranked import QUOTE, RSI, VOLATILE, operand, ranked_by, ranked_measure
from llm.phrasebook.events.ranks import (
    at_percentile,
    best,
    bottom_share,
    most,
    rank_number,
    single,
    top_share,
    worst,
    zscore,
)
from llm.phrasebook.meaning.types import Compare, Condition, Duration, Formula, Operand, number, on_interval
from llm.phrasebook.operands.extremes import compared, versus
from llm.phrasebook.reading.event_words import DAY_MS, LISTS, SLOTS, Window, plain, series
from llm.phrasebook.reading.phrase_tables import flag
from llm.phrasebook.reading.phrases import Found, Grammar
from llm.phrasebook.reading.reader import Reader

FLAT_PERCENT = 1.0
_FLAT = frozenset({"flat", "unchanged", "sideways", "stable", "quiet"})


def _window(m: Found) -> Window:
    window = m.get("window", Window)
    if window is None:
        m.note(f"“{m.text}” names no time: the last 24 hours.")
        return Window(Duration(DAY_MS))
    if window.named_day:
        m.note(TODAY_NOTE)
    return window


def _against(m: Found, *, better: bool) -> Condition | None:
    """The symbol's change against another symbol's, by so many points."""
    window = _window(m)
    coin = m.get("coin", str)
    own = change_over(window, m.symbol)
    if coin is not None:
        other = change_over(window, coin)
    else:
        other = series("market_mean({0})", "market's mean change", "percent", own)
    if "pct" not in m and "num" not in m:
        return Compare(own, ">" if better else "<", other)
    points = m.number("pct") if "pct" in m else m.number("num")
    m.note("A lead in percent is in percentage points.")
    first, second = (own, other) if better else (other, own)
    return compared(series("{0} - {1}", "lead", "percent", first, second), m.word("cmp", ">="), points)


def _better(m: Found) -> Condition | None:
    return _against(m, better=True)


def _worse(m: Found) -> Condition | None:
    return _against(m, better=False)


def _coin_moves(m: Found) -> Condition | None:
    """ "while BTC is down", "BTC is flat": over the time named or 24 hours."""
    coin = m.get("coin", str)
    if coin is None:
        return None
    words = set(m.text.split())
    here = m.reader.mark()
    sized = "window" not in m and (SLOTS["cmp"](m.reader) or m.reader.word("by") or SLOTS["distance"](m.reader))
    m.reader.reset(here)
    if sized:
        # "BTC is up more than 1%": a move with a size, read elsewhere.
        return None
    today = None if words & _FLAT else moved_today(m, coin, down="way_up" not in m)
    if today is not None:
        return today
    window = _window(m)
    moved = change_over(window, coin)
    if words & _FLAT:
        m.note(f"“Flat” became: a change of less than {FLAT_PERCENT:g}%.")
        return Formula(f"abs({{0}}) < {plain(FLAT_PERCENT)}", operands=(moved,), brief=f"{coin} flat")
    return Compare(moved, ">" if "way_up" in m else "<", number(0))


# Ranks.


def _mean(m: Found) -> Condition | None:
    """ "the market's average 24h change is positive"."""
    measure = ranked_measure(m)
    if measure is None:
        return None
    mean = series("market_mean({0})", f"market's mean {measure.noun or measure.kind}", measure.unit, measure)
    words = set(m.text.split())
    if "pct" in m or "num" in m:
        value = m.number("pct") if "pct" in m else m.number("num")
        return compared(mean, m.word("cmp", ">="), -value if "-" in m.text else value)
    return Compare(mean, "<" if {"negative", "down", "below", "red", "falling"} & words else ">", number(0))


def _beats_mean(m: Found) -> Condition | None:
    """ "RSI above the market average", "volume above the market mean"."""
    measure = m.get("operand", Operand) or change_over(_window(m))
    if measure.kind == "number":
        return None
    mean = series("market_mean({0})", "market's mean", measure.unit, measure)
    return versus(measure, m.word("cmp", ">"), mean)


# Breadth.


def _breadth(m: Found) -> Condition | None:
    """ "more than 60 percent of all symbols are above their 50 SMA"."""
    share = m.values.get("share", m.values.get("pct"))
    inner = m.values.get("condition")
    words = m.text.split()
    op = m.word("cmp", ">=")
    if share is None:
        share, op = 50.0, "<" if {"few", "minority"} & set(words) else ">"
        m.note("“Most” became: more than half of all symbols.")
    if not isinstance(share, int | float) or not 0 <= share <= 100 or inner is None:
        return None
    part: Condition = inner  # type: ignore[assignment]
    own = " and {c0}" if "too" in m else ""
    label = m.get("interval", str)
    if label is not None:
        part = on_interval(part, label)
    return Formula(f"breadth({{c0}}) {op} {plain(round(share / 100, 10))}{own}", parts=(part,), brief="breadth")


_UP = "up; green; rising; in the green; gaining; positive; rallying; higher; climbing; pumping; bullish"
_DOWN = "down; red; falling; in the red; losing; negative; dropping; lower; declining; dumping; bleeding; bearish"


def _grammar() -> Grammar[Condition]:
    lists = LISTS | WORDS | {"own": "price; it; coin; symbol; close"}
    slots = SLOTS | {"by": ranked_by, "operand": operand, "way_up": flag(_UP), "way_down": flag(_DOWN), "too": _too}
    g: Grammar[Condition] = Grammar(lists, slots, on_interval)
    for make, verbs in ((_better, "beats"), (_worse, "lags")):
        for other in ("{coin}", "<market>"):
            g.add(
                make,
                f"<own>? <{verbs}> {other} by {{cmp}}? {{pct}} <more>? <points>? {{window}}?",
                f"<own>? <{verbs}> {other} by {{cmp}}? {{num}} <points> {{window}}?",
                f"<own>? <{verbs}> {other} {{window}} by {{cmp}}? {{pct}} <more>? <points>?",
                f"<own>? <{verbs}> {other} {{window}} by {{cmp}}? {{num}} <points>",
                f"<own>? <{verbs}> {other} [did / has / does / was / is]? {{window}}",
            )
            g.add(make, f"{{window}} ,? [<symbols> / it / coin]? <{verbs}> {other}")
            g.add(make, f"<own>? <{verbs}> {other}")
    g.add(
        _better,
        "{cmp}? {pct} <points>? [better / more / stronger / higher / ahead] [than / of] {coin} {window}?",
        "{cmp}? {num} <points> [better / more / stronger / higher / ahead] [than / of] {coin} {window}?",
        "up {cmp}? {pct} [more / relative / against / versus / vs] [than / to]? {coin} {window}?",
        "up {window} [relative to / against / versus / vs] {coin}",
        "up [relative to / against / versus / vs] {coin} {window}?",
    )
    g.add(
        _worse,
        "{cmp}? {pct} <points>? [worse / weaker / less / behind] than? {coin} {window}?",
        "down [relative to / against / versus / vs] {coin} {window}?",
    )
    g.add(
        _coin_moves,
        "{coin} [is / are / was / has been / itself / also / stays]? [itself / also]? {way_up} {window}",
        "{coin} [is / are / was / has been / itself / also / stays]? [itself / also]? {way_down} {window}",
        "{coin} [is / stays / remains / was / has been]? <flat> {window}?",
        "{coin} [is / are / has been / itself / also]? [itself / also]? {way_up}",
        "{coin} [is / are / has been / itself / also]? [itself / also]? {way_down}",
    )
    # Breadth.
    g.add(
        _breadth,
        "{cmp}? {share} [<more>]? [of / of the / of all / of all the]? [<all>]? <symbols> [<are>]? {condition} "
        "[on / in] the? {interval} [chart / timeframe / candles]? ,? and|including {too}",
        "{cmp}? {share} [<more>]? [of / of the / of all / of all the]? [<all>]? <symbols> [<are>]? {condition} ,? "
        "and|including {too}",
        "{cmp}? {share} [<more>]? [of / of the / of all / of all the]? [<all>]? <symbols> [<are>]? {condition}",
        "{cmp}? {share} [<more>]? [of / of the / of all]? <symbols>",
        "most [of]? [<all>]? <symbols> [<are>]? {condition}",
        "[the]? majority of [<all>]? <symbols> [<are>]? {condition}",
        "[market]? breadth [of / is / that is]? {cmp}? {share} [with]? {condition}",
    )
    # Ranks.
    g.add(
        top_share,
        "<inthe>? <top> {pct} [of / in]? [<universe>]? [by / for / in / when ranked by / ranked by / in terms of / "
        "on] {by}",
        "<inthe>? <top> [decile / quartile / quintile / quarter / third] [of / in]? [<universe>]? [by / for / in / "
        "ranked by / in terms of] {by}",
        "<inthe>? <top> {pct} [of / in]? [<gainers>]? [by / in / ranked by]? {window}",
        "<inthe>? <top> {pct} [of / in]? [<universe> / <gainers>]",
        "<inthe>? <top> [decile / quartile / quintile] [of / in]? [<universe>]?",
        "<inthe>? <top> {pct} [by / for] {by}",
    )
    g.add(
        bottom_share,
        "<inthe>? <bottom> {pct} [of / in]? [<universe>]? [by / for / in / ranked by / in terms of] {by}",
        "<inthe>? <bottom> [decile / quartile / quintile / quarter] [of / in]? [<universe>]? [by / for / in / ranked "
        "by / in terms of] {by}",
        "<inthe>? <bottom> {pct} [of / in]? [<gainers>]? [by / in]? {window}",
        "<inthe>? <bottom> {pct} [of / in]? [<universe> / <gainers>]",
        "<inthe>? <bottom> [decile / quartile / quintile] [of / in]? [<universe>]?",
    )
    for make, place in ((top_share, "top"), (bottom_share, "bottom")):
        g.add(
            make,
            f"{{by}} [is / are / ranks / ranking / sits / falls]? <inthe> <{place}> {{pct}} [of / in] <universe>",
            f"{{by}} [is / are / ranks / ranking / sits / falls]? <inthe> <{place}> "
            f"[decile / quartile / quintile / quarter / third] [of / in] <universe>",
        )
    for make, place, names in (
        (worst, "top", "losers"),
        (worst, "bottom", "losers"),
        (worst, "bottom", "gainers"),
        (best, "top", "gainers"),
    ):
        g.add(
            make,
            f"<inthe>? <{place}> {{count}} <{names}>? [of / in / on / over]? [the / all]? [<universe>]? [by / for / "
            f"ranked by / sorted by / in terms of / when ranked by / with the highest / measured by] {{by}}"
            if names == "gainers"
            else f"<inthe>? <{place}> {{count}} <{names}> [of / in]? [<universe>]? by {{by}}",
            f"<inthe>? {{count}} <{place}> <{names}>? [by / for / ranked by / in terms of] {{by}}"
            if names == "gainers"
            else f"<inthe>? {{count}} <{place}> <{names}> by {{by}}",
            f"<inthe>? <{place}> {{count}} {{window}} <{names}>",
            f"<inthe>? <{place}> {{count}} <{names}> {{window}}",
            f"<inthe>? {{count}} <{place}> <{names}> {{window}}",
            f"<inthe>? {{count}} <{place}> {{window}} <{names}>",
            f"{{window}} <{place}> {{count}} <{names}>",
            f"<inthe>? <{place}> {{count}} <{names}> [of / in]? [<universe>]?",
            f"<inthe>? {{count}} <{place}> <{names}> [of / in]? [<universe>]?",
        )
    g.add(
        best,
        "<inthe>? {count} [<symbols>]? [with the / with / by / having the / that have the]? [highest / largest / "
        "biggest / most / greatest / strongest] {by} [<of> <universe>]?",
        "<inthe>? [highest / largest / biggest / most / greatest] {count} [<symbols>]? [by / in / for] {by}",
        "[ranked / ranks / rank] [in the / among the / in]? top {count} [by / for / in] {by}",
        "<inthe>? top {count} in {by}",
    )
    g.add(
        worst,
        "<inthe>? {count} [<symbols>]? [with the / with / by / having the / that have the]? [lowest / smallest / "
        "least / weakest] {by} [<of> <universe>]?",
        "<inthe>? [lowest / smallest / least] {count} [<symbols>]? [by / in / for] {by}",
    )
    adjectives = {
        "volatile": VOLATILE,
        "traded": QUOTE,
        "active": QUOTE,
        "liquid": QUOTE,
        "oversold": RSI,
        "overbought": RSI,
    }
    for word, measure in adjectives.items():
        g.add(
            most(word, measure),
            f"<inthe>? {{count}} most {word} [<symbols>]?",
            f"<inthe>? top {{count}} most {word} [<symbols>]?",
            f"<inthe>? most {word} {{count}} [<symbols>]?",
        )
    g.add(
        rank_number,
        "[ranked / rank / ranks] [by / of / in] {by} [is / at]? {cmp} {num}",
        "[ranked / rank / ranks] {cmp} {num} [by / in / for] {by}",
    )
    g.add(
        at_percentile,
        "{operand} [is]? {cmp}? [at / in]? the? {count} [th / st / nd / rd]? percentile [of [<universe>]]?",
        "[market percentile / percentile] [of / by / for]? {by}? [is]? {cmp} {count}",
    )
    g.add(
        single,
        "[has / with]? [the]? [highest / lowest] {operand} <of> <universe>",
        "[the]? [biggest / top / number one] [gainer / loser] [<of> <universe>]? {window}?",
    )
    g.add(
        _mean,
        "[market's / markets / market] [average / mean] {by} [is]? {cmp} {pct}",
        "[market's / markets / market] [average / mean] {by} [is]? {cmp} {num}",
        "[market's / markets / market] [average / mean] {by} [is]? [positive / negative / above zero / below zero]",
        "[average / mean] {by} [of / across / over] <universe> [is]? {cmp} {num}",
        "[average / mean] {by} [of / across / over] <universe> [is]? {cmp} {pct}",
        "[average / mean] {by} [of / across / over] <universe> [is]? [positive / negative / above zero / below zero]",
        "[the]? [whole / overall / broad]? market [is / as a whole]? [is]? [up / down / green / red / rising / "
        "falling] {window}?",
    )
    g.add(
        _beats_mean,
        (
            "{operand} [is]? {cmp} [the]? [market average / market mean / market's average / market's mean / "
            "average of the market / mean of the market / average of all symbols / average of all coins]"
        ),
    )
    g.add(
        zscore,
        "market z score [of / by / for]? {by}? [is]? {cmp} {num}",
        "market zscore [of / by / for]? {by}? [is]? {cmp} {num}",
    )
    return g


def _too(r: Reader) -> object | None:
    """ "and this one is too"."""
    if not r.word("this", "it", "the", "so", fill=False):
        return None
    r.word("one", "coin", "symbol", "is", fill=False)
    r.word("is", "does", "one", "itself", "this", "too", fill=False)
    r.word("one", "is", "as", fill=False)
    return (
        True
        if r.word("too", "also", "well", "itself", "itself.", fill=True)
        or r.tokens[r.position - 1].text in ("too", "one", "itself")
        else None
    )


_GRAMMAR = _grammar()


def read_market_wide(r: Reader, symbol: str | None = None) -> Condition | None:
    """The symbol against others, a rank, a percentile, or breadth."""
    return _GRAMMAR.read(r, symbol)
