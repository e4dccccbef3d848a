"""Higher intervals from lower ones, complete candles only.

1. `grid` lays the lower candles on a contiguous time axis that starts and ends on boundaries of the higher
   interval; what is absent is NaN.
2. `aggregate` folds every group of rows into one candle. A candle with one unknown part is unknown: half a
   candle has a wrong high, low and volume, and nothing tells the reader so.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from screener.intervals import interval_ms, is_multiple, open_of

FloatArray = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

_PICK_FIRST = "open"
_PICK_LAST = "close"


def grid(
    open_times: Times, fields: Mapping[str, FloatArray], interval: str, first: int, rows: int
) -> dict[str, FloatArray]:
    """`fields` ([n] or [n, S]) on `rows` contiguous open times of `interval` from `first` (ms UTC); NaN
    where absent.

    Open times outside the axis, or off it, are left out.
    """
    step = interval_ms(interval)
    offset = open_times - first
    at = offset // step
    on = (offset % step == 0) & (at >= 0) & (at < rows)
    result: dict[str, FloatArray] = {}
    for name, values in fields.items():
        out = np.full((rows, *values.shape[1:]), np.nan)
        out[at[on]] = values[on]
        result[name] = out
    return result


def aggregate(
    open_times: Times, fields: Mapping[str, FloatArray], source: str, target: str
) -> tuple[Times, dict[str, FloatArray]]:
    """Candles of interval `target` from candles of `source`.

    `open_times` int64 [n], ascending, ms UTC, may have holes; `fields` each [n] or [n, S] with at least
    open, high, low, close; all other fields are sums. Answers contiguous open times [m] from the first to
    the last candle of `target` that is wholly inside the span, and the fields [m] or [m, S], NaN where any
    part is unknown. Raises ValueError where `target` is not made of whole `source` candles.
    """
    if not is_multiple(target, source):
        raise ValueError(f"{target} candles cannot be made of {source} candles")
    if source == target:
        return open_times, dict(fields)
    size = interval_ms(target)
    each = size // interval_ms(source)
    empty: Times = np.empty(0, np.int64)
    if len(open_times) == 0:
        return empty, {name: values[:0] for name, values in fields.items()}
    first = open_of(int(open_times[0]) + size - 1, target)
    end = open_of(int(open_times[-1]) + interval_ms(source), target)
    count = (end - first) // size
    if count <= 0:
        return empty, {name: values[:0] for name, values in fields.items()}
    laid = grid(open_times, fields, source, first, count * each)
    unknown = np.isnan(laid["close"]).reshape(count, each, *laid["close"].shape[1:]).any(axis=1)
    result: dict[str, FloatArray] = {}
    for name, values in laid.items():
        parts = values.reshape(count, each, *values.shape[1:])
        folded = _fold(name, parts)
        folded[unknown] = np.nan
        result[name] = folded
    times: Times = first + size * np.arange(count, dtype=np.int64)
    return times, result


def _fold(name: str, parts: FloatArray) -> FloatArray:
    """`parts` [m, k, ...] to [m, ...]."""
    if name == _PICK_FIRST:
        return parts[:, 0].copy()
    if name == _PICK_LAST:
        return parts[:, -1].copy()
    result: FloatArray
    if name == "high":
        result = parts.max(axis=1)
    elif name == "low":
        result = parts.min(axis=1)
    else:
        result = parts.sum(axis=1)
    return result
