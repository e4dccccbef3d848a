"""Forming candles and the last day, as a clock passes over them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from simexchange import wire
from simexchange.candles import BUY, CLOSE, HIGH, LOW, OPEN, SELL, TRADES, aggregate, summarise
from simexchange.intervals import index_of, open_of
from simexchange.live import LiveMarket
from simexchange.market import SyntheticMarket
from simexchange.schedule import pieces

NOW = 1_795_271_040
MARKET = SyntheticMarket(seed=3, count=8)
ALL = np.arange(8)


@pytest.mark.parametrize("length", [60, 180, 900, 3_600, 14_400, 28_800, 86_400, 604_800])
def test_a_forming_candle_grows_into_the_closed_one(length: int) -> None:
    live = LiveMarket(MARKET)
    begin = open_of(index_of(NOW, length), length)
    final = MARKET.candles(ALL, length, index_of(NOW, length), 1).fields
    before = None
    for at in range(begin, begin + length, max(1, length // 13)):
        forming = live.forming(length, at)
        if at == begin:
            assert forming is None
            continue
        assert forming is not None
        fields = forming.fields
        np.testing.assert_array_equal(fields[OPEN], final[OPEN])
        assert (fields[HIGH] <= final[HIGH]).all() and (fields[LOW] >= final[LOW]).all()
        if before is not None:
            assert (fields[HIGH] >= before[HIGH]).all() and (fields[LOW] <= before[LOW]).all()
            assert (fields[BUY:] >= before[BUY:]).all()
        before = fields
    np.testing.assert_array_equal(live.closed(length, begin + length).fields, final)


def test_forming_is_the_same_minute_by_minute_and_at_once() -> None:
    walking = LiveMarket(MARKET)
    for at in range(NOW, NOW + 400, 60):
        walking.forming(3_600, at)
    at_once = LiveMarket(MARKET).forming(3_600, NOW + 397)
    walked = walking.forming(3_600, NOW + 397)
    assert at_once is not None and walked is not None
    np.testing.assert_array_equal(at_once.fields, walked.fields)


def test_history_later_repeats_history() -> None:
    live = LiveMarket(MARKET)
    index = NOW // 60 - 100
    early = live.history(2, 60, index, 101, NOW + 7)
    late = LiveMarket(MARKET).history(2, 60, index, 101, NOW + 7_000)
    assert early.count == late.count == 101
    np.testing.assert_array_equal(early.fields[:, :, :100], late.fields[:, :, :100])
    assert early.fields[TRADES, 0, 100] <= late.fields[TRADES, 0, 100]


def test_symbol_after_symbol_is_the_same_as_each_alone() -> None:
    live = LiveMarket(MARKET)
    for _ in range(2):
        for row in (0, 7, 3, 1):
            swept = live.history(row, 300, NOW // 300 - 60, 50, NOW)
            alone = MARKET.candles(ALL[row : row + 1], 300, NOW // 300 - 60, 50)
            np.testing.assert_array_equal(swept.fields, alone.fields)


def test_the_last_day_is_the_sum_of_its_minutes() -> None:
    live = LiveMarket(MARKET)
    for at in (NOW, NOW + 61, NOW + 3_605):
        minute = at // 60 * 60
        parts = MARKET.candles(ALL, 60, minute // 60 - 1_440, 1_440)
        day = live.day(at).fields
        whole = aggregate(parts, 1_440).fields
        np.testing.assert_array_equal(day[OPEN], whole[OPEN])
        assert (day[HIGH] >= whole[HIGH]).all() and (day[TRADES] >= whole[TRADES]).all()
        if at == minute:
            np.testing.assert_array_equal(day, whole)


def test_pieces_cover_without_gaps() -> None:
    at = NOW - 12_345
    for length, index, count in pieces(NOW - 12_345, NOW + 77):
        assert index * length == at
        at += length * count
    assert at == NOW + 77


def test_summarise_leaves_absent_candles_out() -> None:
    candles = MARKET.candles(ALL, 60, NOW // 60, 4)
    candles.present[:, 0] = False
    candles.present[3, :] = False
    day = summarise(candles)
    assert day.present[:, 0].tolist() == [True] * 3 + [False] + [True] * 4
    np.testing.assert_array_equal(day.fields[OPEN, :3, 0], candles.fields[OPEN, :3, 1])
    np.testing.assert_array_equal(day.fields[CLOSE, :3, 0], candles.fields[CLOSE, :3, 3])
    np.testing.assert_array_equal(day.fields[SELL, :3, 0], candles.fields[SELL, :3, 1:].sum(axis=1))


def test_decimal() -> None:
    assert wire.decimal(8_067_944, 2) == "80679.44000000"
    assert wire.decimal(-5, 3) == "-0.00500000"
    assert wire.decimal(1, 8) == "0.00000001"
    assert wire.decimal(123_456, 10) == "0.00001234"


def test_klines_are_written_as_binance_writes_them() -> None:
    listing = MARKET.listings[0]
    candles = MARKET.candles(ALL[:1], 60, NOW // 60, 2)
    first, second = json.loads(wire.klines(candles, listing, 60, NOW // 60))
    assert [type(value) for value in first] == [int, *[str] * 5, int, str, int, str, str, str]
    assert first[0] == NOW * 1000 and first[6] == NOW * 1000 + 59_999 and second[0] == first[6] + 1
    assert first[1] == wire.decimal(int(candles.fields[OPEN, 0, 0]), listing.price_decimals)
    lots = int(candles.fields[BUY, 0, 0] + candles.fields[SELL, 0, 0])
    assert first[5] == wire.decimal(lots, listing.lot_decimals)
    candles.present[0, 0] = False
    assert [row[0] for row in json.loads(wire.klines(candles, listing, 60, NOW // 60))] == [second[0]]
