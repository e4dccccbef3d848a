"""Scalars that all symbols share: parts of a candle's open time, and whether it is the first of an anchor."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from screener.intervals import INTERVAL_MS, candle_indices, opens_at

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_QUARTER: Final = 900_000


def shared_scalars(kind: str, what: str, zone: str, interval: str, opens: Ints) -> Floats:
    """`[candles]` of `interval`: for kind `time` the part `what` of the open times (ms UTC) in a zone; for kind `first`
    1 where a candle is the first to open in its anchor's candle, else 0. Raises ValueError for an unknown part."""
    if kind == "first":
        # A week need not begin with a candle of three days: the first one within it counts.
        late = opens - opens_at(candle_indices(opens, what), what)
        starts: Floats = (late < INTERVAL_MS.get(interval, 1)).astype(np.float64)
        return starts
    local = opens + _offsets(opens, zone)
    days = local // 86_400_000
    match what:
        case "minute":
            part = local // 60_000 % 60
        case "hour":
            part = local // 3_600_000 % 24
        case "weekday":
            part = (days + 3) % 7
        case "day":
            dates = days.astype("datetime64[D]")
            part = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
        case "month":
            part = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
        case _:
            raise ValueError(f"unknown part of a time: {what}")
    result: Floats = part.astype(np.float64)
    return result


def _offsets(opens: Ints, zone: str) -> Ints:
    """Milliseconds that the zone's clock is ahead of UTC; every zone changes on a quarter of an hour."""
    if zone == "UTC" or not len(opens):
        return np.zeros(len(opens), dtype=np.int64)
    quarters, back = np.unique(opens // _QUARTER, return_inverse=True)
    info = ZoneInfo(zone)
    ahead = np.empty(len(quarters), dtype=np.int64)
    for i, quarter in enumerate(quarters):
        offset = datetime.fromtimestamp(int(quarter) * 900, tz=UTC).astimezone(info).utcoffset()
        assert offset is not None
        ahead[i] = int(offset.total_seconds() * 1000)
    result: Ints = ahead[back]
    return result
