"""Candle intervals, in seconds, and how they nest.

`CHAIN` is one path of intervals in which each divides the one before it; the bridge descends it. The
intervals that are not on it (3m, 6h, 8h, 3d, 1w) are aggregated from a finer one that is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

DAY: Final = 86_400
MINUTE: Final = 60

INTERVAL_SECONDS: Final[dict[str, int]] = {
    "1m": 60,
    "3m": 180,
    "5m": 300,
    "15m": 900,
    "30m": 1_800,
    "1h": 3_600,
    "2h": 7_200,
    "4h": 14_400,
    "6h": 21_600,
    "8h": 28_800,
    "12h": 43_200,
    "1d": DAY,
    "3d": 3 * DAY,
    "1w": 7 * DAY,
}

#: Spot's intervals; futures have no seconds. Months, which are not of one length, are REST's alone (`months`).
SPOT_SECONDS: Final[dict[str, int]] = {"1s": 1, **INTERVAL_SECONDS}

#: Lengths from a day to a second; each divides its predecessor.
CHAIN: Final[tuple[int, ...]] = (DAY, 43_200, 14_400, 7_200, 3_600, 1_800, 900, 300, 60, 30, 15, 5, 1)

#: Where Binance's longest candles count from: weeks from 1970-01-05, the first Monday, three days from 1970-01-02.
_OFFSETS: Final[dict[int, int]] = {3 * DAY: DAY, 7 * DAY: 4 * DAY}


def offset_of(length: int) -> int:
    """Seconds after 1970-01-01 UTC at which candle number 0 of this length (seconds) opens."""
    return _OFFSETS.get(length, 0)


def index_of(seconds: int, length: int) -> int:
    """Number of the candle of `length` seconds that contains the moment `seconds` (UTC seconds)."""
    return (seconds - offset_of(length)) // length


def open_of(index: int, length: int) -> int:
    """Opening moment, UTC seconds, of candle number `index`."""
    return index * length + offset_of(length)


def first_from(seconds: int, length: int) -> int:
    """Number of the first candle of `length` seconds that opens at `seconds` (UTC seconds) or later."""
    return -(-(seconds - offset_of(length)) // length)


def asked_for(
    begin: int, now: int, length: int, start_ms: int | None, end_ms: int | None, limit: int
) -> tuple[int, int]:
    """Number of the first, and count, of the candles that a request means: the oldest `limit` that open from `start_ms`
    on, without it the newest, up to the one with `end_ms` in it.

    `begin` is where the market begins and `now` the newest moment that is shown, in UTC seconds. A count of 0 or below
    is none.
    """
    newest = index_of(now if end_ms is None else min(now, end_ms // 1000), length)
    first = newest - limit + 1 if start_ms is None else first_from(-(-start_ms // 1000), length)
    first = max(first_from(begin, length), first)
    return first, min(limit, newest - first + 1)


def unit_of(length: int) -> int:
    """The longest length on `CHAIN` that divides `length`; `length` itself where it is on the chain."""
    return next(unit for unit in CHAIN if length % unit == 0 and unit <= length)


def months(begin: int, end: int) -> list[tuple[int, int]]:
    """Calendar months, UTC seconds [first, next), from the one after or at `begin` to the one with `end` in it."""
    at = datetime.fromtimestamp(begin, UTC)
    year, month = (at.year, at.month) if (at.day, begin % DAY) == (1, 0) else _following(at.year, at.month)
    found: list[tuple[int, int]] = []
    while True:
        first = int(datetime(year, month, 1, tzinfo=UTC).timestamp())
        if first > end:
            return found
        year, month = _following(year, month)
        found.append((first, int(datetime(year, month, 1, tzinfo=UTC).timestamp())))


def _following(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)
