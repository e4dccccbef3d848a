"""What a sentence does not say is not put into its program: counts are no charts, what is said of an unread thing is
not said of the price, and what a vague name means is taken from the sentence where it says so."""

from __future__ import annotations

import pytest

from llm.phrasebook import translate
from screener import compile_filter

RSI30 = "ta.rsi(close, 14) < 30"
OPENED = 'valuewhen(tf("1d").first, open, 0)'
BTC_OPENED = 'valuewhen(symbol("BTCUSDT").tf("1d").first, symbol("BTCUSDT").open, 0)'
OBV_HIGH = "ta.obv() >= highest(ta.obv(), 20)"
DELTA = "sum(volume_delta, 20)"
INSIDE = "(high < high[1] and low > low[1])[1]"
DIVERGENCE = 'bullish_divergence(tf("4h").low, tf("4h").rsi(close, 14), 60)'

READ: list[tuple[str, str, str]] = [
    # "The first" is so now and was not before; what ends a trade ends it the first time.
    ("short the first red candle on 15m", "15m", "match = close < open and not (close < open)[1]"),
    ("buy the first close above the 50 EMA on 1h", "1h", "c = close > ta.ema(close, 50)\nmatch = c and not c[1]"),
    (
        "buy the first green candle after 5 red ones on 1h",
        "1h",
        "match = always(close < open, 5)[1] and close > open",
    ),
    (
        f"long on 1h when {'RSI is below 30'}, exit on the first red candle",
        "1h",
        f"match = {RSI30}\nexit = close < open",
    ),
    # Without a size, "today" is since midnight; with one, and "on the day", the last 24 hours.
    (
        "no longs if BTC is red today. Otherwise buy on 15m when rsi is below 30",
        "15m",
        f'match = not symbol("BTCUSDT").close < {BTC_OPENED} and {RSI30}',
    ),
    ("price is up today and RSI is below 30 on 5m", "5m", f"match = close > {OPENED} and {RSI30}"),
    ("price is red on the day, rsi below 30, 1h", "1h", f"match = ticker.change_pct < 0 and {RSI30}"),
    ("BTC price above today's open on 1h", "1h", f'match = symbol("BTCUSDT").close > {BTC_OPENED}'),
    # A bounce, and what comes after another thing, is of one candle.
    (
        "buy if price falls 5% within an hour and then bounces 1%",
        "1h",
        "match = (pct_change(close, 1) <= -5)[1] and pct_change(close, 1) >= 1",
    ),
    (
        "price drops 5% in the last 12 candles followed by a rise of 1%, 5m",
        "5m",
        "match = (pct_change(close, 12) <= -5)[1] and pct_change(close, 1) >= 1",
    ),
    ("price rebounds 3% on 15m with rsi under 30", "15m", f"match = pct_change(close, 1) >= 3 and {RSI30}"),
    # A name and what it means are one condition.
    (
        "buy on 1h when RSI is below 30 and the daily trend is up (price over 50 day SMA)",
        "1h",
        f'match = {RSI30} and close > tf("1d").sma(close, 50)',
    ),
    ("uptrend (ADX above 25), RSI below 30, 1h", "1h", f"match = ta.adx(14).adx > 25 and {RSI30}"),
    ("trend is up: close above the 100 EMA; rsi below 30; 1h", "1h", f"match = close > ta.ema(close, 100) and {RSI30}"),
    ("in a downtrend (below the 200 sma), rsi below 30, 1h", "1h", f"match = close < ta.sma(close, 200) and {RSI30}"),
    ("breakout (close above the 50 candle high) on 1h", "1h", "match = close > highest(high, 50)[1]"),
    (
        "breakout (volume above twice its 20 average) on 1h",
        "1h",
        "match = close > highest(high, 20)[1] and volume > 2 * ta.sma(volume, 20)",
    ),
    # New highs of whatever makes them.
    ("OBV making new highs while price isn't, 4h", "4h", f"match = {OBV_HIGH} and not close > highest(high, 20)[1]"),
    ("the high makes a new 30-candle high on 1h", "1h", "match = high > highest(high, 30)[1]"),
    ("volume delta sum makes a new 30-candle high, 1h", "1h", f"match = {DELTA} >= highest({DELTA}, 30)"),
    ("sum of volume delta over 20 candles at a 50 candle low, 1h", "1h", f"match = {DELTA} <= lowest({DELTA}, 50)"),
    # The high of the candle that came before, and one chart a divergence.
    ("1h: inside bar followed by a break of its high, long", "1h", f"match = {INSIDE} and close > high[1]"),
    ("inside bar then a break below its low on 1h", "1h", f"match = {INSIDE} and close < low[1]"),
    (
        "bullish RSI divergence on 4h, 1h close above the 20 EMA",
        "1h",
        f"match = {DIVERGENCE} and close > ta.ema(close, 20)",
    ),
    # The end of a trade, wherever it stands, and a chart that is not one more of a list.
    (
        "Exit when RSI is above 70. Buy when RSI is below 30 on 1h.",
        "1h",
        f"match = {RSI30}\nexit = ta.rsi(close, 14) > 70",
    ),
    (
        "close the trade once price is under the 20 EMA; go short when RSI is below 30 on 1h",
        "1h",
        f"match = {RSI30}\nexit = close < ta.ema(close, 20)",
    ),
    (
        "buy on 1h when RSI is below 30, target 5% or if nothing happens in 15 candles",
        "1h",
        f"match = {RSI30}\nexit = trade.bars >= 15\ntarget = close * 1.05",
    ),
    (
        "price below its 20 EMA on the 4h, 1h chart, RSI is below 30",
        "1h",
        f'match = close < tf("4h").ema(close, 20) and {RSI30}',
    ),
    # Each of so many candles, a lower high than one other, and what comes out of a zone.
    ("RSI has been below 30 on each of the last 3 candles, 1h", "1h", f"match = always({RSI30}, 3)"),
    (
        "four lower closes in a row, each of these on more volume than the one before, 1h",
        "1h",
        "match = falling(close, 4) and always(volume > volume[1], 4)",
    ),
    ("a lower high than the candle before on 1h", "1h", "match = falling(high, 1)"),
    ("MFI falls back out of overbought on 1h", "1h", "match = crossunder(ta.mfi(14), 80)"),
    ("the close stands over the 200 SMA on 4h", "4h", "match = close > ta.sma(close, 200)"),
    ("close crosses above KAMA(10, 2, 30) on 2h", "2h", "match = crossover(close, ta.kama(close, 10, 2, 30))"),
    (
        "Bitcoin's last daily candle closed green, RSI is below 30 on 1h",
        "1h",
        f'match = symbol("BTCUSDT").tf("1d").close > symbol("BTCUSDT").tf("1d").open and {RSI30}',
    ),
    # The candle of the match has a name.
    ("buy a hammer on 1h, stop below the low of the hammer", "1h", "match = cdl.hammer()\nstop = low"),
]


@pytest.mark.parametrize(("sentence", "interval", "program"), READ)
def test_it_is_read_as_it_was_said(sentence: str, interval: str, program: str) -> None:
    made = translate(sentence)
    assert (made.interval, made.not_understood) == (interval, ())
    assert compile_filter(made.code, interval).hash == compile_filter(program + "\n", interval).hash, made.code


@pytest.mark.parametrize(
    ("sentence", "program", "left"),
    [
        ("go long on a 3 bar pullback to the 20 ema on 1h when RSI is below 30", None, "3 bar"),
        ("whale flow hits a new 30 candle high on 1h, RSI below 30", RSI30, "whale flow hits a new 30 candle high"),
        ("the VIX is down 5% in the last 4 hours, RSI below 30 on 1h", RSI30, "the VIX is down 5% in the last 4 hours"),
        ("RSI below 30 on 1h, stop below the low of the pullback", RSI30, "stop below the low of the pullback"),
        ("buy RSI below 30 then a green candle on 1h, stop below the low of the hammer", None, "low of the hammer"),
        ("the coin's flow beats that of Bitcoin by 3 points, RSI below 30 on 1h", RSI30, "flow beats that of Bitcoin"),
        ("RSI below 30 on 1h, between 09:00 and 11:00 local time", RSI30, "local time"),
        ("hold the first pop on 1h when RSI is below 30", RSI30, "first pop"),
        ("buy when CCI is below -100. Otherwise buy when RSI is below 30, 1h", None, "Otherwise"),
    ],
)
def test_what_is_not_understood_is_told_and_nothing_is_made_of_it(
    sentence: str, program: str | None, left: str
) -> None:
    made = translate(sentence)
    assert made.interval == "1h"
    assert any(left in words for words in made.not_understood), made.not_understood
    if program is not None:
        assert compile_filter(made.code, "1h").hash == compile_filter(f"match = {program}\n", "1h").hash, made.code


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("BTC is green today and RSI below 30 on 15m", "00:00 UTC"),
        ("price falls 5% in an hour and then bounces 1%", "one candle"),
        ("short the first red candle on 15m", "not on the one before"),
        ("OBV making new highs on 4h", "20 candles"),
    ],
)
def test_what_is_assumed_is_stated(sentence: str, said: str) -> None:
    assert any(said in note for note in translate(sentence).assumptions)


def test_a_chart_named_by_its_minutes_stays_one() -> None:
    assert translate("on the 15 candles, RSI below 30").interval == "15m"
    assert translate("RSI below 30 on the 5 chart").interval == "5m"
