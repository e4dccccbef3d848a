"""Words around a condition that change what it says: forbidden, broken off, alternatives, an order, money, defaults."""

from __future__ import annotations

import pytest

from llm.phrasebook import translate
from screener import compile_filter

READ: list[tuple[str, str, str]] = [
    ("don't buy if RSI is above 70; buy when price crosses above the 20 ema on 1h", "1h",
     "not ta.rsi(close, 14) > 70 and crossover(close, ta.ema(close, 20))"),
    ("price above the 20 ema. Never enter when RSI is above 70 or MFI above 80", "15m",
     "close > ta.ema(close, 20) and not (ta.rsi(close, 14) > 70 or ta.mfi(14) > 80)"),
    ("no longs while RSI is above 70, MACD crosses up", "15m",
     "not ta.rsi(close, 14) > 70 and crossover(ta.macd(close).macd, ta.macd(close).signal)"),
    ("don't enter unless RSI is below 30", "15m", "ta.rsi(close, 14) < 30"),
    ("unless RSI above 70 or MFI above 80, price above the 20 ema", "15m",
     "not (ta.rsi(close, 14) > 70 or ta.mfi(14) > 80) and close > ta.ema(close, 20)"),
    ("RSI below 30 on 15m or 1h", "15m", 'ta.rsi(close, 14) < 30 or tf("1h").rsi(close, 14) < 30'),
    ("RSI below 30 on any of 15m, 1h, 4h", "15m",
     'ta.rsi(close, 14) < 30 or tf("1h").rsi(close, 14) < 30 or tf("4h").rsi(close, 14) < 30'),
    ("RSI below 30 on at least one of 15m and 1h, and price above the 200 ema", "15m",
     '(ta.rsi(close, 14) < 30 or tf("1h").rsi(close, 14) < 30) and close > ta.ema(close, 200)'),
    ("RSI below 30 on 15m and 1h", "15m", 'ta.rsi(close, 14) < 30 and tf("1h").rsi(close, 14) < 30'),
    ("volume above $5m on 1h", "1h", "quote_volume > 5000000"),
    ("volume above 5 million dollars on 1h", "1h", "quote_volume > 5000000"),
    ("volume above 5 million on 1h", "1h", "volume > 5000000"),
]  # fmt: skip

LEFT: list[tuple[str, list[str]]] = [
    ("volume less than 80% of yesterday's volume", ["volume less than 80% of yesterday's volume"]),
    ("volume below 50%", ["volume below 50%"]),
    ("breakout of the asian session high", ["breakout of the asian session high"]),
    ("most of the last 10 candles closed green", ["most of the last 10 candles closed green"]),
    ("price is in the upper half of the Donchian channel", ["price is in the upper half of the Donchian channel"]),
    ("close is higher than in most of the last 10 candles", ["close is higher than in most of the last 10"]),
]

BESIDE: list[tuple[str, str, list[str]]] = [
    ("RSI below 30 unless funding is high, price above the 200 ema",
     "ta.rsi(close, 14) < 30 and close > ta.ema(close, 200)", ["funding is high"]),
    ("RSI below 30 or the zorblax is up, and price above the 200 ema",
     "ta.rsi(close, 14) < 30 and close > ta.ema(close, 200)", ["the zorblax is up"]),
    ("on 15m or 1h, RSI below 30", "ta.rsi(close, 14) < 30", ["15m"]),
    ("RSI below 30, breakout of the asian session high", "ta.rsi(close, 14) < 30",
     ["breakout of the asian session high"]),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "interval", "match"), READ, ids=[row[0] for row in READ])
def test_what_stands_around_a_condition_is_used(sentence: str, interval: str, match: str) -> None:
    made = translate(sentence)
    assert made.not_understood == ()
    assert made.interval == interval
    assert compile_filter(made.code, interval).hash == compile_filter(f"match = {match}", interval).hash, made.code


@pytest.mark.parametrize(("sentence", "left"), LEFT, ids=[row[0] for row in LEFT])
def test_a_condition_that_goes_on_is_left_over_whole(sentence: str, left: list[str]) -> None:
    made = translate(sentence)
    assert made.code == ""
    assert list(made.not_understood) == left


@pytest.mark.parametrize(("sentence", "match", "left"), BESIDE, ids=[row[0] for row in BESIDE])
def test_what_joins_unread_words_joins_nothing_else(sentence: str, match: str, left: list[str]) -> None:
    made = translate(sentence)
    assert list(made.not_understood) == left
    own = compile_filter(made.code, made.interval).hash
    assert own == compile_filter(f"match = {match}", made.interval).hash, made.code


@pytest.mark.parametrize(
    "sentence",
    ["either RSI below 30 or stochastic below 20", "price above the 20 ema, ADX rising over 25 and volume at least 2x"],
)
def test_a_default_is_stated_wherever_the_indicator_stands(sentence: str) -> None:
    said = " ".join(translate(sentence).assumptions)
    for name in ("RSI", "ADX"):
        assert (name in sentence) == (f"{name} has no length given: 14 candles." in said)


def test_an_order_that_was_not_placed_is_stated() -> None:
    said = translate("ATR at its lowest in 100 candles, then a candle with range 3x ATR").assumptions
    assert any(note.startswith("“Then” was not read as an order") for note in said)
    said = translate("volume above 1000 and RSI below 30, then price crosses above the 20 ema").assumptions
    assert any("right before it" in note for note in said)
    assert not any(
        "right before" in note for note in translate("RSI below 30, then price above the 20 ema").assumptions
    )


def test_a_touch_points_to_no_direction() -> None:
    assert translate("low touches vwap, 5m").direction == "long"
