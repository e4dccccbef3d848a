"""Candle intervals and the fields of a candle.

All times are milliseconds since 1970-01-01 UTC. A candle covers `[open, close)` and closes at its end.

1. `INTERVAL_MS` are the intervals that an exchange sends; each has one length.
2. `CALENDAR` intervals are months and years made of closed UTC days; only `tf` names them.
3. Candles of an interval are numbered: `candle_index` and `open_at` are each other's inverse.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]

_MINUTE: Final = 60_000
_DAY: Final = 86_400_000

INTERVAL_MS: Final[dict[str, int]] = {
    "1m": _MINUTE,
    "3m": 3 * _MINUTE,
    "5m": 5 * _MINUTE,
    "15m": 15 * _MINUTE,
    "30m": 30 * _MINUTE,
    "1h": 60 * _MINUTE,
    "2h": 120 * _MINUTE,
    "4h": 240 * _MINUTE,
    "6h": 360 * _MINUTE,
    "8h": 480 * _MINUTE,
    "12h": 720 * _MINUTE,
    "1d": _DAY,
    "3d": 3 * _DAY,
    "1w": 7 * _DAY,
}
"""Length in milliseconds of every interval, shortest first."""

CALENDAR: Final[dict[str, int]] = {"1M": 1, "3M": 3, "12M": 12}
"""Calendar intervals and their months; they start with the year, the quarter, the month."""

LENGTH_MS: Final[dict[str, int]] = {**INTERVAL_MS, "1M": 31 * _DAY, "3M": 92 * _DAY, "12M": 366 * _DAY}
"""The longest that a candle of an interval can be, in milliseconds; orders intervals by length."""

_SHORTEST: Final[dict[str, int]] = {**INTERVAL_MS, "1M": 28 * _DAY, "3M": 90 * _DAY, "12M": 365 * _DAY}

SERIES: Final[tuple[str, ...]] = (
    "open",
    "high",
    "low",
    "close",
    "volume",
    "quote_volume",
    "trades",
    "buy_volume",
    "sell_volume",
)
"""Fields that a `src` node may name; buy and sell volume are the taker's side."""

# Binance opens weeks on Mondays, and 1970-01-01 was a Thursday. Its three days count from 1970-01-02, as the files of
# its archive show (candles opened on 2023-12-08, 2024-03-31 and 2024-04-03). All others count from the epoch.
_ORIGIN_MS: Final = {"3d": _DAY, "1w": 4 * _DAY}


def interval_ms(label: str) -> int:
    """Length of an interval in milliseconds; raises ValueError for an unknown label."""
    try:
        return INTERVAL_MS[label]
    except KeyError:
        raise ValueError(f"unknown interval {label!r}; known are {' '.join(INTERVAL_MS)}") from None


def candle_indices(times: Times, label: str) -> Times:
    """Numbers of the candles that contain `times` (ms UTC), counted from 1970; weeks start on Monday, 3d
    counts from 1970-01-02. Raises ValueError for an unknown interval."""
    if label in CALENDAR:
        months: Times = times.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64) // CALENDAR[label]
        return months
    return (times - _ORIGIN_MS.get(label, 0)) // interval_ms(label)


def opens_at(indices: Times, label: str) -> Times:
    """Open times (ms UTC) of the candles of these numbers."""
    if label in CALENDAR:
        months = (indices * CALENDAR[label]).astype("datetime64[M]")
        return months.astype("datetime64[ms]").astype(np.int64)
    return indices * interval_ms(label) + _ORIGIN_MS.get(label, 0)


def candle_index(t_ms: int, label: str) -> int:
    """Number of the candle that contains `t_ms`; see `candle_indices`."""
    if label in CALENDAR:
        return int(candle_indices(np.array([t_ms], dtype=np.int64), label)[0])
    return (t_ms - _ORIGIN_MS.get(label, 0)) // interval_ms(label)


def open_at(index: int, label: str) -> int:
    """Open time (ms UTC) of the candle of this number."""
    if label in CALENDAR:
        return int(opens_at(np.array([index], dtype=np.int64), label)[0])
    return index * interval_ms(label) + _ORIGIN_MS.get(label, 0)


def open_of(t_ms: int, label: str) -> int:
    """Open time of the candle that contains `t_ms`. Weeks start on Monday; 3d counts from 1970-01-02."""
    return open_at(candle_index(t_ms, label), label)


def close_of(open_ms: int, label: str) -> int:
    """Close of the candle that opens at `open_ms`, which is the next one's open."""
    return open_at(candle_index(open_ms, label) + 1, label)


def closes_between(since_ms: int, until_ms: int, label: str) -> list[int]:
    """The closes after `since_ms`, up to `until_ms`, whether candles are held there or not; oldest first."""
    first, last = candle_index(since_ms, label) + 1, candle_index(until_ms, label)
    return [open_at(index, label) for index in range(first, last + 1)]


def is_close(t_ms: int, label: str) -> bool:
    """Whether a candle of `label` closes, and the next one opens, at `t_ms`."""
    return open_of(t_ms, label) == t_ms


def candles_within(count: int, of: str, inside: str) -> int:
    """How many candles of `inside` may be needed to cover `count` candles of `of`."""
    return -(-count * LENGTH_MS[of] // _SHORTEST[inside])


def is_multiple(label: str, base: str) -> bool:
    """Whether candles of `label` are made of whole candles of `base` (1w on a 3d base is not)."""
    if label in CALENDAR:
        return interval_ms("1d") % interval_ms(base) == 0
    return interval_ms(label) % interval_ms(base) == 0 and (label != "1w" or base != "3d")
