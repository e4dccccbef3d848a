"""Plain-English readings, out of the graph."""

from __future__ import annotations

import pytest

from screener import compile_filter, condition_text, explain_row, reading

READINGS = {
    'match = ta.rsi(close, 14) < 30 and close > tf("4h").ema(close, 200)': (
        "RSI(14) of the close is below 30, and the close is above the 200-period EMA of 4h closes."
    ),
    "match = close >= open": "The close is at or above the open.",
    "match = 30 > close": "The close is below 30.",
    "match = close == open or close != high": ("Either the close equals the open or the close differs from the high."),
    "match = crossover(ta.rsi(close, 14), 30)": "RSI(14) of the close crosses above 30.",
    "match = crossunder(close, ta.sma(close, 50))": ("The close crosses below the 50-period SMA of the close."),
    "match = close > highest(high, 20)[1]": (
        "The close is above the highest high over the 20 candles before this one."
    ),
    "match = close > open[3]": "The close is above the open 3 candles ago.",
    "match = tf('1h').close[1] > close": "The 1h close one 1h candle ago is above the close.",
    "match = volume > 1.5 * ta.sma(volume, 20)": ("The volume is above 1.5 times the 20-period SMA of the volume."),
    "match = within(close > open, 5)": "The close is above the open on at least one of the last 5 candles.",
    "match = always(close > open, 3)": "The close is above the open on each of the last 3 candles.",
    "match = count(close > open, 10) >= 7": (
        "The number of the last 10 candles on which the close is above the open is at or above 7."
    ),
    "match = rising(close, 3)": "The close has risen 3 candles in a row.",
    "match = falling(ta.rsi(close, 14), 2)": "RSI(14) of the close has fallen 2 candles in a row.",
    "match = barssince(close > open) <= 4": (
        "The number of candles since the last time that the close is above the open is at or below 4."
    ),
    "match = pct_change(close, 3) > 5": "The 3-candle percent change of the close is above 5.",
    "match = between(ta.rsi(close, 14), 40, 60)": "RSI(14) of the close is between 40 and 60.",
    "match = close < ta.bbands(close, 20, 2).lower": (
        "The close is below the lower Bollinger band(20, 2) of the close."
    ),
    "match = ta.macd(close).hist > 0": "The MACD histogram(12, 26, 9) of the close is above 0.",
    "match = ta.adx(14).plus_di > ta.adx(14).minus_di": "+DI(14) is above -DI(14).",
    "match = tf('4h').atr(14) > 5": "ATR(14) of 4h candles is above 5.",
    "match = symbol('BTCUSDT').tf('1d').close > 1": "BTCUSDT's 1d close is above 1.",
    "match = close > ta.vwap()": "The close is above the 1d-anchored VWAP.",
    "match = hour == 9 and weekday < 5": "The hour equals 9, and it is Monday to Friday.",
    "match = (high - low) / close > 0.05": "(The high minus the low) divided by the close is above 0.05.",
    "match = not (within(close > open, 3))": "The close is above the open on none of the last 3 candles.",
    "match = not (always(close > open, 3))": "The close is above the open not on each of the last 3 candles.",
    "match = not (cdl.hammer() and close > open)": (
        "It is not true that both a hammer pattern is complete and the close is above the open."
    ),
    "match = within(close > open, 3)[1]": (
        "The close is above the open on at least one of the 3 candles before this one."
    ),
    "match = not (within(close > open, 3)[1])": "The close is above the open on none of the 3 candles before this one.",
    "match = ta.squeeze().on[1] and not ta.squeeze().on": (
        "One candle ago the squeeze(20, 2, 20, 1.5) is on, and the squeeze(20, 2, 20, 1.5) is off."
    ),
    "match = cdl.doji()[2]": "2 candles ago a doji pattern is complete.",
    "match = rank(-close) <= 5": "The close is among the 5 smallest of all symbols.",
    "match = rank(ticker.quote_volume) <= 20": "The 24-hour quote volume is among the 20 largest of all symbols.",
    "match = market_percentile(ta.rsi(close, 14)) >= 0.9": "RSI(14) of the close is in the top 10 % of all symbols.",
    "match = close > open and weekday >= 5": "The close is above the open, and it is Saturday or Sunday.",
    "match = close > open and weekday == 0": "The close is above the open, and it is a Monday.",
    "match = close > open and weekday > 6.5": (
        "The close is above the open, and the weekday (Monday is 0) is above 6.5."
    ),
    "match = close > open and day <= 5": "The close is above the open, and the day of the month is at or below 5.",
    "match = close > open and not session('09:30-16:00', 'America/New_York')": (
        "The close is above the open, and the time is not within 09:30-16:00 in America/New_York."
    ),
    "match = close > ta.donchian(20).upper[1]": "The close is above the upper Donchian band(20) one candle ago.",
    "match = crossunder(ta.supertrend(10, 3).direction, 0)": "The Supertrend(10, 3) turns down.",
    "match = ta.ha().close > close": "The Heikin-Ashi close is above the close.",
    "match = close > open\nstop = close * 0.98\ntarget = 1.5 * high": (
        "The close is above the open. Stop at 2 % below the close. Target at 50 % above the high."
    ),
    "match = na(close[1])": "The close one candle ago is unknown.",
    "match = volume_delta > 0": "The net taker volume is above 0.",
    "match = ticker.change_pct > 5": "The 24-hour change in percent is above 5.",
    "match = close > open or close > 3 or high > 2": (
        "One of these holds: the close is above the open, the close is above 3 or the high is above 2."
    ),
    "match = close < min(open, high, low[1])": (
        "The close is below the smallest of the open, the high and the low one candle ago."
    ),
    "match = cdl.engulfing() and tf('4h').cdl.hammer()": (
        "A bullish engulfing pattern is complete, and a hammer pattern is complete on 4h candles."
    ),
    "match = close > highest(high, tf('1d').first)[1]": (
        "The close is above the highest high since the 1d candle began (one candle ago)."
    ),
    "match = sum(volume, close > open) > 3": (
        "The sum of the volume since the last time that the close is above the open is above 3."
    ),
    "match = rising(close, tf('1d').first)": "The close has risen on each candle since the 1d candle began.",
    "match = within(close > open, tf('1d').first)": (
        "The close is above the open on at least one of the candles since the 1d candle began."
    ),
    "match = rank(volume, where=close > open) <= 10": (
        "The rank of the volume among the symbols where the close is above the open is at or below 10."
    ),
    "match = breadth(close > open) > 0.5": "On more than 50 % of all symbols the close is above the open.",
    "match = market_zscore(close) > 2": "The z-score of the close among all symbols is above 2.",
    "match = percentrank(volume, 50) > 90": "The percent rank of the volume among its last 50 values is above 90.",
    "match = bullish_divergence(low, ta.rsi(close, 14), 60)": (
        "A bullish divergence of the low and RSI(14) of the close within 60 candles is confirmed."
    ),
    "match = ta.supertrend(10, 3).direction > 0": "The Supertrend(10, 3) points up.",
    "match = close > ta.kama(close)": "The close is above KAMA(10, 2, 30) of the close.",
    "match = close > ta.psar()": "The close is above the parabolic SAR(0.02, 0.2).",
    "match = ta.aroon().osc > 50": "The Aroon oscillator(14) is above 50.",
    "match = tf('4h').alma(9, 6, 0.85) > close": "ALMA(9, 6, 0.85) of 4h candles is above the close.",
    "match = close > tf('1M').high": "The close is above the 1M high.",
    "match = close > open\nexit = trade.bars >= 5\nstop = trade.highest(low)\ntarget = trade.price * 1.1": (
        "The close is above the open. Exit when the number of candles since the entry is at or above 5. "
        "Stop at the highest low since the entry. Target at 10 % above the entry price."
    ),
    "match = close > open\nexit = close < trade.at_entry(low)": (
        "The close is above the open. Exit when the close is below the low at the entry."
    ),
    "match = close > open\nexit = ta.rsi(close, 14) > 70\nstop = close - 2 * ta.atr(14)\nscore = volume": (
        "The close is above the open. Exit when RSI(14) of the close is above 70. "
        "Stop at 2 times ATR(14) below the close. Ranked by the volume, largest first."
    ),
}


@pytest.mark.parametrize("text", READINGS)
def test_reading(text: str) -> None:
    program = compile_filter(text, "15m", {"BTCUSDT"})
    assert reading(program) == READINGS[text]
    assert reading(program) == compile_filter(text, "15m", {"BTCUSDT"}).reading


@pytest.mark.parametrize(
    ("price", "said"),
    [
        ("close * 0.98", "2 % below the close"),
        ("close + 1.5 * ta.atr(14)", "1.5 times ATR(14) above the close"),
        ("trade.price - ta.atr(14)", "ATR(14) below the entry price"),
        ("trade.highest(high) - 3 * ta.atr(22)", "3 times ATR(22) below the highest high since the entry"),
        ("low - 0.5", "0.5 below the low"),
        ("close - max(ta.atr(14), open - low)", "the close minus the larger of ATR(14) and the open minus the low"),
        ("lowest(low, 10) - ta.atr(14)", "the lowest low over the last 10 candles minus ATR(14)"),
    ],
)
def test_a_stop_is_so_far_from_a_price(price: str, said: str) -> None:
    read = str(compile_filter(f"match = close > open\nstop = {price}", "1h").reading)
    assert read == f"The close is above the open. Stop at {said}."


VOTES = """
a = ta.rsi(close, 14) < 30
b = close < open
c = volume > 5
votes = (1 if a else 0) + (1 if b else 0) + (1 if c else 0)
"""
VOTED = "of these 3 hold: RSI(14) of the close is below 30; the close is below the open; the volume is above 5."


@pytest.mark.parametrize(
    ("vote", "said"),
    [
        ("votes >= 2", f"At least 2 {VOTED}"),
        ("votes > 1", f"At least 2 {VOTED}"),
        ("2 <= votes", f"At least 2 {VOTED}"),
        ("not (votes < 2)", f"At least 2 {VOTED}"),
        ("votes < 2", f"At most 1 {VOTED}"),
        ("votes <= 2", f"At most 2 {VOTED}"),
        ("votes == 1", f"Exactly 1 {VOTED}"),
    ],
)
def test_a_count_of_conditions_is_read_as_a_vote(vote: str, said: str) -> None:
    read = str(compile_filter(f"{VOTES}match = {vote}", "1h").reading)
    head, _, tail = read.rstrip(".").partition(": ")
    wanted, _, rows = said.rstrip(".").partition(": ")
    assert (head, sorted(tail.split("; "))) == (wanted, sorted(rows.split("; ")))


def test_a_vote_too_long_to_read_still_says_how_many() -> None:
    rows = "".join(f"(1 if close > ta.sma(close, {n}) + 2 * ta.atr({n}) else 0) + " for n in range(21, 28))
    program = compile_filter(f"match = {rows}(1 if open > 5 else 0) >= 3", "1h")
    assert str(program.reading) == "At least 3 of 8 conditions hold."


@pytest.mark.parametrize("odd", ["votes >= 1.5", "votes + volume >= 2", "votes >= ta.rsi(close, 14)"])
def test_what_is_no_count_of_conditions_is_no_vote(odd: str) -> None:
    assert "hold" not in str(compile_filter(f"{VOTES}match = {odd}", "1h").reading)


def test_names_are_read_through() -> None:
    named = "r = ta.rsi(close, 14)\nlow_r = r < 30\nup = close > open\nmatch = low_r and up"
    plain = "match = ta.rsi(close, 14) < 30 and close > open"
    assert compile_filter(named, "15m").reading == compile_filter(plain, "15m").reading


def test_rows_with_values() -> None:
    program = compile_filter("dip = ta.rsi(close, 14) < 30\nmatch = dip", "15m")
    (condition,) = program.conditions
    assert condition_text(condition) == "dip: rsi(close, 14) < 30"
    assert str(explain_row(condition, 28.4, 30.0, True)) == "rsi(close, 14) < 30 [28.4 < 30]: true"
    row = explain_row(condition, float("nan"), 30.0, None)
    assert row.left is None
    assert str(row) == "rsi(close, 14) < 30 [unknown < 30]: unknown"
