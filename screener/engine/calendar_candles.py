"""Months, quarters and years as candles, made of closed days (UTC)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from screener.intervals import candle_index, interval_ms, opens_at

Floats = NDArray[np.float64]
Fill = Callable[[str, Sequence[str], int, Floats], None]


def fill_calendar(fill: Fill, interval: str, fields: Sequence[str], start: int, out: Floats) -> None:
    """Fill `out[fields, candles, width]` of a calendar interval from `fill` of 1d candles, from the one that opens at
    `start` (ms UTC). A candle is unknown for a symbol unless all its days are held."""
    count = out.shape[1]
    day = interval_ms("1d")
    bounds = opens_at(candle_index(start, interval) + np.arange(count + 1, dtype=np.int64), interval)
    days = np.empty((len(fields), int(bounds[-1] - bounds[0]) // day, out.shape[2]))
    fill("1d", fields, int(bounds[0]), days)
    edges = (bounds - bounds[0]) // day
    for k, (first, end) in enumerate(itertools.pairwise(edges)):
        for i, name in enumerate(fields):
            part = days[i, first:end]
            match name:
                case "open":
                    out[i, k] = np.where(np.isnan(part).any(axis=0), np.nan, part[0])
                case "close":
                    out[i, k] = np.where(np.isnan(part).any(axis=0), np.nan, part[-1])
                case "high":
                    out[i, k] = part.max(axis=0)
                case "low":
                    out[i, k] = part.min(axis=0)
                case _:
                    out[i, k] = part.sum(axis=0)


def calendar_span(interval: str, first_day: int | None, last_day: int | None) -> tuple[int | None, int | None]:
    """Opens (ms UTC) of the first and last calendar candle that the days held may fill; None where there is none.

    Days are given by their opens; the first candle may lack days, the last is complete.
    """
    if first_day is None or last_day is None:
        return None, None
    first = candle_index(first_day, interval)
    last = candle_index(last_day + interval_ms("1d"), interval) - 1
    if last < first:
        return None, None
    opens = opens_at(np.array([first, last], dtype=np.int64), interval)
    return int(opens[0]), int(opens[1])
