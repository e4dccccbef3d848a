"""Candles on a tick grid in which every candlestick pattern occurs often, and nearly occurs.

1. `stream` draws candles of several tempers: runs of one colour, quiet stretches before wild ones, and tempers whose
   ranges are all alike, so that averages are round and comparisons tie.
2. `drawn` adds shapes by hand, of the patterns that chance hardly ever makes, and their mirror images.
3. `crowd` takes the candles before and at each of TA-Lib's own finds there and moves a few of their prices, by ticks
   or onto another price or threshold: some stay the pattern, some just miss it, by every one of its conditions.

All prices are whole ticks of 1/64, so that sums of them are exact in floating point.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import talib
from numpy.typing import NDArray

TICK = 1 / 64
WINDOW = 22
GENERATIONS = 3
Ints = NDArray[np.int64]


class Ticks(NamedTuple):
    """Prices in ticks, `[candles, columns]`."""

    open: Ints
    high: Ints
    low: Ints
    close: Ints

    def prices(self) -> tuple[NDArray[np.float64], ...]:
        return tuple(np.ascontiguousarray(x, dtype=np.float64) * TICK for x in self)


def found(function: str, ticks: Ticks) -> Ints:
    """TA-Lib's answer on every column."""
    prices = ticks.prices()
    columns = range(ticks.open.shape[1])
    call = getattr(talib, function)
    return np.column_stack([call(*(np.ascontiguousarray(x[:, s]) for x in prices)) for s in columns])


# Bodies, gaps between close and open, and shadows, each in ticks and drawn alike.
TEMPERS: tuple[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]], ...] = (
    ((0, 0, 1, 1, 2, 3, 4, 6, 9, 14), (0, 0, 0, -1, 1, -2, 2, -4, 4), (0, 0, 0, 1, 2, 3, 6)),
    ((0, 4, 8, 10, 12, 30), (0, 0, -1, 1, -12, 12, -20), (0, 0, 1, 5, 10)),
    ((0, 1, 2, 10, 10, 20, 20), (0, 0, 1, -1, -3, 3, -10, 10), (0, 0, 0, 1, 2, 4, 12)),
)


def stream(rng: np.random.Generator, candles: int, columns: int) -> Ticks:
    """Random candles; each column has one temper, and keeps a colour as often as its number says."""
    shape = (candles, columns)
    body, gap, upper, lower = (np.zeros(shape, dtype=np.int64) for _ in range(4))
    turn = np.zeros(shape, dtype=bool)
    # A third of the columns is even before it acts: bodies of 10, ranges of 20.
    quiet = (np.arange(candles) % 16 < 11)[:, None] & (np.arange(columns) % 3 > 0)
    even = quiet & (np.arange(columns) % 3 == 1)
    for s in range(columns):
        bodies, gaps, shadows = TEMPERS[s % len(TEMPERS) if s % 2 else s // 2 % len(TEMPERS)]
        body[:, s] = rng.choice(bodies, candles)
        gap[:, s] = rng.choice(gaps, candles)
        upper[:, s], lower[:, s] = rng.choice(shadows, (2, candles))
        turn[:, s] = rng.random(candles) < (0.5, 0.25, 0.1)[s // 3 % 3]
    body[quiet] = np.minimum(body[quiet], 3)
    gap[quiet] = np.clip(gap[quiet], -1, 1)
    body[even], upper[even] = 10, rng.integers(0, 11, int(even.sum()))
    lower[even] = 10 - upper[even]
    colour = np.where(np.cumsum(turn, axis=0) % 2, 1, -1)
    body = body * colour
    close = 100_000 + np.cumsum(body + gap, axis=0)
    start = close - body
    return Ticks(start, np.maximum(start, close) + upper, np.minimum(start, close) - lower, close)


# Open, high, low, close in ticks, after candles with bodies of 10 and ranges of 20.
SHAPES: tuple[tuple[tuple[int, int, int, int], ...], ...] = (
    # mat hold
    ((0, 42, -2, 40), (48, 50, 43, 44), (46, 47, 37, 38), (42, 43, 33, 34), (38, 61, 37, 60)),
    # rising three methods
    ((0, 42, -2, 40), (36, 38, 31, 32), (33, 35, 27, 28), (30, 31, 22, 24), (28, 51, 27, 50)),
    # breakaway: a gap, two candles further, back into the gap
    ((60, 62, 19, 20), (14, 16, 6, 8), (8, 12, 0, 4), (4, 8, -6, -2), (0, 18, -1, 17)),
    # three stars in the south
    ((30, 31, -5, 15), (20, 22, 0, 12), (8, 8, 4, 4)),
    # upside gap two crows, two crows
    ((0, 31, -1, 30), (40, 41, 35, 36), (44, 45, 32, 33)),
    ((0, 31, -1, 30), (40, 41, 33, 34), (38, 39, 19, 20)),
    # concealing baby swallow
    ((60, 61, 40, 40), (40, 40, 19, 20), (12, 24, 6, 8), (26, 26, 4, 5)),
    # unique three river
    ((40, 41, 5, 10), (30, 31, 0, 15), (8, 13, 7, 12)),
    # kicking
    ((20, 20, -1, 0), (30, 61, 30, 60)),
    # modified hikkake, confirmed
    ((0, 40, 0, 30), (20, 36, 4, 6), (20, 30, 10, 15), (15, 28, 6, 12), (14, 36, 8, 34)),
    # abandoned baby
    ((60, 61, 28, 30), (20, 22, 18, 20), (30, 56, 26, 55)),
    # ladder bottom
    ((80, 82, 58, 60), (70, 72, 48, 50), (60, 62, 38, 40), (45, 52, 33, 35), (50, 66, 49, 65)),
    # three black crows
    ((40, 62, 39, 60), (58, 60, 44, 45), (54, 56, 33, 34), (44, 46, 20, 20)),
    # three line strike
    ((0, 12, -1, 11), (6, 20, 5, 18), (12, 31, 11, 30), (34, 35, -9, -8)),
)


def drawn(rng: np.random.Generator, candles: int, columns: int) -> Ticks:
    """The shapes in turn and upside down, each at the end of a window, some a tick off."""
    count = candles // WINDOW
    out = np.zeros((4, count * WINDOW, columns), dtype=np.int64)
    for s in range(columns):
        shapes = [SHAPES[i] for i in rng.integers(0, len(SHAPES), count)]
        for k, shape in enumerate(shapes):
            at = k * WINDOW
            middle = rng.integers(-3, 4, WINDOW)
            half = np.where(rng.random(WINDOW) < 0.5, 5, -5)
            out[:, at : at + WINDOW, s] = middle - half, middle + 10, middle - 10, middle + half
            tail = np.array(shape).T + rng.choice((-1, 0, 0, 0, 0, 1), (4, len(shape)))
            out[:, at + WINDOW - len(shape) : at + WINDOW, s] = tail if s % 2 else -tail[[0, 2, 1, 3]]
    return Ticks(out[0], out.max(axis=0), out.min(axis=0), out[3])


def to_thresholds(rng: np.random.Generator, windows: Ints) -> None:
    """In a third of the windows, give a candle a body or shadow that ties with what it is compared to."""
    which = np.flatnonzero(rng.random(len(windows)) < 1 / 3)
    at = WINDOW - 1 - rng.integers(0, 5, len(which))
    part = windows[which]
    every = np.arange(len(which))
    ten = part[every[:, None], :, at[:, None] - np.arange(1, 11)]
    bodies, ranges = abs(ten[:, :, 3] - ten[:, :, 0]).sum(axis=1), (ten[:, :, 1] - ten[:, :, 2]).sum(axis=1)
    start, close = part[every, 0, at], part[every, 3, at]
    sign = np.where(close >= start, 1, -1)
    kind = rng.integers(0, 4, len(which))
    # One candle back there grows until the mean of ten bodies, or a tenth of the mean of ten ranges, is whole.
    old, k = part[every, :, at - 8], kind == 0
    grow = np.where(k, -bodies % 10, -ranges % 100)
    rises = old[:, 3] >= old[:, 0]
    part[every[k], 3, at[k] - 8] += np.where(rises, grow, -grow)[k]
    part[every[~k], 1, at[~k] - 8] += grow[~k]
    limit = np.where(k, (bodies + grow) // 10, (ranges + grow) // 100)
    body = (kind == 0) | (kind == 3)
    part[every[body], 3, at[body]] = (start + sign * limit)[body]
    part[every[kind == 1], 1, at[kind == 1]] = (np.maximum(start, close) + limit)[kind == 1]
    part[every[kind == 2], 2, at[kind == 2]] = (np.minimum(start, close) - limit)[kind == 2]
    windows[which] = part


def near_misses(rng: np.random.Generator, ticks: Ticks, finds: Ints, number: int) -> Ints:
    """`number` windows of `[4, WINDOW]` ticks that end at one of `finds` (candle, column), most of them disturbed."""
    chosen = finds[rng.integers(0, len(finds), number)]
    rows = chosen[:, :1] + np.arange(1 - WINDOW, 1)
    fields = np.stack(ticks)
    windows: Ints = fields[:, rows, chosen[:, 1:]].transpose(1, 0, 2)
    edits = rng.integers(0, 4, number)
    newest = WINDOW - 1
    for k in range(3):
        which = np.flatnonzero(edits > k)
        size = len(which)
        field, at = rng.integers(0, 4, size), newest - rng.integers(0, 5, size)
        # A price equal to another, or nearly; or moved by some ticks; sometimes the whole candle with it.
        price = windows[which, field, at]
        other = windows[which, rng.integers(0, 4, size), newest - rng.integers(0, 5, size)]
        tie = other - price + rng.choice((-1, 0, 0, 0, 1), size)
        step = np.where(rng.random(size) < 0.4, tie, rng.choice((-15, -9, -3, -2, -1, -1, 1, 1, 2, 3, 9, 15), size))
        whole = rng.random(size) < 0.4
        windows[which[~whole], field[~whole], at[~whole]] += step[~whole]
        windows[which[whole], :, at[whole]] += step[whole][:, None]
        # And a little in what is averaged.
        old = rng.random(size) < 0.15
        windows[which[old], field[old], newest - rng.integers(5, 15, int(old.sum()))] += 1
    to_thresholds(rng, windows)
    # Larger candles before, which make all that follows small.
    factor = np.where(rng.random(number) < 0.2, rng.integers(2, 5, number), 1)[:, None, None]
    before = windows[:, :, : WINDOW - 5]
    windows[:, :, : WINDOW - 5] = before[:, 3:] + (before - before[:, 3:]) * factor
    windows[:, 1] = windows.max(axis=1)
    windows[:, 2] = windows.min(axis=1)
    return windows


def _sides(rng: np.random.Generator, functions: Sequence[str], ticks: Ticks, windows: int, columns: int) -> Ticks:
    """Windows around finds in `ticks`, as many for each answer of each function, shuffled into columns."""
    parts = []
    for function in functions:
        answer = found(function, ticks)
        answer[: WINDOW - 1] = 0
        for value in np.unique(answer[answer != 0]):
            parts.append(near_misses(rng, ticks, np.argwhere(answer == value), windows))
    every = np.concatenate(parts)
    every = every[rng.permutation(len(every))[: len(every) // columns * columns]]
    laid = every.reshape(columns, -1, 4, WINDOW).transpose(2, 1, 3, 0).reshape(4, -1, columns)
    return Ticks(*laid)


def crowd(functions: Sequence[str], seed: int = 11, windows: int = 140, columns: int = 64) -> Ticks:
    """About `windows` for each side of each function, disturbed again and again, in `columns` of equal length."""
    rng = np.random.default_rng(seed)
    chance, shapes = stream(rng, 10_000, 36), drawn(rng, 10_000, 8)
    ticks = Ticks(*(np.hstack([a[: len(b)], b]) for a, b in zip(chance, shapes, strict=True)))
    for _ in range(GENERATIONS):
        ticks = _sides(rng, functions, ticks, windows, columns)
    return ticks
