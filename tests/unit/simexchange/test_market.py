"""The synthetic market: consistent across intervals, the same for a seed, and like a market."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simexchange.candles import (
    BUY,
    BUY_QUOTE,
    CLOSE,
    FIELDS,
    HIGH,
    LOW,
    OPEN,
    SELL,
    SELL_QUOTE,
    TRADES,
    Candles,
    aggregate,
)
from simexchange.intervals import INTERVAL_SECONDS, index_of, open_of
from simexchange.market import SyntheticMarket
from simexchange.universe import NAMES, synthetic_universe

NOW = 1_795_271_000
MARKET = SyntheticMarket(seed=7, count=60)
ALL = np.arange(60)


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def assert_possible(candles: Candles) -> None:
    fields = candles.fields
    assert (fields[HIGH] >= np.maximum(fields[OPEN], fields[CLOSE])).all()
    assert (fields[LOW] <= np.minimum(fields[OPEN], fields[CLOSE])).all()
    assert (fields[LOW] > 0).all()
    for lots, quote in ((BUY, BUY_QUOTE), (SELL, SELL_QUOTE)):
        assert (fields[lots] >= 0).all()
        assert (fields[quote] >= fields[lots] * fields[LOW]).all()
        assert (fields[quote] <= fields[lots] * fields[HIGH]).all()
    volume = fields[BUY] + fields[SELL]
    assert ((volume > 0) == (fields[TRADES] > 0)).all()
    assert (volume >= fields[TRADES]).all()
    still = fields[TRADES] < 2
    assert (fields[HIGH][still] == fields[LOW][still]).all()


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("1h", "1m"),
        ("1d", "5m"),
        ("5m", "1m"),
        ("3m", "1m"),
        ("30m", "3m"),
        ("6h", "1h"),
        ("8h", "4h"),
        ("12h", "6h"),
        ("3d", "1d"),
        ("1w", "1d"),
        ("1d", "8h"),
    ],
)
def test_a_candle_is_the_aggregate_of_the_shorter_ones(long: str, short: str) -> None:
    length, part = INTERVAL_SECONDS[long], INTERVAL_SECONDS[short]
    index = index_of(NOW, length) - 3
    whole = MARKET.candles(ALL, length, index, 3)
    parts = MARKET.candles(ALL, part, index_of(open_of(index, length), part), 3 * length // part)
    assert_possible(parts)
    np.testing.assert_array_equal(aggregate(parts, length // part).fields, whole.fields)


def test_a_minute_is_the_aggregate_of_its_seconds() -> None:
    whole = MARKET.candles(ALL, 60, NOW // 60, 5)
    seconds = MARKET.candles(ALL, 1, NOW // 60 * 60, 300)
    assert_possible(seconds)
    np.testing.assert_array_equal(aggregate(seconds, 60).fields, whole.fields)


def test_consecutive_candles_continue_each_other() -> None:
    candles = MARKET.candles(ALL, 60, NOW // 60, 120).fields
    np.testing.assert_array_equal(candles[OPEN, :, 1:], candles[CLOSE, :, :-1])


@settings(max_examples=25, deadline=None)
@given(
    interval=st.sampled_from(sorted(INTERVAL_SECONDS)),
    back=st.integers(0, 2_000),
    row=st.integers(0, 59),
    count=st.integers(1, 40),
)
def test_any_range_of_any_symbol_is_the_same_in_any_batch(interval: str, back: int, row: int, count: int) -> None:
    length = INTERVAL_SECONDS[interval]
    index = index_of(NOW, length) - min(back, 500 if length >= 86_400 else back)
    alone = MARKET.candles(rows(row), length, index, count)
    among = MARKET.candles(rows(3, row, 50), length, index - 7, count + 11)
    np.testing.assert_array_equal(alone.fields[:, 0], among.fields[:, 1, 7 : 7 + count])
    assert_possible(alone)


def test_the_seed_decides() -> None:
    again = SyntheticMarket(seed=7, count=20).candles(rows(0, 9), 60, NOW // 60, 30)
    other = SyntheticMarket(seed=8, count=20).candles(rows(0, 9), 60, NOW // 60, 30)
    here = MARKET.candles(rows(0, 9), 60, NOW // 60, 30)
    np.testing.assert_array_equal(again.fields, here.fields)
    assert (other.fields != here.fields).any(axis=(0, 2)).all()


def test_far_history_is_there() -> None:
    week = 7 * 86_400
    weeks = MARKET.candles(rows(0, 5), week, index_of(NOW, week) - 600, 600)
    assert weeks.fields.shape == (FIELDS, 2, 600)
    assert_possible(weeks)


def hourly() -> tuple[np.ndarray, Candles]:
    candles = MARKET.candles(ALL, 3_600, NOW // 3_600 - 9_000, 9_000)
    return np.diff(np.log(candles.fields[CLOSE].astype(np.float64)), axis=1), candles


def test_it_looks_like_a_market() -> None:
    returns, candles = hourly()
    year = returns.std(axis=1) * np.sqrt(24 * 365)
    assert 0.3 < year[0] < 0.9
    assert 0.8 < np.median(year[1:]) < 1.5
    with_leader = np.corrcoef(returns)[0, 1:]
    assert with_leader.min() > 0.2 and np.median(with_leader) < 0.9
    kurtosis = ((returns[0] - returns[0].mean()) ** 4).mean() / returns[0].var() ** 2
    assert kurtosis > 4.0, "tails are fatter than the normal law's 3"
    size = np.abs(returns[0])
    assert np.corrcoef(size[1:], size[:-1])[0, 1] > 0.05, "volatility comes in clusters"
    assert abs(np.corrcoef(returns[0][1:], returns[0][:-1])[0, 1]) < 0.1, "the past does not tell the direction"
    volume = (candles.fields[BUY] + candles.fields[SELL]).astype(np.float64)
    span = np.log(candles.fields[HIGH] / candles.fields[LOW])
    assert np.corrcoef(np.log(volume[0]), np.log(span[0]))[0, 1] > 0.3, "volume follows volatility"
    share = candles.fields[BUY, 0, 1:] / volume[0, 1:]
    assert np.corrcoef(share, returns[0])[0, 1] > 0.2, "buyers take when the price rises"
    assert 0.45 < share.mean() < 0.55


def test_volatility_of_a_year_is_the_same_from_any_interval() -> None:
    intended = np.array([character.volatility for _, character in synthetic_universe(7, 60)])
    assert (intended[1:] >= 0.8).all() and (intended[1:] <= 1.6).all()
    for length, count in ((86_400, 1_000), (14_400, 2_000), (3_600, 4_000), (900, 4_000), (60, 4_000)):
        closes = MARKET.candles(ALL, length, NOW // length - count, count).fields[CLOSE].astype(np.float64)
        year = np.diff(np.log(closes), axis=1).std(axis=1) * np.sqrt(365 * 86_400 / length)
        assert 0.75 < np.median(year / intended) < 1.25, f"{length} s"


def test_oversold_at_a_natural_rate() -> None:
    returns, _ = hourly()
    gain, loss = np.maximum(returns, 0.0), np.maximum(-returns, 0.0)
    average = np.zeros((2, len(returns)))
    low = 0
    for step in range(returns.shape[1]):
        average += (np.stack((gain[:, step], loss[:, step])) - average) / 14.0
        if step > 100:
            low += int((average[0] / (average[0] + average[1]) < 0.3).sum())
    rate = low / (returns.shape[0] * (returns.shape[1] - 101))
    assert 0.005 < rate < 0.12


def test_quiet_coins_have_minutes_without_trades() -> None:
    market = SyntheticMarket(seed=7, count=220)
    trades = market.candles(rows(0, 219), 60, NOW // 60 - 3_000, 3_000).fields[TRADES]
    assert (trades[0] == 0).mean() < 0.03
    assert 0.05 < (trades[1] == 0).mean() < 0.99


def test_universe() -> None:
    members = synthetic_universe(7, len(NAMES))
    symbols = [listing.symbol for listing, _ in members]
    assert len(set(symbols)) == len(symbols) >= 200
    assert symbols[:2] == ["BTCUSDT", "ETHUSDT"]
    for listing, character in members:
        assert character.price * 10**listing.price_decimals >= 500, "a tick is a small part of the price"
        assert character.price * 10.0**-listing.lot_decimals < 10.0, "a lot is affordable"
        assert listing.quote_decimals <= 8
    for count in (0, len(NAMES) + 1):
        with pytest.raises(ValueError, match="1 to"):
            synthetic_universe(7, count)
