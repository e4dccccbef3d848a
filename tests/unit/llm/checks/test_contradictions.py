"""What no candle can satisfy, beyond what the compiler refuses."""

import pytest

from llm.checks.contradictions import contradictions_of
from screener import compile_filter

NEVER = [
    ("match = ta.rsi(close, 14) > 100", "RSI is from 0 to 100"),
    ("match = crossover(ta.willr(14), 20)", "Williams %R is from -100 to 0"),
    ("s = ta.stoch()\nmatch = close > open and s.k < 0", "the stochastic is from 0 to 100"),
    ("match = between(ta.mfi(14), 101, 120)", "MFI is from 0 to 100"),
    ("match = hour >= 24 and close > open", "the hour is from 0 to 23"),
    ("match = weekday == 7 and close > open", "with Monday as 0, is from 0 to 6"),
    ("match = volume < 0", "volume is never below 0"),
    ('match = tf("1h").rsi(close, 14)[1] > 130', "RSI is from 0 to 100"),
    ("match = close > open or 100 < ta.adx(14).adx", "ADX is from 0 to 100"),
]
ALWAYS = ["match = ta.rsi(close, 14) > -1 and close > open", "match = close > open and volume >= 0"]
RINGS = [
    "a = ta.ema(close, 9)\nb = ta.ema(close, 21)\nc = ta.ema(close, 50)\nmatch = a > b and b > c and c > a",
    "match = close > 5 and open < 3 and open > close",
    "match = ta.rsi(close, 14) < 30 and ta.rsi(close, 7) > 70 and ta.rsi(close, 7) < ta.rsi(close, 14)",
]
POSSIBLE = [
    "match = ta.rsi(close, 14) < 30",
    "match = ta.rsi(close, 14) < 99 and ta.rsi(close, 7) > 1",
    "match = crossover(ta.cci(20), 100)",
    "a = ta.ema(close, 9)\nb = ta.ema(close, 21)\nc = ta.ema(close, 50)\nmatch = a > b and b > c and a > c",
    "match = ta.macd(close).macd < -5",
    "match = hour >= 22 or hour < 2 and close > open",
    "match = within(ta.rsi(close, 14) < 30, 5) and ta.rsi(close, 14) > 50",
    "match = close > 5 and open < 3",
]


@pytest.mark.parametrize(("code", "said"), NEVER)
def test_a_condition_outside_its_range_is_told(code: str, said: str) -> None:
    (found,) = contradictions_of(compile_filter(code, "15m"))
    assert said in found
    assert "can never be true" in found


@pytest.mark.parametrize("code", ALWAYS)
def test_a_condition_that_says_nothing_is_told(code: str) -> None:
    (found,) = contradictions_of(compile_filter(code, "15m"))
    assert "is always true" in found


@pytest.mark.parametrize("code", RINGS)
def test_conditions_that_lead_round_in_a_ring_are_told(code: str) -> None:
    (found,) = contradictions_of(compile_filter(code, "15m"))
    assert found.startswith("These can never be true together: ")
    assert found.count(";") == 2


@pytest.mark.parametrize("code", POSSIBLE)
def test_what_may_happen_is_left_alone(code: str) -> None:
    assert contradictions_of(compile_filter(code, "15m")) == []
