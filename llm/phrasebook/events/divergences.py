"""Divergences: "bullish RSI divergence within 60 candles", "hidden bearish divergence on the MACD histogram"."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Condition, Duration, Formula, Operand, on_interval
from llm.phrasebook.operands.operand import price_like, read_operand
from llm.phrasebook.reading.event_words import LISTS, SLOTS
from llm.phrasebook.reading.phrases import Found, Grammar
from llm.phrasebook.reading.reader import Reader

CANDLES = 60
_CLOSES = frozenset({"close", "closes", "closing"})
_WINDOW = frozenset({"over", "within", "across", "during", "inside"})


def _divergence(m: Found) -> Condition | None:
    oscillator = m.get("osc", Operand)
    words = set(m.text.split())
    bearish = bool(words & {"bearish", "negative", "bear", "higher"}) and "bullish" not in words
    if oscillator is None:
        m.note("The divergence names no oscillator: RSI(14).")
        oscillator = Operand("rsi", (14,))
    label = m.get("interval", str)
    if label is not None and oscillator.interval is None:
        oscillator = replace(oscillator, interval=label)  # Price and oscillator are of one chart.
    length = m.values.get("length")
    if not isinstance(length, int | Duration):
        length = CANDLES
        m.note(f"The divergence has no length given: {CANDLES} candles.")
    if (
        not words & {"bearish", "negative", "bear", "bullish", "positive", "bull"}
        and "lows" not in m.text
        and "low" not in words
    ):
        m.note("The divergence names no side: the bullish one.")
    m.note("A pivot of a divergence has 5 candles on both sides.")
    function, price = ("bearish_divergence", "high") if bearish else ("bullish_divergence", "low")
    price = "close" if words & _CLOSES else price
    hidden = ", hidden=True" if "hidden" in words else ""
    name = f"{'hidden ' if hidden else ''}{'bearish' if bearish else 'bullish'} divergence"
    return Formula(
        f"{function}({{p}}{price}, {{0}}, {{n0}}{hidden})",
        operands=(oscillator,),
        lengths=(length,),
        interval=label or oscillator.interval,
        brief=name,
        lean="short" if bearish else "long",
    )


def _oscillator(r: Reader) -> object | None:
    start = r.mark()
    found = read_operand(r)
    window = next((at for at in range(start.position, r.position) if r.tokens[at].text in _WINDOW), None)
    if window is not None:
        # "RSI over 40 candles": the candles are those of the divergence.
        tokens = r.tokens
        r.reset(start)
        r.tokens = tokens[:window]
        found = read_operand(r)
        r.tokens = tokens
    return found if found is not None and found.kind not in ("number", "volume") and not price_like(found) else None


def _grammar() -> Grammar[Condition]:
    lists = LISTS | {
        "side": "bullish; bearish; positive; negative; bull; bear",
        "kind": "hidden; regular; classic; class a; classical",
        "div": "divergence; divergences; div; divs; diverges; diverging",
        "with": "with; between; on; of; in; from; using; against; by; and",
        "price": "price; close; the price; and price; price and",
        "lows": "lows; highs; price lows; price highs; low; high; swing lows; swing highs",
        "closes": (
            "closes; the closes; the close; closing prices; the closing prices; closing price; the closing price; "
            "a closing basis; closing basis; candle closes; close"
        ),
        "measured": "measured; taken; based; judged; counted; calculated; computed; going",
        "within": (
            "within; over; in; in the last; within the last; over the last; in the past; over the past; during the "
            "last; within the past; up to; of; at most; no more than; and; inside"
        ),
    }
    g: Grammar[Condition] = Grammar(lists, SLOTS | {"osc": _oscillator}, on_interval)
    closes = "[,? (? <measured>? on|using|by|with|from|of|upon <closes> )?]?"
    tail = (
        f"{closes} [on|in|( the? {{interval}} [chart / timeframe / candles / time frame]? )? ]? {closes} "
        f"[,? <within> {{length}}]? {closes}"
    )
    g.add(
        _divergence,
        f"<side>? <kind>? <side>? {{osc}} <side>? <div> against|with|versus the? <lows> {tail}",
        f"<kind>? <side> <kind>? <div> against|with|versus the? <lows> {tail}",
        f"<side>? <kind>? <side>? {{osc}} <kind>? <side>? <kind>? <div> [<with> <price>]? {tail}",
        f"<kind>? <side> <kind>? <div> [<with> [<price> and]? {{osc}} [and <price>]?] {tail}",
        f"<kind> <side>? <div> [<with> [<price> and]? {{osc}} [and <price>]?] {tail}",
        f"<div> [<with> [<price> and]? {{osc}} [and <price>]?] {tail}",
        f"<price> makes a? lower low <with>? while|but {{osc}} makes a? higher low {tail}",
        f"<price> makes a? higher high <with>? while|but {{osc}} makes a? lower high {tail}",
        f"<kind>? <side> <kind>? <div> {tail}",
    )
    return g


_GRAMMAR = _grammar()


def read_divergence(r: Reader, symbol: str | None = None) -> Condition | None:
    """A divergence of the price and an oscillator."""
    return _GRAMMAR.read(r, symbol)
