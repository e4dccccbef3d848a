"""The numbers of the reference: series of candles, averages with memory, windows, and truths; numpy alone.

Rows are candles, oldest first; NaN is unknown.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Truth = tuple[Flags, Flags]

_DAY: Final = 86_400_000


class Differences:
    """Rows of `whole[:, fast] - whole[:, slow]`, made as they are read."""

    def __init__(self, whole: Floats, fast: list[int], slow: list[int]) -> None:
        self._whole, self._fast, self._slow = whole, fast, slow

    def __len__(self) -> int:
        return len(self._whole)

    def __getitem__(self, t: int) -> Floats:
        row = self._whole[t]
        line: Floats = row[self._fast] - row[self._slow]
        return line


def derived(fields: dict[str, Floats], name: str) -> Floats:
    close, high, low = fields["close"], fields["high"], fields["low"]
    match name:
        case "rise":
            return np.maximum(_change(close), 0.0)
        case "fall":
            return np.maximum(-_change(close), 0.0)
        case "true_range":
            before = np.concatenate([np.full_like(close[:1], np.nan), close[:-1]])
            widest: Floats = np.maximum(np.maximum(high - low, np.abs(high - before)), np.abs(low - before))
            return widest
        case "plus_move" | "minus_move":
            rise, fall = _change(high), -_change(low)
            mine, other = (rise, fall) if name == "plus_move" else (fall, rise)
            moved = np.where((mine > other) & (mine > 0.0), mine, 0.0)
            return np.where(np.isnan(mine) | np.isnan(other), np.nan, moved)
        case "obv":
            # The first candle's volume, and that of one after a gap, counts as bought.
            side = np.sign(_change(close))
            flow = np.where(np.isnan(side), 1.0, side) * fields["volume"]
            total = np.cumsum(np.where(np.isnan(flow), 0.0, flow), axis=0)
            return np.where(np.isnan(flow), np.nan, total)
    raise KeyError(name)


def _change(x: Floats) -> Floats:
    return np.concatenate([np.full_like(x[:1], np.nan), x[1:] - x[:-1]])


def divide(a: Floats, b: Floats) -> Floats:
    result = a / b
    return np.where(np.isfinite(result), result, np.nan)


def since_midnight(x: Floats, opens: Ints) -> Floats:
    """Running sum since the last candle that opened a UTC day; unknown before the first and where x is unknown."""
    first = np.flatnonzero(opens % _DAY == 0)
    result = np.full_like(x, np.nan)
    for start, end in pairwise([*first, len(opens)]):
        part = x[start:end]
        result[start:end] = np.where(np.isnan(part), np.nan, np.cumsum(np.where(np.isnan(part), 0.0, part), axis=0))
    return result


def smooth(x: Floats | Differences, lengths: Ints, how: str, rows: int) -> Floats:
    """Exponential (`ema`) or Wilder (`rma`) averages of one input for several lengths: the last `rows` of them.

    `x[t]` is `[1, symbols]`, one input for all lengths, or `[lengths, symbols]`. Returns `[rows, lengths, symbols]`.
    """
    n = lengths[:, None].astype(np.int32)
    alpha = 2.0 / (n + 1.0) if how == "ema" else 1.0 / n
    count = len(x)
    first = x[0]
    shape = len(lengths), first.shape[-1]
    value = np.full(shape, np.nan)
    out = np.empty((rows, *shape))
    seen = np.zeros(first.shape, dtype=np.int32)
    total = np.zeros(first.shape)
    moved = np.empty(shape)
    for t in range(count):
        now = x[t]
        known = ~np.isnan(now)
        np.subtract(now, value, out=moved)
        moved *= alpha
        moved += value
        seen += known
        np.add(total, now, out=total, where=known)
        if known.shape == shape or np.isin(seen[known], lengths).any():
            row, column = np.nonzero((seen == n) & known)
            moved[row, column] = np.broadcast_to(total, shape)[row, column] / lengths[row]
        np.copyto(value, moved, where=known)
        if t >= count - rows:
            out[t - count + rows] = moved
    return out


def _windows(x: Floats, n: int, rows: int) -> tuple[Floats, int]:
    """The candles that the last `rows` windows of n read, and how many of the first windows lack some."""
    lacking = min(rows, max(0, rows + n - 1 - len(x)))
    return x[max(0, len(x) - rows - n + 1) :], lacking


def fold(x: Floats, n: int, rows: int, join: np.ufunc) -> Floats:
    """`join` over each of the last `rows` windows of n; unknown where candles lack."""
    part, lacking = _windows(x, n, rows)
    out = np.full((rows, x.shape[1]), np.nan)
    if n <= rows or lacking:
        for r in range(lacking, rows):
            out[r] = join.reduce(part[r - lacking : r - lacking + n])
        return out
    # What all windows share is joined once; then what each has before that, and after it.
    out[:] = join.reduce(part[rows - 1 : n])
    before = join.accumulate(part[: rows - 1][::-1])[::-1]
    after = join.accumulate(part[n:])
    join(out[:-1], before, out=out[:-1])
    join(out[1:], after, out=out[1:])
    return out


def _around(x: Floats, n: int, rows: int) -> tuple[Floats, Floats]:
    """A value of each symbol that all of the last windows hold, and how far the candles are from it: sums of such
    distances lose nothing, and those of equal values are exactly 0."""
    part, _ = _windows(x, n, rows)
    pivot = part[min(rows, len(part)) - 1]
    apart: Floats = part - pivot
    return pivot, apart


def mean(x: Floats, n: int, rows: int) -> Floats:
    if n < rows:
        return _each_mean(x, n, rows)
    pivot, apart = _around(x, n, rows)
    return pivot + fold(apart, n, rows, np.add) / n


def _each_mean(x: Floats, n: int, rows: int) -> Floats:
    part, lacking = _windows(x, n, rows)
    out = np.full((rows, x.shape[1]), np.nan)
    for r in range(lacking, rows):
        window = part[r - lacking : r - lacking + n]
        out[r] = window[-1] + (window - window[-1]).sum(axis=0) / n
    return out


def deviation(x: Floats, n: int, rows: int) -> Floats:
    part, lacking = _windows(x, n, rows)
    if n >= rows and not lacking:
        _, apart = _around(x, n, rows)
        middle = fold(apart, n, rows, np.add) / n
        return np.sqrt(np.maximum(fold(np.square(apart), n, rows, np.add) / n - np.square(middle), 0.0))
    out = np.full((rows, x.shape[1]), np.nan)
    for r in range(lacking, rows):
        apart = part[r - lacking : r - lacking + n] - part[r - lacking + n - 1]
        out[r] = np.sqrt(np.square(apart - apart.mean(axis=0)).mean(axis=0))
    return out


def less(a: Any, b: Any) -> Truth:
    known = ~(np.isnan(a) | np.isnan(b))
    return (a < b) & known, ~(a < b) & known


def bound(a: Floats, b: Any, low: bool) -> Truth:
    """`a < b` where `low`, else `a > b`; the oldest row, which only crossings need, is left out."""
    a = a[1:]
    if isinstance(b, np.ndarray):
        b = b[1:]
    return less(a, b) if low else less(b, a)


def crosses(a: Floats, b: Floats, over: bool) -> Truth:
    """`a > b` where the candle before it was not, or the other way round."""
    if not over:
        a, b = b, a
    now, before = less(b, a), less(b, a)
    return now[0][1:] & before[1][:-1], now[1][1:] | before[0][:-1]


def rising(true: Flags, false: Flags, present: Flags) -> Flags:
    """True where the last candle that the symbol has before was known false."""
    was_false = np.zeros(true.shape[1], dtype=np.bool_)
    edges = np.zeros_like(true)
    for r in range(len(true)):
        edges[r] = true[r] & was_false
        was_false = np.where(present[r], false[r], was_false)
    return edges
