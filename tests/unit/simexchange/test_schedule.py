"""Symbols are listed, halted and delisted by a schedule."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from simexchange.book import Books
from simexchange.candles import BUY, HIGH, LOW, OPEN, TRADES, aggregate
from simexchange.live import LiveMarket
from simexchange.market import SyntheticMarket
from simexchange.schedule import Change, ScheduledMarket, ScheduleError, read_schedule
from simexchange.tape import Tape

NOW = 1_795_271_040
LISTED, HALTED, BACK, DELISTED = NOW - 7_200 + 420, NOW - 3_600 + 120, NOW - 3_600 + 300, NOW - 600
MARKET = SyntheticMarket(7, 4)
SCHEDULED = ScheduledMarket(
    MARKET,
    [
        Change("ETHUSDT", LISTED, "TRADING"),
        Change("SOLUSDT", HALTED, "HALT"),
        Change("SOLUSDT", BACK, "TRADING"),
        Change("BNBUSDT", DELISTED, "BREAK"),
        Change("BNBUSDT", DELISTED + 300, "GONE"),
    ],
)
ALL = np.arange(4)


def test_statuses_follow_the_schedule() -> None:
    live = LiveMarket(SCHEDULED)
    assert [live.status(1, at) for at in (LISTED - 1, LISTED)] == [None, "TRADING"]
    assert [live.status(2, at) for at in (HALTED - 1, HALTED, BACK)] == ["TRADING", "HALT", "TRADING"]
    assert [live.status(3, at) for at in (DELISTED - 1, DELISTED, DELISTED + 300)] == ["TRADING", "BREAK", None]
    assert live.status(0, NOW) == "TRADING"
    assert live.listed(LISTED - 60) == [0, 2, 3] and live.listed(NOW) == [0, 1, 2]
    assert live.silent(HALTED) == {2} and live.silent(NOW) == {3}


def test_candles_are_there_only_while_a_symbol_trades() -> None:
    candles = SCHEDULED.candles(ALL, 60, NOW // 60 - 120, 120)
    opens = 60 * (NOW // 60 - 120 + np.arange(120))
    np.testing.assert_array_equal(candles.present[0], True)
    np.testing.assert_array_equal(candles.present[1], opens >= LISTED)
    np.testing.assert_array_equal(candles.present[2], (opens < HALTED) | (opens >= BACK))
    np.testing.assert_array_equal(candles.present[3], opens < DELISTED)
    assert not candles.fields[:, 1, ~candles.present[1]].any()
    whole = MARKET.candles(ALL, 60, NOW // 60 - 120, 120)
    np.testing.assert_array_equal(candles.fields[:, candles.present], whole.fields[:, candles.present])


@pytest.mark.parametrize("length", [300, 3_600, 14_400])
def test_a_candle_with_a_listing_in_it_holds_what_was_traded(length: int) -> None:
    index = LISTED // length
    candle = SCHEDULED.candles(ALL, length, index, 1).fields[:, 1, 0]
    minutes = MARKET.candles(ALL, 60, LISTED // 60, ((index + 1) * length - LISTED) // 60)
    expected = aggregate(minutes, minutes.count).fields[:, 1, 0]
    np.testing.assert_array_equal(candle, expected)
    before = MARKET.candles(ALL, length, index, 1).fields[:, 1, 0]
    assert candle[TRADES] < before[TRADES] and candle[LOW] >= before[LOW] and candle[HIGH] <= before[HIGH]


def test_a_forming_candle_of_a_listed_symbol_begins_with_its_listing() -> None:
    live = LiveMarket(SCHEDULED)
    before, after = live.forming(14_400, LISTED - 30), live.forming(14_400, LISTED + 90)
    assert before is not None and not before.present[1, 0] and before.present[0, 0]
    assert after is not None and after.present[1, 0]
    first = MARKET.candles(ALL, 60, LISTED // 60, 2).fields[:, 1]
    assert after.fields[OPEN, 1, 0] == first[OPEN, 0]
    assert first[BUY, 0] <= after.fields[BUY, 1, 0] <= first[BUY].sum()


def test_trades_and_books_end_with_trading() -> None:
    live = LiveMarket(SCHEDULED)
    newest = Tape(live).newest(3, NOW, 5)
    assert len(newest) == 5 and DELISTED - 300 < newest[-1].time / 1000 < DELISTED
    assert Books(live).depth(3, NOW, 5).bids == ()
    assert Books(live).depth(0, NOW, 5).bids
    listed = Tape(live).since(1, 0, 1, NOW)
    assert listed[0].time >= LISTED * 1000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Change("NOPEUSDT", NOW, "BREAK"), "no such symbol"),
        (Change("ETHUSDT", NOW, "SLEEPING"), "SLEEPING is none of"),
        (Change("ETHUSDT", NOW + 1, "BREAK"), "not a whole minute"),
    ],
)
def test_what_cannot_be_followed_is_refused(change: Change, message: str) -> None:
    with pytest.raises(ScheduleError, match=message):
        ScheduledMarket(MARKET, [change])


def test_a_schedule_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "schedule.json"
    entries = [
        {"symbol": "ETHUSDT", "at": 3, "status": "TRADING"},
        {"symbol": "SOLUSDT", "at": "2026-11-21T20:00", "status": "BREAK"},
    ]
    path.write_text(json.dumps(entries))
    assert read_schedule(path, NOW + 17) == [
        Change("ETHUSDT", NOW + 180, "TRADING"),
        Change("SOLUSDT", 1_795_291_200, "BREAK"),
    ]
    for text, message in (
        ("{", "schedule.json"),
        ("{}", "must hold a list"),
        ('[{"symbol": "A"}]', "change 1 must have symbol, at and status"),
        ('[{"symbol": "A", "at": "soon", "status": "BREAK"}]', "neither minutes nor"),
    ):
        path.write_text(text)
        with pytest.raises(ScheduleError, match=message):
            read_schedule(path, NOW)
    with pytest.raises(ScheduleError, match=r"none\.json"):
        read_schedule(tmp_path / "none.json", NOW)
