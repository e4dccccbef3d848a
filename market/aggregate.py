"""Higher intervals from lower ones, equal to the exchange's own.

1. `grid` lays the lower candles on a contiguous time axis that starts and ends on boundaries of the higher interval;
   what is not there is NaN.
2. `aggregate` folds every group of rows into one candle. A candle with one unknown part is unknown: half a candle has
   a wrong high, low and volume, and nothing tells the reader so.
3. Where it is known that the exchange has no candle (`absent`: it was out of service, or the symbol not yet listed),
   nothing is missing: the exchange's own higher candle is made of the parts there are, and so is ours
   (`_fold_present`). A candle that would have no part at all does not exist there either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from screener.intervals import interval_ms, is_multiple, open_of

FloatArray = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
Span: TypeAlias = tuple[int, int]
"""Open times of candles from the first to before the second, ms UTC."""

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
    open_times: Times,
    fields: Mapping[str, FloatArray],
    source: str,
    target: str,
    absent: Sequence[Span] = (),
) -> tuple[Times, dict[str, FloatArray]]:
    """Candles of interval `target` from candles of `source`.

    `open_times` int64 [n], ascending, ms UTC, may have holes; `fields` each [n] or [n, S] with at least
    open, high, low, close; all other fields are sums. `absent` are spans of time in which the exchange is
    known to have no candles, for fields [n], none adjoining another.

    Answers contiguous open times [m] from the first to the last candle of `target` that is wholly inside the span,
    and the fields [m] or [m, S], NaN where any part is unknown or the exchange has no candle. Raises ValueError where
    `target` is not made of whole `source` candles.
    """
    if not is_multiple(target, source):
        raise ValueError(f"{target} candles cannot be made of {source} candles")
    if source == target:
        return open_times, dict(fields)
    step, size = interval_ms(source), interval_ms(target)
    empty: Times = np.empty(0, np.int64)
    if len(open_times) == 0:
        return empty, {name: values[:0] for name, values in fields.items()}
    begin, stop = int(open_times[0]), int(open_times[-1]) + step
    if absent:
        # Not beyond the first and the last candle's own: there are only such as do not exist.
        reach = _reaching(begin, stop, absent)
        begin = max(reach[0], open_of(begin, target))
        stop = min(reach[1], open_of(stop - step, target) + size)
    first = open_of(begin + size - 1, target)
    count = (open_of(stop, target) - first) // size
    if count <= 0:
        return empty, {name: values[:0] for name, values in fields.items()}
    each = size // step
    laid = grid(open_times, fields, source, first, count * each)
    result: dict[str, FloatArray] = {}
    known = ~np.isnan(laid["close"]).reshape(count, each, *laid["close"].shape[1:])
    nothing = _inside(first, step, count * each, absent).reshape(count, each) if absent else None
    unknown = ~(known if nothing is None else known | nothing).all(axis=1)
    for name, values in laid.items():
        parts = values.reshape(count, each, *values.shape[1:])
        folded = _fold(name, parts) if nothing is None else _fold_present(name, parts, known)
        folded[unknown] = np.nan
        result[name] = folded
    times: Times = first + size * np.arange(count, dtype=np.int64)
    return times, result


def _reaching(begin: int, stop: int, absent: Sequence[Span]) -> tuple[int, int]:
    """The span of what is known: that of the candles, and of the absent ones that adjoin it."""
    for first, end in sorted(absent, reverse=True):
        if first < begin <= end:
            begin = first
    for first, end in sorted(absent):
        if first <= stop < end:
            stop = end
    return begin, stop


def _inside(first: int, step: int, rows: int, spans: Sequence[Span]) -> npt.NDArray[np.bool_]:
    """Which of `rows` candles of `step`, the first one opening at `first`, lie wholly in one of the spans."""
    found = np.zeros(rows, np.bool_)
    for start, end in spans:
        found[max(0, -(-(start - first) // step)) : max(0, (end - first) // step)] = True
    return found


def _fold_present(name: str, parts: FloatArray, known: npt.NDArray[np.bool_]) -> FloatArray:
    """`parts` [m, k] to [m], of those that are `known` [m, k]; NaN where there is none."""
    rows = np.arange(len(parts))
    result: FloatArray
    if name == _PICK_FIRST:
        result = parts[rows, known.argmax(axis=1)]
    elif name == _PICK_LAST:
        result = parts[rows, known.shape[1] - 1 - known[:, ::-1].argmax(axis=1)]
    elif name == "high":
        result = np.where(known, parts, -np.inf).max(axis=1)
    elif name == "low":
        result = np.where(known, parts, np.inf).min(axis=1)
    else:
        result = np.where(known, parts, 0.0).sum(axis=1)
    result[~known.any(axis=1)] = np.nan
    return result


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
