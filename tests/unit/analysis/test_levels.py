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


def test_fibonacci_and_camarilla_pivots() -> None:
    fibonacci = levels.pivots(110, 90, 100, "fibonacci")
    assert fibonacci.pivot == 100
    assert fibonacci.resistances == pytest.approx((107.64, 112.36, 120))
    assert fibonacci.supports == pytest.approx((92.36, 87.64, 80))
    camarilla = levels.pivots(110, 90, 104, "camarilla")
    assert camarilla.resistances == pytest.approx((104 + 22 / 12, 104 + 22 / 6, 104 + 22 / 4, 115))
    assert camarilla.supports == pytest.approx((104 - 22 / 12, 104 - 22 / 6, 104 - 22 / 4, 93))


def hourly(count: int, start: int) -> tuple[levels.Times, levels.Values]:
    times = np.arange(count, dtype=np.int64) * 3_600_000 + start
    return times, np.full(count, 10.0)


def test_pivots_come_from_the_previous_utc_day() -> None:
    times, highs = hourly(60, 5 * levels.DAY_MS)
    highs[30] = 99.0  # On the second day, which is the last whole one before hour 60.
    found = levels.pivot_period(times, highs - 0.7, highs, highs - 1, highs - 0.5, int(times[-1]) + 3_600_000)
    assert found == levels.Period("previous day", 9.3, 99.0, 9.0, 9.5)


def test_a_day_is_last_when_its_last_candle_has_closed() -> None:
    times, highs = hourly(48, 5 * levels.DAY_MS)
    highs[30] = 99.0
    end = int(times[-1]) + 3_600_000
    for until, high in ((end - 1, 10.0), (end, 99.0)):
        found = levels.last_period(times, highs, highs, highs, highs, until)
        assert found is not None
        assert found.high == high, until


def test_weeks_begin_on_monday() -> None:
    monday = 4 * levels.DAY_MS + 10 * 7 * levels.DAY_MS
    times, highs = hourly(24 * 16, monday)
    highs[0], highs[24 * 7 - 1], highs[24 * 7] = 50.0, 60.0, 99.0
    until = monday + 9 * levels.DAY_MS
    found = levels.last_period(times, highs, highs, highs, highs, until, week=True)
    assert found == levels.Period("previous week", 50.0, 60.0, 10.0, 60.0)
    late = slice(1, None)
    assert levels.last_period(times[late], highs[late], highs[late], highs[late], highs[late], until, week=True) is None


def test_pivots_of_the_older_half_without_a_whole_day() -> None:
    times = np.arange(10, dtype=np.int64) * 60_000
    closes = np.arange(10, dtype=np.float64) + 1
    found = levels.pivot_period(times, closes, closes + 1, closes - 1, closes, 600_000)
    assert found == levels.Period("first 5 candles", 1.0, 6.0, 0.0, 5.0)
    one = slice(0, 1)
    assert levels.pivot_period(times[one], closes[one], closes[one], closes[one], closes[one], 60_000) is None


def slow_swings(highs: levels.Values, lows: levels.Values, width: int) -> list[tuple[str, float, int]]:
    found: list[tuple[str, float, int]] = []
    for i in range(width, len(highs) - width):
        before, after = range(i - width, i), range(i + 1, i + width + 1)
        if all(highs[i] > highs[j] for j in before) and all(highs[i] >= highs[j] for j in after):
            found.append(("high", float(highs[i]), i))
        if all(lows[i] < lows[j] for j in before) and all(lows[i] <= lows[j] for j in after):
            found.append(("low", float(lows[i]), i))
    return found


@given(st.lists(st.integers(0, 6), max_size=40), st.integers(1, 4))
def test_swings_equal_the_obvious_loop(steps: list[int], width: int) -> None:
    highs = np.array(steps, dtype=np.float64)
    lows = highs[::-1] - 3
    found = [(s.kind, s.price, s.index) for s in levels.swings(highs, lows, width)]
    assert found == slow_swings(highs, lows, width)


def test_a_swing_on_volume_is_heavy() -> None:
    highs = array(1, 2, 5, 3, 2, 2, 6, 4, 1, 0)
    volumes = np.full(10, 100.0)
    volumes[6] = 150.0
    found = levels.swings(highs, highs - 1, 2, volumes)
    assert [(s.price, s.heavy) for s in found if s.kind == "high"] == [(5.0, False), (6.0, True)]
    volumes[:6] = np.nan
    assert not any(s.heavy for s in levels.swings(highs, highs - 1, 2, volumes))


def test_most_was_traded_at_the_nodes() -> None:
    lows = array(10, 10, 10, 20, 20, 15)
    highs = lows + 0.5
    found = levels.volume_nodes(highs, lows, array(30, 20, 20, 40, 40, 1), 1.0)
    assert found == [20.5, 10.5]


@given(st.lists(st.tuples(st.integers(1, 200), st.integers(0, 60), st.integers(0, 50)), min_size=1, max_size=30))
def test_volume_nodes_are_the_peaks_of_the_spread_volume(rows: list[tuple[int, int, int]]) -> None:
    lows = np.array([low / 2 for low, _, _ in rows])
    highs = np.array([(low + reach) / 2 for low, reach, _ in rows])
    volumes = np.array([float(volume) for _, _, volume in rows])
    found = levels.volume_nodes(highs, lows, volumes, 1.0, most=100)
    profile: dict[int, float] = {}
    traded = [i for i in range(len(rows)) if volumes[i] > 0]
    floor = min((lows[i] for i in traded), default=0.0)
    for i in traded:
        bins = range(int(lows[i] - floor), int(highs[i] - floor) + 1)
        for at in bins:
            profile[at] = profile.get(at, 0.0) + volumes[i] / len(bins)
    mean = sum(profile.values()) / len(profile) if profile else 0.0
    for price in found:
        at = int(price - floor)
        assert profile[at] > mean - 1e-9
        assert profile[at] >= max(profile.get(at - 1, 0.0), profile.get(at + 1, 0.0)) - 1e-9
    heaviest = max(profile.values(), default=0.0)
    if heaviest > mean + 1e-6:
        assert profile[int(found[0] - floor)] == pytest.approx(heaviest)


def test_nothing_traded_has_no_nodes() -> None:
    flat = np.full(5, 10.0)
    assert levels.volume_nodes(flat, flat, np.zeros(5), 1.0) == []
    assert levels.volume_nodes(flat, flat, np.full(5, np.nan), 1.0) == []
    assert levels.volume_nodes(flat, flat, flat, 0.0) == []
    assert levels.volume_nodes(array(1, 1e9), array(1, 1e9), array(1, 1), 0.01) == []


def test_bands_stand_about_the_mean() -> None:
    assert levels.atr_bands(100, 10) == {
        "mean + 1 ATR": 110, "mean - 1 ATR": 90, "mean + 2 ATR": 120, "mean - 2 ATR": 80, "mean + 3 ATR": 130,
        "mean - 3 ATR": 70,
    }  # fmt: skip
    assert "mean - 3 ATR" not in levels.atr_bands(20, 10)


@pytest.mark.parametrize(
    ("price", "atr", "expected"),
    [
        (3120.5, 21.0, [3050, 3100, 3150, 3200]),
        (0.2341, 0.004, [0.22, 0.23, 0.24, 0.25]),
        (64_000, 300, [63_000, 64_000, 65_000, 66_000]),
        (0.00001234, 0.0000002, [0.0000115, 0.000012, 0.0000125, 0.000013]),
        (1.0, 0.9, [2.0, 4.0]),
    ],
)
def test_round_numbers_fit_the_range(price: float, atr: float, expected: list[float]) -> None:
    assert levels.round_numbers(price, atr) == expected


@given(st.floats(1e-8, 1e7), st.floats(1e-10, 1e6))
def test_round_numbers_are_ascending_multiples_about_the_price(price: float, atr: float) -> None:
    step = levels.round_step(price, atr)
    found = levels.round_numbers(price, atr)
    assert step >= max(2 * atr, price / 1000) * (1 - 1e-9)
    assert found == sorted(set(found))
    assert all(abs(n / step - round(n / step)) < 1e-6 for n in found)
    assert all(abs(n - price) <= 2 * step * (1 + 1e-9) for n in found)


def test_no_round_numbers_without_a_range() -> None:
    for price, atr in ((0.0, 1.0), (1.0, 0.0), (float("nan"), 1.0), (1.0, float("inf"))):
        assert levels.round_numbers(price, atr) == []


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
