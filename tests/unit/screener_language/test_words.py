"""Forms beyond single-symbol arithmetic: patterns, the open trade, the market, calendar, events, the long tail."""

from __future__ import annotations

import json

import pytest

from screener import FilterError, Program, compile_filter
from screener.intervals import CALENDAR
from screener.ir import Node
from screener.vocabulary.patterns import PATTERNS

SYMBOLS = {"BTCUSDT", "ETHUSDT"}


def program(text: str, base: str = "15m") -> Program:
    return compile_filter(text, base, SYMBOLS)


def node(found: Program, op: str) -> Node:
    (only,) = [n for n in found.nodes if n.op == op]
    return only


def same(text: str, other: str, base: str = "15m") -> None:
    assert program(text, base).hash == program(other, base).hash


def test_a_pattern_is_its_bullish_side() -> None:
    same("match = cdl.engulfing()", "match = cdl.engulfing().bullish")
    assert program("match = cdl.engulfing()").hash != program("match = cdl.engulfing().bearish").hash
    same("star = cdl.engulfing()\nmatch = star.bearish[1]", "match = cdl.engulfing().bearish[1]")
    assert program("hammer = cdl.hammer()\nmatch = hammer and close > open").conditions[0].name == "hammer"


def test_patterns_go_where_conditions_go() -> None:
    program("match = within(cdl.hammer(), 3) and not cdl.doji() and count(cdl.doji(), 10) > 2")
    program("match = (1 if cdl.doji() else 0) + (1 if cdl.hammer() else 0) >= 2")
    program("match = highest(high, cdl.hammer())[1] < close and breadth(cdl.engulfing()) > 0.5")
    program("match = cdl.engulfing() if close > open else cdl.engulfing().bearish")


def test_patterns_of_other_candles() -> None:
    assert set(program('match = tf("4h").cdl.hammer()').intervals) == {"15m", "4h"}
    found = program('match = symbol("BTCUSDT").tf("1h").cdl.engulfing().bearish')
    assert {n.params[1:] for n in found.nodes if n.op == "src"} == {("1h", "BTCUSDT")}
    assert found.reading == "A bearish engulfing pattern is complete on BTCUSDT's 1h candles."


@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_compiles_on_its_sides(name: str) -> None:
    for side in ("", *(f".{s}" for s in PATTERNS[name].sides)):
        assert program(f"match = cdl.{name}(){side}").nodes


def test_the_open_trade() -> None:
    found = program(
        "match = close > open\nheld = trade.bars\nexit = held >= 5 or close < trade.at_entry(low)\n"
        "stop = trade.highest(close - 1.5 * ta.atr(14))\ntarget = trade.price * 1.1"
    )
    assert node(found, "trade_bars").params == ("bars", "15m")
    assert node(found, "trade_price").params == ("price", "15m")
    assert node(found, "at_entry").params == ("15m",)
    assert node(found, "trade_max").interval == "15m"
    assert program("match = close > open\nstop = trade.lowest(low)").nodes[-1].op == "trade_min"


def test_the_trade_of_a_higher_interval_is_seen_at_the_base() -> None:
    found = program('match = close > open\nstop = trade.highest(tf("4h").low)')
    assert node(found, "trade_max").interval == "15m"


def test_a_trade_is_only_known_after_a_match() -> None:
    for text in (
        "match = close > trade.price",
        "a = trade.bars\nb = a + 1\nmatch = close > b",
        "match = close > open\nscore = trade.highest(close)",
    ):
        with pytest.raises(FilterError) as caught:
            program(text)
        assert {d.code for d in caught.value.diagnostics} == {"F026"}
    # A name that only the exit reads is fine, wherever it stands.
    program("age = trade.bars\nmatch = close > open\nexit = age > 3")


MARKET = {
    "rank(volume)": ("rank", "num"),
    "market_percentile(volume)": ("market_percentile", "num"),
    "market_mean(volume)": ("market_mean", "num"),
    "market_zscore(volume)": ("market_zscore", "num"),
    "breadth(close > open)": ("breadth", "num"),
}


@pytest.mark.parametrize("call", MARKET)
def test_across_the_market(call: str) -> None:
    op, dtype = MARKET[call]
    found = node(program(f"match = {call} != 12345"), op)
    assert found.dtype == dtype
    assert found.interval == "15m"
    some = call[:-1] + ", where=close > 1)"
    assert program(f"match = {some} != 12345").hash != program(f"match = {call} != 12345").hash
    same(f"match = {call[:-1]}, where=True) != 12345", f"match = {call} != 12345")


def test_the_market_on_a_higher_interval() -> None:
    assert node(program('match = tf("1d").rank(volume) < 10'), "rank").interval == "1d"
    same('match = tf("1d").rank(volume) < 10', 'match = rank(tf("1d").volume) < 10')
    # The finest of both decides.
    assert node(program('match = rank(tf("1d").volume, where=close > open) < 10'), "rank").interval == "15m"


@pytest.mark.parametrize("interval", CALENDAR)
@pytest.mark.parametrize("base", ["1m", "15m", "1d", "3d", "1w"])
def test_calendar_intervals(interval: str, base: str) -> None:
    found = program(f'm = tf("{interval}")\nmatch = m.close > m.ema(close, 3)[1] and not m.first', base)
    assert interval in found.intervals
    # EMA(3) halves the weight of its seed on each candle, and `[1]` is one more.
    assert found.reach[interval] == 21


def test_calendar_anchors() -> None:
    assert node(program('match = close > ta.vwap("1M")'), "first").params == ("1M", "15m")
    # 31 days of 96 candles.
    assert program('match = close > ta.vwap("1M")').reach["15m"] == 31 * 96 - 1
    assert program('match = close > ta.vwap("1M")').warnings == ()


EVENTS = {
    "highest(high, e)": "rmax_since",
    "lowest(high, e)": "rmin_since",
    "sum(volume, e)": "cumsum_since",
    "count(close > open, e)": "cumsum_since",
    "change(close, e)": "valuewhen",
    "pct_change(close, e)": "valuewhen",
}


@pytest.mark.parametrize("call", EVENTS)
def test_windows_since_an_event(call: str) -> None:
    found = program(f'e = tf("1d").first\nmatch = {call} != 12345')
    assert EVENTS[call] in {n.op for n in found.nodes}
    # Never further back than the day's first candle, so there is nothing to warn of.
    assert found.reach["15m"] == 95
    assert found.warnings == ()
    loose = program(f"e = crossover(close, open)\nmatch = {call} != 12345")
    assert {w.code for w in loose.warnings} == {"W102"}


@pytest.mark.parametrize(
    "call", ["within(close > open, e)", "always(close > open, e)", "rising(close, e)", "falling(low, e)"]
)
def test_conditions_since_an_event(call: str) -> None:
    assert program(f'e = tf("1d").first\nmatch = {call}').reach["15m"] in (95, 96)


def test_an_average_since_an_event_counts_what_is_known() -> None:
    same(
        'e = tf("1d").first\nmatch = avg(close, e) != 12345',
        'e = tf("1d").first\nmatch = sum(close, e) / sum(0 if na(close) else 1, e) != 12345',
    )


def test_divergences() -> None:
    plain = program("match = bullish_divergence(low, ta.rsi(close, 14), 50)")
    same(
        "match = bullish_divergence(low, ta.rsi(close, 14), 50, 5, 5, False)",
        "match = bullish_divergence(low, ta.rsi(close, 14), n=50, left=5, right=5)",
    )
    hidden = program("match = bullish_divergence(low, ta.rsi(close, 14), 50, hidden=True)")
    bearish = program("match = bearish_divergence(low, ta.rsi(close, 14), 50)")
    assert len({plain.hash, hidden.hash, bearish.hash}) == 3
    # Both pivots lie within the window, so nothing before it matters. RSI's 188 come before a pivot seen 5 late.
    assert plain.warnings == ()
    assert plain.reach["15m"] == 188 + 5
    # The 10 of a pivot come before those of the window.
    assert program("match = bullish_divergence(low, ta.rsi(close, 14), 300)").reach["15m"] == 10 + 300


def test_order_flow() -> None:
    found = program("match = buy_volume > sell_volume and volume_delta > 0 and trades > 100 and quote_volume > 1e6")
    fields = {n.params[0] for n in found.nodes if n.op == "src"}
    assert fields == {"buy_volume", "sell_volume", "trades", "quote_volume"}


def test_the_ticker() -> None:
    found = program("match = ticker.high > 2 * ticker.low and ticker.volume < ticker.quote_volume")
    assert found.reach["15m"] == 95
    assert {n.op for n in found.nodes} >= {"rmax", "rmin", "rsum"}
    same('match = symbol("BTCUSDT").ticker.change_pct > 5', 'match = symbol("BTCUSDT").pct_change(close, 96) > 5')
    same('match = tf("1d").ticker.high > 5', "match = ticker.high > 5")


def test_the_long_tail() -> None:
    found = program("match = ta.fisher(length=12).signal > 1")
    name, interval, symbol, arguments = node(found, "external").params
    assert (name, interval, symbol) == ("fisher:signal", "15m", "")
    assert json.loads(str(arguments))["length"] == 12
    assert [w.code for w in found.warnings if w.code != "W102"] == ["W109"]
    same("match = ta.alma(close, 10) > close", "match = ta.alma() > close")
    other = node(program('match = tf("4h").alma(9) > close'), "external")
    assert other.interval == "4h"


def test_the_long_tail_reads_its_own_candles() -> None:
    with pytest.raises(FilterError) as caught:
        program("match = ta.alma(volume, 10) > close")
    assert caught.value.diagnostics[0].code in ("F013", "F014")
