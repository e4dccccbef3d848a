"""Levels against slow, obvious references and known values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import levels

WALK = st.lists(st.floats(-1, 1), min_size=60, max_size=120).map(lambda steps: 100 + np.cumsum(steps) * 0.5)


def array(*values: float) -> levels.Values:
    return np.array(values, dtype=np.float64)


def test_swings_are_extremes_over_two_candles_on_both_sides() -> None:
    highs = array(1, 2, 5, 3, 2, 2, 4, 4, 1, 0)
    lows = array(1, 1, 3, 1, 0, 1, 2, 2, 1, 0)
    found = [(s.kind, s.price, s.index) for s in levels.swings(highs, lows)]
    assert found == [("high", 5.0, 2), ("low", 0.0, 4), ("high", 4.0, 6)]


def test_the_newest_two_candles_are_no_swings_yet() -> None:
    assert levels.swings(array(1, 2, 3, 4, 9), array(1, 2, 3, 4, 5)) == []


def test_classic_pivots() -> None:
    p = levels.pivots(110, 90, 100)
    assert p.pivot == 100
    assert p.resistances == (110, 120, 130)
    assert p.supports == (90, 80, 70)


def test_pivots_come_from_the_previous_utc_day() -> None:
    hour = 3_600_000
    times = np.arange(60, dtype=np.int64) * hour + 5 * levels.DAY_MS
    highs = np.full(60, 10.0)
    highs[30] = 99.0  # On the second day, which is the last whole one before hour 60.
    found = levels.period_pivots(times, highs, highs - 1, highs - 0.5, int(times[-1]) + hour)
    assert found is not None
    assert found[1] == "previous day"
    assert found[0] == levels.pivots(99, 9, 9.5)


def test_pivots_of_the_older_half_without_a_whole_day() -> None:
    times = np.arange(10, dtype=np.int64) * 60_000
    closes = np.arange(10, dtype=np.float64) + 1
    found = levels.period_pivots(times, closes + 1, closes - 1, closes, 600_000)
    assert found is not None
    assert found[1] == "first 5 candles"
    assert levels.period_pivots(times[:1], closes[:1], closes[:1], closes[:1], 60_000) is None


@given(WALK)
def test_atr_and_rsi_equal_talib(closes: levels.Values) -> None:
    talib = pytest.importorskip("talib")
    highs, lows = closes + 0.3, closes - 0.2
    assert levels.atr(highs, lows, closes) == pytest.approx(talib.ATR(highs, lows, closes, 14)[-1], rel=1e-9)
    if np.abs(np.diff(closes)).max() > 1e-6:
        assert levels.rsi(closes) == pytest.approx(talib.RSI(closes, 14)[-1], rel=1e-6, abs=1e-6)


@given(WALK)
def test_ema_equals_talib(closes: levels.Values) -> None:
    talib = pytest.importorskip("talib")
    np.testing.assert_allclose(levels.ema(closes, 20), talib.EMA(closes, 20)[19:], rtol=1e-9)


def test_too_few_candles_give_nothing() -> None:
    short = np.arange(14, dtype=np.float64)
    assert levels.atr(short, short, short) is None
    assert levels.rsi(short) is None
    assert len(levels.ema(short, 20)) == 0
    assert levels.regime(short, 1.0) == "unknown"


def test_regimes() -> None:
    rising = np.linspace(100, 200, 120)
    assert levels.regime(rising, 1.0) == "up"
    assert levels.regime(rising[::-1].copy(), 1.0) == "down"
    assert levels.regime(np.full(120, 100.0), 1.0) == "range"
    assert levels.regime(rising, None) == "unknown"


@given(st.lists(st.floats(1, 1000), max_size=40), st.floats(0, 50))
def test_merged_levels_are_given_prices_and_count_every_one(prices: list[float], gap: float) -> None:
    merged = levels.merge(prices, gap)
    assert sum(count for _, count in merged) == len(prices)
    assert all(price in prices for price, _ in merged)
    assert [p for p, _ in merged] == sorted(p for p, _ in merged)


def test_merging_leaves_out_what_is_no_price() -> None:
    assert levels.merge([float("nan"), -1.0, 0.0, float("inf"), 5.0], 1) == [(5.0, 1)]
