"""Batches of candles in whole ticks, lots and tick-lots, so that aggregation is exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simexchange.noise import Floats, Ints

OPEN, HIGH, LOW, CLOSE, BUY, SELL, BUY_QUOTE, SELL_QUOTE, TRADES = range(9)
FIELDS = 9


@dataclass(frozen=True, slots=True)
class Candles:
    """Candles of several symbols over consecutive times.

    fields: [FIELDS, symbols, times] int64; prices in ticks, BUY and SELL (taker sides) in lots, quotes in
    ticks × lots
    variance: [symbols, times] expected squared price change inside the candle, ticks²
    present: [symbols, times] false where there is no candle (recorded data with gaps)
    """

    fields: Ints
    variance: Floats
    present: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Number of times."""
        return int(self.fields.shape[2])

    def slice(self, first: int, last: int) -> Candles:
        """The candles at times first to last - 1."""
        return Candles(self.fields[:, :, first:last], self.variance[:, first:last], self.present[:, first:last])

    def take(self, rows: Ints) -> Candles:
        """The candles of some symbols, by position."""
        return Candles(self.fields[:, rows], self.variance[rows], self.present[rows])


def join(parts: Sequence[Candles]) -> Candles:
    """Put batches of the same symbols one after the other in time."""
    if len(parts) == 1:
        return parts[0]
    return Candles(
        np.concatenate([part.fields for part in parts], axis=2),
        np.concatenate([part.variance for part in parts], axis=1),
        np.concatenate([part.present for part in parts], axis=1),
    )


def aggregate(candles: Candles, size: int) -> Candles:
    """Merge each `size` consecutive candles into one; one is present where all its parts are."""
    if size == 1:
        return candles
    _, symbols, times = candles.fields.shape
    parts = candles.fields.reshape(FIELDS, symbols, times // size, size)
    fields = np.empty(parts.shape[:3], dtype=np.int64)
    fields[OPEN] = parts[OPEN, :, :, 0]
    fields[HIGH] = parts[HIGH].max(axis=2)
    fields[LOW] = parts[LOW].min(axis=2)
    fields[CLOSE] = parts[CLOSE, :, :, -1]
    fields[BUY:] = parts[BUY:].sum(axis=3)
    shape = (symbols, times // size, size)
    return Candles(
        fields,
        candles.variance.reshape(shape).sum(axis=2),
        np.logical_and.reduce(candles.present.reshape(shape), axis=2),
    )


def summarise(candles: Candles) -> Candles:
    """One candle over all that are present, shape [symbols, 1]; present where any was."""
    present = candles.present
    fields = np.zeros((FIELDS, present.shape[0], 1), dtype=np.int64)
    rows = np.arange(present.shape[0])
    first = present.argmax(axis=1)
    last = present.shape[1] - 1 - present[:, ::-1].argmax(axis=1)
    fields[OPEN, :, 0] = candles.fields[OPEN, rows, first]
    fields[CLOSE, :, 0] = candles.fields[CLOSE, rows, last]
    highest = np.iinfo(np.int64).max
    fields[HIGH, :, 0] = np.where(present, candles.fields[HIGH], -1).max(axis=1)
    fields[LOW, :, 0] = np.where(present, candles.fields[LOW], highest).min(axis=1)
    fields[BUY:, :, 0] = np.where(present, candles.fields[BUY:], 0).sum(axis=2)
    variance = np.where(present, candles.variance, 0.0).sum(axis=1, keepdims=True)
    return Candles(fields, variance, np.logical_or.reduce(present, axis=1, keepdims=True))


def tradable(fields: Ints) -> NDArray[np.bool_]:
    """Which candles, fields [FIELDS, ...], trades can add up to exactly; shape [...].

    Where the price moved, one lot each trades at the open, the high, the low and the close (`marks`), all on one taker
    """
    high, low = fields[HIGH], fields[LOW]
    count, total = marks(fields)
    moved = high > low
    possible = np.zeros(moved.shape, dtype=np.bool_)
    for side, other in ((BUY, SELL), (SELL, BUY)):
        lots = fields[side] - count
        quote = fields[side + BUY_QUOTE - BUY] - total
        enough = fields[TRADES] >= count + 2 + 2 * (fields[other] > 0)
        possible |= (lots > 0) & (quote >= low * lots) & (quote <= high * lots) & enough
    sides = (fields[BUY] > 0).astype(np.int64) + (fields[SELL] > 0)
    return np.asarray(np.where(moved, possible, fields[TRADES] >= sides))


def marks(fields: Ints) -> tuple[Ints, Ints]:
    """How many trades show a candle's open, close, high and low, and the sum of their prices; both [...].

    The first is at the open and the last at the close, and where neither is at the high or low, another one is.
    """
    start, high, low, end = fields[OPEN], fields[HIGH], fields[LOW], fields[CLOSE]
    up, down = (start != high) & (end != high), (start != low) & (end != low)
    return 2 + up.astype(np.int64) + down, start + end + np.where(up, high, 0) + np.where(down, low, 0)
