"""The engine as the benchmarks drive it: candles in, (strategy, symbol) pairs out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.synthetic import Market
from screener import Program
from screener.engine.engine import Addition, Engine
from screener.engine.panel import Panel

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Stepped:
    """One candle close: milliseconds by the clock and of the processor, edges as (strategy, symbol) `[n, 2]`."""

    close: int
    wall_ms: float
    cpu_ms: float
    edges: Ints
    results: Sequence[Any]

    def matches(self) -> Ints:
        """(strategy, symbol) of all that match, `[n, 2]`."""
        return _joined([_numbered(r, r.match.pairs()) for r in self.results])

    def unknown(self) -> tuple[int, int]:
        """How many results are unknown, and of how many."""
        counts = [v for r in self.results for v in r.unknown.values()]
        symbols = max((len(next(iter(r.match.values()))) for r in self.results if len(r.match)), default=0)
        return sum(counts), len(counts) * symbols


class Screening:
    """An engine over a panel that holds a market's candles from before stepping begins. Strategies are numbers."""

    def __init__(self, market: Market, held: int | None = None) -> None:
        self.market = market
        self.panel = Panel(market.symbols, held or market.candles)
        for interval in market.series:
            opens, fields = market.held(interval)
            self.panel.ensure(interval)
            self.panel.put(interval, slice(None), opens, fields)
        self.engine = Engine(self.panel)

    def add(self, programs: Iterable[tuple[int, Program]]) -> float:
        """Add programs, back-filled over the candles held; returns milliseconds."""
        additions = [Addition(str(number), program) for number, program in programs]
        began = time.perf_counter()
        self.engine.add_many(additions)
        return (time.perf_counter() - began) * 1e3

    def append(self, close: int) -> None:
        """Put the candles that close at `close` (ms UTC) into the panel."""
        for interval, opened, fields in self.market.closing(close):
            self.panel.append(interval, opened, fields)

    def step(self, close: int) -> Stepped:
        """Append what closed, then step; the time counts from the candles being there to the edges being listed."""
        self.append(close)
        began, worked = time.perf_counter(), time.process_time()
        result = self.engine.step(close)
        pairs = result.edge.pairs()
        wall, cpu = (time.perf_counter() - began) * 1e3, (time.process_time() - worked) * 1e3
        return Stepped(close, wall, cpu, _numbered(result, pairs), [result])

    @property
    def nodes(self) -> int:
        """Different row operations that the strategies need."""
        return self.engine.cell_count

    def bytes_per_step(self) -> int:
        """Bytes that a step in which all intervals close reads and writes at least, each row of a node once for each
        node that reads it: 8 bytes a symbol for a number, 2 bits for a truth."""
        rows = self.engine._cells.rows
        width = self.panel.width

        def size(number: int) -> int:
            return width * 8 if rows[number].dtype == "num" else width // 4

        return sum(size(n) + sum(size(o.cell) for o in c.operands if o is not None) for n, c in rows.items())


def _numbered(result: Any, pairs: Ints) -> Ints:
    """Pairs of a place among the keys and a symbol, with the strategies' numbers."""
    numbers = np.array(result.keys, dtype=np.int64) if len(result.keys) else np.empty(0, dtype=np.int64)
    return np.stack([numbers[pairs[:, 0]], pairs[:, 1]], axis=1)


def _joined(parts: Sequence[Ints]) -> Ints:
    return np.concatenate([np.empty((0, 2), dtype=np.int64), *parts])
