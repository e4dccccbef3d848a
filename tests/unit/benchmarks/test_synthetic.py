"""The synthetic market: intervals that agree with each other, and the faults that make candles unknown."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.synthetic import FIELDS, LENGTH, MARKET_START, Market, market


@pytest.fixture(scope="module")
def candles() -> Market:
    return market(symbols=100, candles=120, minutes=60)


def test_each_interval_holds_as_many_candles_and_then_what_closes_later(candles: Market) -> None:
    for interval, (opens, fields) in candles.series.items():
        assert opens[candles.candles - 1] + LENGTH[interval] == MARKET_START
        assert len(opens) == candles.candles + 60 * LENGTH["1m"] // LENGTH[interval]
        assert all(fields[name].shape == (len(opens), 100) for name in FIELDS)
        assert (np.diff(opens) == LENGTH[interval]).all()


@pytest.mark.parametrize(("fine", "coarse"), [("1m", "5m"), ("5m", "15m"), ("15m", "1h"), ("1m", "1h")])
def test_a_coarse_candle_is_made_of_the_fine_ones(candles: Market, fine: str, coarse: str) -> None:
    ratio = LENGTH[coarse] // LENGTH[fine]
    opens, parts = candles.series[fine]
    coarse_opens, whole = candles.series[coarse]
    first = int(np.searchsorted(coarse_opens, opens[0]))
    checked = 0
    for row in range(first, len(coarse_opens)):
        start = int(np.searchsorted(opens, coarse_opens[row]))
        part = {name: parts[name][start : start + ratio] for name in FIELDS}
        np.testing.assert_array_equal(
            whole["open"][row], np.where(np.isnan(whole["close"][row]), np.nan, part["open"][0])
        )
        present = ~np.isnan(part["close"]).any(axis=0)
        np.testing.assert_array_equal(present, ~np.isnan(whole["close"][row]))
        np.testing.assert_array_equal(whole["close"][row, present], part["close"][-1, present])
        np.testing.assert_array_equal(whole["high"][row, present], part["high"][:, present].max(axis=0))
        np.testing.assert_array_equal(whole["low"][row, present], part["low"][:, present].min(axis=0))
        np.testing.assert_allclose(whole["volume"][row, present], part["volume"][:, present].sum(axis=0))
        checked += int(present.sum())
    assert checked > 50


def test_it_has_gaps_late_listings_and_candles_without_trades(candles: Market) -> None:
    _, minutes = candles.series["1m"]
    missing = np.isnan(minutes["close"])
    share = missing.mean(axis=0)
    assert (share == 1.0).any(), "a symbol without any candle"
    listed_late = missing[0] & ~missing[-1]
    assert listed_late.any()
    inner = missing & np.roll(~missing, 1, axis=0) & (np.cumsum(~missing[::-1], axis=0)[::-1] > 0)
    assert inner[1:].any(), "a gap between candles"
    still = minutes["volume"] == 0.0
    assert still.any()
    assert (minutes["high"][still] == minutes["low"][still]).all()
    assert candles.complete(), "and symbols that have everything"


def test_candles_hold_together(candles: Market) -> None:
    for _, fields in candles.series.values():
        known = ~np.isnan(fields["close"])
        top, bottom = np.maximum(fields["open"], fields["close"]), np.minimum(fields["open"], fields["close"])
        assert (fields["high"][known] >= top[known]).all()
        assert (fields["low"][known] <= bottom[known]).all()
        assert (fields["low"][known] > 0.0).all()
        assert (fields["volume"][known] >= 0.0).all()
        for name in FIELDS:
            np.testing.assert_array_equal(np.isnan(fields[name]), ~known)


def test_it_is_the_same_each_time_and_shorter_by_its_beginning() -> None:
    one, two = market(10, 120, 0), market(10, 120, 0)
    short = one.newest(50)
    for interval, (opens, fields) in one.series.items():
        np.testing.assert_array_equal(fields["close"], two.series[interval][1]["close"])
        np.testing.assert_array_equal(short.series[interval][0], opens[-50:])
        np.testing.assert_array_equal(short.held(interval)[1]["low"], fields["low"][-50:])


def test_closing_yields_what_closes() -> None:
    candles = market(3, 60, 60)
    assert [i for i, _, _ in candles.closing(MARKET_START + LENGTH["1h"])] == ["1m", "5m", "15m", "1h"]
    assert [i for i, _, _ in candles.closing(MARKET_START + 2 * LENGTH["5m"])] == ["1m", "5m"]
    interval, opened, fields = next(candles.closing(MARKET_START + LENGTH["1m"]))
    assert (interval, opened) == ("1m", MARKET_START)
    np.testing.assert_array_equal(fields["close"], candles.series["1m"][1]["close"][60])


def test_lengths_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 60"):
        market(3, 100, 0)
