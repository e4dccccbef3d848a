"""Pivots of a finished period, in three formulas, and the days and weeks that they and others read.

Formulas, from the period's high H, low L and close C, with P = (H + L + C) / 3 and R = H - L:

- classic: R1 = 2P - L, S1 = 2P - H, R2 = P + R, S2 = P - R, R3 = H + 2(P - L), S3 = L - 2(H - P);
- Fibonacci: P plus and minus 0.382, 0.618 and 1 times R;
- Camarilla: C plus and minus 1.1 R / 12, / 6, / 4 and / 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from analysis.levels.trend import DAY_MS, Values

Formula = Literal["classic", "fibonacci", "camarilla"]
Times = npt.NDArray[np.int64]

WEEK_MS: Final = 7 * DAY_MS
MONDAY_MS: Final = 4 * DAY_MS
"""1970-01-05, a Monday, is where weeks are counted from."""


@dataclass(frozen=True, slots=True)
class Pivots:
    """Pivots of one period: the pivot, resistances and supports, nearest first (three, Camarilla four)."""

    pivot: float
    resistances: tuple[float, ...]
    supports: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """High, low, open and close of a finished stretch of candles, and what it is called."""

    name: str
    open: float
    high: float
    low: float
    close: float


def pivots(high: float, low: float, close: float, formula: Formula = "classic") -> Pivots:
    """Pivots from a finished period's high, low and close."""
    p = (high + low + close) / 3
    span = high - low
    if formula == "fibonacci":
        steps = tuple(span * share for share in (0.382, 0.618, 1.0))
        return Pivots(p, tuple(p + s for s in steps), tuple(p - s for s in steps))
    if formula == "camarilla":
        steps = tuple(1.1 * span / part for part in (12, 6, 4, 2))
        return Pivots(p, tuple(close + s for s in steps), tuple(close - s for s in steps))
    return Pivots(
        p,
        (2 * p - low, p + span, high + 2 * (p - low)),
        (2 * p - high, p - span, low - 2 * (high - p)),
    )


def last_period(
    times: Times, opens: Values, highs: Values, lows: Values, closes: Values, until_ms: int, *, week: bool = False
) -> Period | None:
    """The last whole UTC day (or week from Monday) before `until_ms`; None where the candles do not hold all of it.

    `times` are open times, ms UTC, ascending. Candles as long as the period or longer hold none.
    """
    length, phase = (WEEK_MS, MONDAY_MS) if week else (DAY_MS, 0)
    if len(times) < 2 or int(times[1] - times[0]) >= length:
        return None
    begun = until_ms - (until_ms - phase) % length
    if times[0] > begun - length:
        return None
    inside = slice(*np.searchsorted(times, [begun - length, begun]))
    if inside.start == inside.stop:
        return None
    return Period(
        "previous week" if week else "previous day",
        float(opens[inside][0]),
        float(highs[inside].max()),
        float(lows[inside].min()),
        float(closes[inside][-1]),
    )


def pivot_period(
    times: Times, opens: Values, highs: Values, lows: Values, closes: Values, until_ms: int
) -> Period | None:
    """What pivots are taken of: the previous UTC day, else the older half of the candles; None with fewer than two."""
    day = last_period(times, opens, highs, lows, closes, until_ms)
    if day is not None or len(closes) < 2:
        return day
    half = len(closes) // 2
    name = f"first {half} candles"
    return Period(name, float(opens[0]), float(highs[:half].max()), float(lows[:half].min()), float(closes[half - 1]))
