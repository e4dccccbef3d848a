"""A synthetic market for the benchmarks: four intervals that agree with each other, with the faults of real data.

1. `_walk` draws one random walk for each symbol, in steps that get finer towards the end: hours first, then quarters
   of an hour, five minutes, minutes. So each interval has `candles` candles before `MARKET_START` without a minute of
   the whole time having to be drawn.
2. `_spoil` adds what exchanges have: symbols that list late or stop, missing candles, candles without a trade.
3. `market` aggregates the finer steps to each interval. A candle of which a step is missing is missing.

Prices are not rounded to ticks. Exact ties come from stretches without trades only, where every formula gives the
same number whatever the order of its additions, so two right engines can be compared bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.distribution import INTERVALS

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

LENGTH: Final = {"1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000}
MARKET_START: Final = 1_700_017_200_000
"""Close of the newest candle held before stepping begins: 2023-11-15 03:00 UTC, where all four intervals close."""

FIELDS: Final = ("open", "high", "low", "close", "volume")
_VOLATILITY: Final = 0.001


@dataclass(frozen=True)
class Market:
    """Candles of all symbols: by interval their open times `[n]` (ms UTC) and fields `[n, symbols]`, NaN where a
    symbol has none. The first `candles` of each close by `MARKET_START`, the others later."""

    symbols: tuple[str, ...]
    candles: int
    series: Mapping[str, tuple[Times, Mapping[str, Floats]]]

    def held(self, interval: str) -> tuple[Times, dict[str, Floats]]:
        """The candles from before stepping begins."""
        opens, fields = self.series[interval]
        return opens[: self.candles], {name: values[: self.candles] for name, values in fields.items()}

    def newest(self, held: int) -> Market:
        """The same with fewer candles before stepping begins."""
        first = self.candles - held
        series = {
            interval: (opens[first:], {name: values[first:] for name, values in fields.items()})
            for interval, (opens, fields) in self.series.items()
        }
        return Market(self.symbols, held, series)

    def closing(self, close_time: int) -> Iterator[tuple[str, int, dict[str, Floats]]]:
        """Interval, open time and fields `[symbols]` of the candles that close at `close_time`, finest first."""
        for interval in INTERVALS:
            if close_time % LENGTH[interval] == 0:
                opens, fields = self.series[interval]
                row = (close_time - LENGTH[interval] - int(opens[0])) // LENGTH[interval]
                yield interval, int(opens[row]), {name: values[row] for name, values in fields.items()}

    def complete(self) -> list[int]:
        """Columns of the symbols that have every candle."""
        present = np.ones(len(self.symbols), dtype=np.bool_)
        for _, fields in self.series.values():
            present &= ~np.isnan(fields["close"]).any(axis=0)
        return [int(i) for i in np.flatnonzero(present)]


def market(symbols: int = 600, candles: int = 1500, minutes: int = 360, seed: int = 1) -> Market:
    """A market with `candles` candles of each interval (a multiple of 60) before `MARKET_START`, and those of the
    `minutes` (a multiple of 60) after it. Always the same one for the same arguments."""
    if candles % 60 or minutes % 60 or symbols < 1:
        raise ValueError("candles and minutes are multiples of 60")
    rng = np.random.default_rng(seed)
    # The coarsest step first. Step k covers what interval k holds and no finer one does.
    coarse_first = INTERVALS[::-1]
    spans = [candles * LENGTH[i] for i in coarse_first]
    counts = [
        (spans[k] - (spans[k + 1] if k + 1 < len(spans) else 0)) // LENGTH[interval]
        for k, interval in enumerate(coarse_first)
    ]
    counts[-1] += minutes
    lengths = np.repeat([LENGTH[i] for i in coarse_first], counts)
    steps = _walk(rng, lengths, symbols)
    _spoil(rng, steps, counts[-1], minutes)
    starts = np.cumsum([0, *counts])
    series: dict[str, tuple[Times, Mapping[str, Floats]]] = {}
    end = MARKET_START + minutes * LENGTH["1m"]
    finer: dict[str, Floats] | None = None
    for k in reversed(range(len(coarse_first))):
        interval = coarse_first[k]
        own = {name: values[starts[k] : starts[k + 1]] for name, values in steps.items()}
        if finer is not None:
            ratio = LENGTH[interval] // LENGTH[coarse_first[k + 1]]
            above = _aggregated(finer, ratio)
            own = {name: np.concatenate([own[name], above[name]]) for name in FIELDS}
        first = MARKET_START - candles * LENGTH[interval]
        series[interval] = (np.arange(first, end, LENGTH[interval], dtype=np.int64), own)
        finer = own
    return Market(tuple(f"S{i:04d}USDT" for i in range(symbols)), candles, series)


def _walk(rng: np.random.Generator, lengths: Times, symbols: int) -> dict[str, Floats]:
    """Candles of a random walk, one step after the other: fields `[steps, symbols]`."""
    shape = len(lengths), symbols
    scale = _VOLATILITY * rng.uniform(0.5, 2.0, symbols) * np.sqrt(lengths / LENGTH["1m"])[:, None]
    start = np.log(rng.lognormal(2.0, 2.0, symbols))
    logs = start + np.cumsum(rng.normal(0.0, 1.0, shape) * scale, axis=0)
    close = np.exp(logs)
    opened = np.concatenate([np.exp(start)[None], close[:-1]]) * (1.0 + rng.normal(0.0, 0.1, shape) * scale)
    high = np.maximum(opened, close) * (1.0 + np.abs(rng.normal(0.0, 0.5, shape)) * scale)
    low = np.minimum(opened, close) / (1.0 + np.abs(rng.normal(0.0, 0.5, shape)) * scale)
    volume = rng.lognormal(0.0, 1.0, shape) * rng.lognormal(6.0, 2.0, symbols) * (lengths / LENGTH["1m"])[:, None]
    return {"open": opened, "high": high, "low": low, "close": close, "volume": volume}


def _spoil(rng: np.random.Generator, steps: dict[str, Floats], fine: int, minutes: int) -> None:
    """Take trades and candles away, in place. The last `fine` steps are minutes, `minutes` of them to be stepped."""
    count, symbols = steps["close"].shape
    order = rng.permutation(symbols)
    few = max(1, symbols // 20)
    thin, still, late, gone = (order[k * few : (k + 1) * few] for k in range(4))
    # Thin markets: three candles of ten have no trade. Still ones: half an hour without any, the end included.
    idle = np.zeros((count, symbols), dtype=np.bool_)
    idle[1:, thin] = rng.random((count - 1, len(thin))) < 0.3
    for k, column in enumerate(still):
        end = count - k % 2 * int(rng.integers(0, fine // 2))
        idle[max(1, end - 30) : end, column] = True
    for row in np.flatnonzero(idle.any(axis=1)):
        columns = idle[row]
        before = steps["close"][row - 1, columns]
        for name in FIELDS:
            steps[name][row, columns] = 0.0 if name == "volume" else before
        # The walk goes on from the price that stood still.
        if row + 1 < count:
            steps["open"][row + 1, columns] = before
            steps["high"][row + 1, columns] = np.maximum(steps["high"][row + 1, columns], before)
            steps["low"][row + 1, columns] = np.minimum(steps["low"][row + 1, columns], before)
    missing = np.zeros((count, symbols), dtype=np.bool_)
    # Gaps of one to five steps, one in about 2,000 steps of a symbol.
    for row, column in zip(*np.nonzero(rng.random((count, symbols)) < 0.0005), strict=True):
        missing[row : row + int(rng.integers(1, 6)), column] = True
    # One symbol has no candle at all, one listed five minutes ago, the others anywhere; some stopped before the end.
    for k, column in enumerate(late):
        first = count if k == 0 else count - 5 if k == 1 else int(rng.integers(0, count - minutes))
        missing[:first, column] = True
    for column in gone[::5]:
        missing[count - fine + int(rng.integers(0, fine - minutes)) :, column] = True
    for values in steps.values():
        values[missing] = np.nan


def _aggregated(fields: Mapping[str, Floats], ratio: int) -> dict[str, Floats]:
    """Candles made of `ratio` finer ones each; NaN where one of them is missing."""
    count = len(fields["close"]) // ratio
    parts = {name: values[: count * ratio].reshape(count, ratio, -1) for name, values in fields.items()}
    whole = ~np.isnan(parts["close"]).any(axis=1)
    made = {
        "open": parts["open"][:, 0],
        "high": parts["high"].max(axis=1),
        "low": parts["low"].min(axis=1),
        "close": parts["close"][:, -1],
        "volume": parts["volume"].sum(axis=1),
    }
    return {name: np.where(whole, values, np.nan) for name, values in made.items()}
