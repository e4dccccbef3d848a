"""Percent moves, distances from highs and lows, and gaps.

A move without a time is measured over 24 hours, or over one candle where a candle is its subject, it comes after
another thing, or it is a bounce; this is said. Over 24 hours it is the ticker's change. From one candle to the next
it is measured from the close before.
"""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.events.move_words import WORDS
from llm.phrasebook.meaning.types import Between, Compare, Condition, Duration, Formula, Operand, number, on_interval
from llm.phrasebook.operands.extremes import (
    above_trough,
    below_peak,
    compared,
    near,
    read_peak,
    read_trough,
    ticker,
    within_peak,
    within_trough,
)
from llm.phrasebook.operands.period_levels import period_open
from llm.phrasebook.reading.event_words import DAY_MS, LISTS, SLOTS, Window, plain, series
from llm.phrasebook.reading.phrase_tables import flag
from llm.phrasebook.reading.phrases import Found, Grammar
from llm.phrasebook.reading.reader import Reader

TODAY_NOTE = "“Today” became: the last 24 hours."
_OPEN_OF = {"1d": "day", "1w": "week", "1M": "month"}
_BOUNCES = frozenset("bounce bounces bounced bouncing rebound rebounds rebounded recovers recovered recovery".split())


def change_over(window: Window, symbol: str | None = None) -> Operand:
    """Percent change of the close over a window."""
    if window.since:
        opened = f'valuewhen({{s}}tf("{window.since}").first, {{s}}open, 0)'
        noun = f"change since the {_OPEN_OF[window.since]}'s open"
        return replace(series(f"100 * ({{p}}close / {opened} - 1)", noun, "percent"), symbol=symbol)
    length = window.length or 1
    if length == Duration(DAY_MS):
        return ticker("change_pct", "24h change", "percent", symbol)
    return Operand("change", (length,), symbol=symbol, of=Operand("close", symbol=symbol))


def _op(m: Found) -> str | None:
    """The comparison of sizes: "more than" 5%; nothing said is at least. None for "less than"."""
    return m.word("cmp", ">=")


def _window(m: Found) -> Window:
    window = m.get("window", Window)
    if window is None and (m.reader.after or _BOUNCES & set(m.text.split())):
        # What comes after another thing, and a bounce, is not of the day.
        m.note(f"“{m.text}” names no time: over one candle.")
        return Window(1)
    if window is None:
        m.note(f"“{m.text}” names no time: the last 24 hours.")
        return Window(Duration(DAY_MS))
    if window.named_day:
        m.note(TODAY_NOTE)
    if window.since:
        m.note(f"Measured from the open of the {_OPEN_OF[window.since]}, UTC.")
    return window


def moved_today(m: Found, symbol: str | None, *, down: bool) -> Condition | None:
    """ "Red today" is under the day's open; None for any other time, and for "on the day"."""
    window, opened = m.get("window", Window), period_open("1d", symbol)
    if window is None or opened is None or not window.named_day or "today" not in m.text.split():
        return None
    m.note("“Today” became: since the day's open at 00:00 UTC.")
    return Compare(Operand("close", symbol=symbol), "<" if down else ">", opened)


def _candle_note(m: Found) -> Window:
    m.note("A candle's move is measured from the close before.")
    return Window(1)


def _sized(m: Found, window: Window, way: str, *, percent: float | None = None) -> Condition | None:
    """A move of that way and at least (more than, less than) that size."""
    size = m.number("pct") if percent is None else percent
    op = _op(m)
    moved = change_over(window, m.symbol)
    interval = m.get("interval", str)
    if interval is not None and moved.kind == "change" and moved.of is not None:
        moved = replace(moved, interval=interval, of=replace(moved.of, interval=interval))
    if op is None:
        return None
    if way == "any":
        if moved.kind == "change":
            moved = series("abs({0})", f"size of the {_said(moved)}", "percent", moved)
        else:
            moved = replace(moved, template=f"abs({moved.template})", noun=f"size of the {moved.noun}")
        return compared(moved, op, size)
    if way == "down":
        op = {">": "<", ">=": "<=", "<": ">", "<=": ">="}[op]
        size = -size
    found = compared(moved, op, size)
    if (op in ("<", "<=") and way == "up") or (op in (">", ">=") and way == "down"):
        # "up less than 3%" is still up.
        zero = compared(moved, ">" if way == "up" else "<", 0)
        return Formula("{c0} and {c1}", parts=(zero, found), brief=f"{way} less than {plain(abs(size))}%")
    return found


def _said(moved: Operand) -> str:
    count = moved.args[0]
    return f"{count} candle change" if isinstance(count, int) else "change"


def _up(m: Found) -> Condition | None:
    return _sized(m, _window(m), "up")


def _down(m: Found) -> Condition | None:
    return _sized(m, _window(m), "down")


def _any(m: Found) -> Condition | None:
    return _sized(m, _window(m), "any")


def _up_candle(m: Found) -> Condition | None:
    return _sized(m, _candle_note(m), "up")


def _down_candle(m: Found) -> Condition | None:
    return _sized(m, _candle_note(m), "down")


def _any_candle(m: Found) -> Condition | None:
    return _sized(m, _candle_note(m), "any")


def _signed(m: Found) -> Condition | None:
    value = m.number("signed")
    candle = "window" not in m
    window = _candle_note(m) if candle else _window(m)
    strict = "cmp" not in m and "more" not in m
    found = _sized(m, window, "up" if value > 0 else "down", percent=abs(value))
    if strict and isinstance(found, Compare):
        return found
    return found


def _value(m: Found) -> Condition | None:
    """ "the 24h change is below -7%", "the move over 30 minutes is less than 1% in either direction"."""
    if "anyway" in m:
        return _sized(m, _window(m), "any", percent=abs(m.number("value")))
    return compared(change_over(_window(m), m.symbol), m.word("cmp"), m.number("value"))


def _signed_value(m: Found) -> Condition | None:
    """ "change > 5% in 24h": above +5%, and not 5% either way as "a change of more than 5%" is."""
    return _value(m) if {"<", ">", "<=", ">=", "above", "below", "under", "over"} & set(m.text.split()) else None


def _value_sign(m: Found) -> Condition | None:
    return compared(change_over(_window(m), m.symbol), "<" if "negative" in m.text.split() else ">", 0)


def _unsized(m: Found) -> Condition | None:
    """ "price is green over the last hour": up by whatever."""
    down = bool({"down", "red", "negative", "lower"} & set(m.text.split()))
    return moved_today(m, m.symbol, down=down) or compared(change_over(_window(m), m.symbol), "<" if down else ">", 0)


def _between(m: Found) -> Condition | None:
    """ "up between 5% and 10% in the last hour"."""
    low, high = sorted((m.number("low"), m.number("high")))
    if "way_down" in m:
        low, high = -high, -low
    return Between(change_over(_window(m), m.symbol), number(low), number(high))


def _share_lost(m: Found) -> Condition | None:
    """ "lost a fifth of its value in 30 candles"."""
    return _sized(m, _window(m), "down", percent=m.number("share"))


def _versus_close(m: Found) -> Condition | None:
    """ "closes 2% above the previous close"."""
    down = bool({"lower", "below", "under", "down"} & set(m.text.split()))
    return _sized(m, Window(1), "down" if down else "up")


def _times(m: Found) -> Condition | None:
    """ "doubled in 7 days"."""
    factor = {"doubled": 100.0, "doubles": 100.0, "tripled": 200.0, "triples": 200.0, "quadrupled": 300.0}
    percent = next((factor[word] for word in m.text.split() if word in factor), None)
    if percent is None:
        return _sized(m, _window(m), "down", percent=50.0)
    return _sized(m, _window(m), "up", percent=percent)


def _gap(m: Found) -> Condition | None:
    up = "up" in m.values or any(
        word in m.text.split() for word in ("up", "higher", "above", "upward", "upwards", "bullish")
    )
    side, sign = ("high", ">") if up else ("low", "<")
    if "pct" not in m:
        m.note(
            f"“Gap {'up' if up else 'down'}” became: the open is {'above' if up else 'below'} the {side} of the "
            f"candle before."
        )
        return Formula(
            f"{{p}}open {sign} {{p}}{side}[1]", brief=f"gap {'up' if up else 'down'}", lean="long" if up else "short"
        )
    op = m.word("cmp", ">=")
    percent = m.number("pct") / 100
    if not up:
        op = {">": "<", ">=": "<=", "<": ">", "<=": ">="}[op]
    factor = plain(round(1 + percent, 10) if up else round(1 - percent, 10))
    return Formula(
        f"{{p}}open {op} {factor} * {{p}}close[1]",
        brief=f"gap {'up' if up else 'down'} {plain(percent * 100)}%",
        lean="long" if up else "short",
    )


def _grammar() -> Grammar[Condition]:
    lists = LISTS | WORDS
    slots = SLOTS | {"peak": read_peak, "trough": read_trough, "up": flag(LISTS["up"]), "down": flag(LISTS["down"])}
    slots["anyway"] = flag(LISTS["any_way"])
    g: Grammar[Condition] = Grammar(lists, slots, on_interval)
    # Distances first: "down 7% from the 30 bar high" is no move over a time.
    g.add(
        below_peak,
        "<price>? is? <down>? {cmp}? {pct:distance} <more>? <down>? <below> {peak}",
        "<price>? <down> from|off {peak} by {cmp}? {pct:distance} <more>?",
        "a? <down_noun> of {cmp}? {pct:distance} <more>? from|off {peak}",
        "{cmp}? {pct:distance} <more>? <down_noun> from|off {peak}",
        "drawdown from {peak} [of / is]? {cmp}? {pct:distance}",
    )
    g.add(
        above_trough,
        "<price>? is? <up>? {cmp}? {pct:distance} <more>? <up>? <above> {trough}",
        "<price>? <up> from|off {trough} by {cmp}? {pct:distance} <more>?",
        "a? <up_noun> of {cmp}? {pct:distance} <more>? from|off {trough}",
        "{cmp}? {pct:distance} <more>? <up_noun> from|off {trough}",
    )
    g.add(
        within_peak,
        "<price>? is? <within> {pct:distance} of|from|below|under|off {peak}",
        "<price>? is? {pct:distance} or less from|below {peak}",
    )
    g.add(within_trough, "<price>? is? <within> {pct:distance} of|from|above|over|off {trough}")
    g.add(near, "<price>? is? <near> {peak}", "<price>? is? <near> {trough}")
    # Gaps.
    g.add(
        _gap,
        "<gapverb> [<gapup> / <gapdown>] [by / of]? {cmp}? {pct} <more>?",
        "{cmp}? {pct} <more>? gap [<gapup> / <gapdown>]",
        "<price>? opens|opened|opening|open {cmp}? {pct} <more>? [<gapup> / <gapdown>] [than]? the? <prevclose>",
        "opening? gap [<gapup> / <gapdown>]? of {cmp}? {pct} <more>? [<gapup> / <gapdown>]?",
        "bullish|bearish gap [of / by] {cmp}? {pct} <more>?",
        "<gapverb> [<gapup> / <gapdown>]",
    )
    # A change as a value.
    g.add(
        _value,
        "<price>? {window} [price / percent / percentage / % ]? <changeword> [is / of / has been]? {cmp} {value} "
        "{anyway}?",
        "<price>? [price / percent / percentage]? <changeword> {window} [is / of]? {cmp} {value} {anyway}?",
    )
    g.add(_signed_value, "<price>? [price / percent / percentage]? <changeword> is? {cmp} {value} {window}")
    g.add(
        _value_sign,
        "{window} [price]? <changeword> is? [positive / negative]",
        "[positive / negative] {window} [price]? <changeword>",
    )
    g.add(
        _between,
        (
            "<price>? is|has? [{way_up:up} / {way_down:down}] [by]? [between / from]? {low:pct} [and / to / - ] "
            "{high:pct} {window}?"
        ),
    )
    g.add(_share_lost, "<price>? has|have? <down> {share} of its? [value / price]? {window}")
    g.add(
        _versus_close,
        "<price>? [close / closes / closed / closing / is]? {cmp}? {pct} <more>? [higher / above / over / up from / "
        "lower / below / under / down from] [than]? the? <prevclose>",
        "<price>? [close / closes / closed / closing / is]? {cmp}? {pct} <more>? [higher / above / lower / below] "
        "[than]? [the / one]? <prevcandle>",
    )
    # One candle.
    g.add(
        _signed,
        "<price>? {cmp}? {signed} <more>? {interval}? <candle>",
        "{interval}? <candle> [of / is / at]? {cmp}? {signed} <more>?",
    )
    g.add(
        _up_candle,
        "{cmp}? {pct} <more>? {interval}? <candlenoun>",
        "{interval}? <candlenoun> [of / with / by]? {cmp}? {pct} <more>?",
        "[a / one / single / each / every / this / the current / the last / that]? single? {interval}? [<candle> / "
        "this one / the next one] [that / which]? <up> by? {cmp}? {pct} <more>? <this_candle>?",
    )
    g.add(
        _down_candle,
        "{cmp}? {pct} <more>? {interval}? <redcandle>",
        "{interval}? <redcandle> [of / with / by]? {cmp}? {pct} <more>?",
        "[a / one / single / each / every / this / the current / the last / that]? single? {interval}? [<candle> / "
        "this one / the next one] [that / which]? <down> by? {cmp}? {pct} <more>? <this_candle>?",
    )
    one = "[this one / this candle / this bar / that one / current candle / candle]"
    g.add(
        _up_candle,
        f"{one} <moved> by? {{cmp}}? {{pct}} <more>? up|higher|upward|upwards",
        f"{one} <up> {{cmp}}? {{pct}} <more>?",
        "{interval}? <candle> [with / having / that has / showing] <up_noun> [of]? {cmp}? {pct} <more>?",
    )
    g.add(
        _down_candle,
        f"{one} <moved> by? {{cmp}}? {{pct}} <more>? down|lower|downward",
        f"{one} <down> {{cmp}}? {{pct}} <more>?",
        "{interval}? <candle> [with / having / that has / showing] <down_noun> [of]? {cmp}? {pct} <more>?",
    )
    g.add(
        _any_candle,
        "[a / one / single]? single? {interval}? <candle> [that / which]? <moved> by? {cmp}? {pct} <more>? "
        "<any_way>? <this_candle>?",
        "{cmp}? {pct} <more>? {interval}? <candle> <any_way>",
        "{interval}? <candle> [with / having / that has / showing] <move_noun> [of]? {cmp}? {pct} <more>? <any_way>?",
        "{cmp}? {pct} <more>? {interval} <candle>",
    )
    # Moves over a time, the time last.
    g.add(
        _up,
        "<price>? is|has|are|have? <up> {cmp}? {pct} <more>? {window}",
        "<price>? is|has|are|have? <up> {window} by? {cmp}? {pct} <more>?",
        "{window} ,? <price>? is|has|are|have? <up> by? {cmp}? {pct} <more>?",
        "<price>? is|has? <moved> by? {cmp}? {pct} <more>? up|higher|upward|upwards {window}?",
        "{cmp}? {pct} <more>? <up_noun> {window}",
        "{cmp}? {pct} <more>? {window} <up_noun>",
        "{window} <up_noun> [of / is / at / above / over]? {cmp}? {pct} <more>?",
        "<up_noun> of|by|is {cmp}? {pct} <more>? {window}",
        "<up_noun> {window} [of / is]? {cmp}? {pct} <more>?",
        "<pumping> <rn>? <q>? like? {cmp}? {pct} <more>? {window}",
    )
    g.add(
        _down,
        "<price>? is|has|are|have? <down> {cmp}? {pct} <more>? {window}",
        "<price>? is|has|are|have? <down> {window} by? {cmp}? {pct} <more>?",
        "{window} ,? <price>? is|has|are|have? <down> by? {cmp}? {pct} <more>?",
        "<price>? is|has? <moved> by? {cmp}? {pct} <more>? down|lower|downward|downwards {window}?",
        "{cmp}? {pct} <more>? <down_noun> {window}",
        "{cmp}? {pct} <more>? {window} <down_noun>",
        "{window} <down_noun> [of / is / at / above / over]? {cmp}? {pct} <more>?",
        "<down_noun> of|by|is {cmp}? {pct} <more>? {window}",
        "<down_noun> {window} [of / is]? {cmp}? {pct} <more>?",
        "<dumping> <rn>? <q>? like? {cmp}? {pct} <more>? {window}",
    )
    g.add(
        _any,
        "<price>? is|has|are|have? <moved> by? {cmp}? {pct} <more>? <any_way>? {window} <any_way>?",
        "{cmp}? {pct} <more>? <move_noun> <any_way>? {window} <any_way>?",
        "<move_noun> of {cmp}? {pct} <more>? <any_way>? {window} <any_way>?",
        "<price>? <up> or <down> {cmp}? {pct} <more>? {window}",
    )
    g.add(
        _unsized,
        "<price> is|has|are|was? been? [up / green / in the green / positive / higher / down / red / in the red / "
        "negative / lower] {window}",
    )
    g.add(_times, "doubled|doubles|tripled|triples|quadrupled|halved|halves [in price]? {window}")
    g.add(_signed, "<price>? {cmp}? {signed} <more>? {window}", "{window} :? {cmp}? {signed} <more>?")
    # The same with no time named.
    g.add(
        _up,
        "<price>? is|has|are|have? <up> {cmp}? {pct} <more>?",
        "{cmp}? {pct} <more>? <up_noun>",
        "<up_noun> of|by {cmp}? {pct} <more>?",
    )
    g.add(
        _down,
        "<price>? is|has|are|have? <down> {cmp}? {pct} <more>?",
        "{cmp}? {pct} <more>? <down_noun>",
        "<down_noun> of|by {cmp}? {pct} <more>?",
    )
    g.add(
        _any,
        "<price>? is|has|are|have? <moved> by? {cmp}? {pct} <more>? <any_way>?",
        "<move_noun> of {cmp}? {pct} <more>? <any_way>?",
    )
    return g


_GRAMMAR = _grammar()


def read_percent_move(r: Reader, symbol: str | None = None) -> Condition | None:
    """A percent move, a distance from a high or low, or a gap."""
    return _GRAMMAR.read(r, symbol)
