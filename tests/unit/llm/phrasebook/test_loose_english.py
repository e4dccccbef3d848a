"""Sentences in loose English: articles missing, parts that nothing read around a condition, words that are no slip."""

from __future__ import annotations

import pytest

from llm.phrasebook import translate
from llm.phrasebook.preparing.spelling import corrected
from screener import compile_filter

READ: list[tuple[str, str, str]] = [
    ("its move over the last 30 minutes less than 0.5% in either direction, 5m", "5m",
     "abs(pct_change(close, 6)) < 0.5"),
    ("nothing on saturday and sunday, RSI below 30 on 15m", "15m",
     "not (weekday == 5 or weekday == 6) and ta.rsi(close, 14) < 30"),
    ("RSI below 30 on 1h, but nothing when ADX is above 40", "1h",
     "ta.rsi(close, 14) < 30 and not ta.adx(14).adx > 40"),
    ("on the same day the close is above the high of the previous 10 days, daily", "1d",
     "close > highest(high, 10)[1]"),
    ("close within 3% of its 50 day high, BTC above its own 50 day SMA, daily", "1d",
     'close >= 0.97 * highest(high, 50) and symbol("BTCUSDT").close > ta.sma(symbol("BTCUSDT").close, 50)'),
    ("high and volume above average, 1h", "1h", "high > ta.sma(high, 20) and volume > ta.sma(volume, 20)"),
    ("wick taps the lower bollinger, 1h", "1h", "low <= ta.bbands(close, 20, 2).lower"),
    ("wick goes into the 21 EMA and close stays over it, 15m", "15m",
     "low < ta.ema(close, 21) and close > ta.ema(close, 21)"),
    ("wick takes out yesterday's low but the 15m candle closes back above it", "15m",
     'low < tf("1d").low and close > tf("1d").low'),
    ("five green candles in row before and now a doji, 4h", "4h", "always(close > open, 5)[1] and cdl.doji()"),
    ("last five 5m candles every one with negative delta", "5m", "always(volume_delta < 0, 5)"),
    ("min 4 of last 5 closes over the 20 EMA, 1h", "1h", "count(close > ta.ema(close, 20), 5) >= 4"),
    ("price is hugging the upper keltner, i mean min 4 of last 5 closes over it, 1h", "1h",
     "count(close > ta.keltner(20, 2).upper, 5) >= 4"),
    ("max 3 of the last 10 candles closed red, 1h", "1h", "count(close < open, 10) <= 3"),
    ("close below the lower Bollinger band, then at most 6 candles later close crosses over the 20 EMA, 1h", "1h",
     "within(close < ta.bbands(close, 20, 2).lower, 6)[1] and crossover(close, ta.ema(close, 20))"),
    ("RSI below 30, and then some candle, the same one or max 5 candles after, closes above the previous high, 1h",
     "1h", "within(ta.rsi(close, 14) < 30, 6) and close > high[1]"),
    ("squeeze fired on 30m with momentum above zero", "30m",
     "(ta.squeeze().on[1] and not ta.squeeze().on) and ta.squeeze(20, 2, 20, 1.5).value > 0"),
]  # fmt: skip

# What is left over, and what may be made of the rest.
LISTED: list[tuple[str, str, str]] = [
    ("price at most 6 candles later", "price at most 6 candles later", ""),
    ("RSI below 30 on 1h, close over the mother candle's high", "close over the mother candle's high",
     "ta.rsi(close, 14) < 30"),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "interval", "match"), READ, ids=[row[0] for row in READ])
def test_loose_english_is_read_whole(sentence: str, interval: str, match: str) -> None:
    made = translate(sentence)
    assert (made.interval, made.not_understood) == (interval, ())
    assert compile_filter(made.code, interval).hash == compile_filter(f"match = {match}\n", interval).hash, made.code


@pytest.mark.parametrize(("sentence", "left", "match"), LISTED, ids=[row[0] for row in LISTED])
def test_what_is_half_understood_is_left_over(sentence: str, left: str, match: str) -> None:
    made = translate(sentence)
    assert list(made.not_understood) == [left]
    if match:
        own = compile_filter(made.code, made.interval).hash
        assert own == compile_filter(f"match = {match}\n", made.interval).hash, made.code
    else:
        assert made.code == ""


def test_a_time_in_a_story_is_no_condition() -> None:
    made = translate("I get wrecked every weekend, RSI below 30 on 15m")
    assert compile_filter(made.code, "15m").hash == compile_filter("match = ta.rsi(close, 14) < 30\n", "15m").hash


def test_giving_up_ends_the_trade() -> None:
    made = translate("RSI below 30 on 1h, and i give up if it closes below the 20 SMA")
    meant = "match = ta.rsi(close, 14) < 30\nexit = close < ta.sma(close, 20)\n"
    assert compile_filter(made.code, "1h").hash == compile_filter(meant, "1h").hash, made.code


@pytest.mark.parametrize(
    "word",
    [
        "asleep",
        "missing",
        "information",
        "action",
        "specific",
        "connection",
        "prefix",
        "static",
        "internal",
        "currency",
    ],
)
def test_a_word_of_plain_english_is_no_slip_of_a_word_of_the_field(word: str) -> None:
    assert corrected(word) is None


@pytest.mark.parametrize(
    ("word", "meant"),
    [("ichimuko", "ichimoku"), ("bolinger", "bollinger"), ("stocastic", "stochastic"), ("crosess", "crosses"),
     ("volme", "volume"), ("resistence", "resistance"), ("divergance", "divergence"), ("consecutve", "consecutive")],
)  # fmt: skip
def test_a_slip_is_mended(word: str, meant: str) -> None:
    assert corrected(word) == meant
