"""A look at a candle that has not closed, which leaves no trace.

The cells of one interval are stepped once more. A ring has a row to spare for that; cells that keep one value, and
what averages remember, are put aside and back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from screener.engine.cells import CONSTANT, INTERVAL_NUMBER, INTERVALS
from screener.engine.kernels import codes as K
from screener.engine.kernels.run import run
from screener.engine.machine import Ints, Machine, Words
from screener.engine.panel import Panel
from screener.engine.stepper import Block, external_values, pack
from screener.intervals import candle_index, open_at

Forming = Mapping[str, NDArray[np.float64]]


class _Overlay:
    """The panel with one forming candle on top."""

    def __init__(self, panel: Panel, interval: str, open_time: int, forming: Forming) -> None:
        self._panel = panel
        self._forming = forming
        self._interval = interval
        self._open = open_time
        self.symbols = panel.symbols
        self.width = panel.width

    def find(self, symbol: str) -> int:
        return self._panel.find(symbol)

    def first_open(self, interval: str) -> int | None:
        return self._panel.first_open(interval)

    def last_open(self, interval: str) -> int | None:
        return self._panel.last_open(interval)

    def fill(self, interval: str, fields: Sequence[str], start: int, out: NDArray[np.float64]) -> None:
        """As `Panel.fill`."""
        self._panel.fill(interval, fields, start, out)
        if interval != self._interval:
            return
        at = candle_index(self._open, interval) - candle_index(start, interval)
        if not 0 <= at < out.shape[1]:
            return
        size = len(self.symbols)
        for i, name in enumerate(fields):
            if name == "sell_volume" and {"volume", "buy_volume"} <= self._forming.keys():
                out[i, at, :size] = self._forming["volume"] - self._forming["buy_volume"]
            elif name in self._forming:
                out[i, at, :size] = self._forming[name]


@contextmanager
def peeked(
    machine: Machine, panel: Panel, base: str, cells: Sequence[int], close_time: int, forming: Forming
) -> Iterator[Words]:
    """Within, `cells` have the values they would have if the base candle closed now; yields the symbols that have a
    forming candle, `[words]`. Afterwards all is as before."""
    interval = INTERVAL_NUMBER[base]
    mine: Ints = np.array(
        [n for n in cells if machine.cells[n].interval == interval and machine.cells[n].op != CONSTANT],
        dtype=np.int64,
    )
    number = candle_index(close_time, base) - 1
    source = _Overlay(panel, base, open_at(number, base), forming)
    which, numbers = np.array([interval], dtype=np.int64), np.array([number], dtype=np.int64)
    block = Block(machine, source, external_values(machine, source, {base: number}), which, numbers)
    kept = _Kept(machine, mine)
    first: Ints = np.zeros(len(INTERVALS) + 1, dtype=np.int64)
    first[interval + 1 :] = len(mine)
    none, words = np.zeros(0, dtype=np.int64), machine.width // 64
    no_numbers, no_words = np.zeros((0, 0, machine.width)), np.zeros((0, 0, words), dtype=np.uint64)
    watch_first, nothing = np.zeros(len(INTERVALS) + 1, dtype=np.int64), np.zeros((0, words), dtype=np.uint64)
    try:
        run(
            machine.code, machine.lists, machine.parameters, machine.ready, mine, first, machine.rings, panel.size,
            machine.values, machine.true, machine.false, machine.state,
            machine.now, which, block.candle, numbers, np.array([close_time], dtype=np.int64),
            np.array([-1], dtype=np.int64), block.data, block.slots, block.scalars, block.hosts,
            none, none, no_numbers, none, none, no_words, no_words,
            none, watch_first, none, none, none, nothing,
            np.zeros((0, 3), dtype=np.int64), np.zeros((0, 1), dtype=np.uint64), np.zeros(1, dtype=np.int64),
        )  # fmt: skip
        price = np.full(panel.width, np.nan)
        price[: panel.size] = forming["close"]
        yield pack(~np.isnan(price))
    finally:
        kept.put_back()


class _Kept:
    """What a peek overwrites."""

    def __init__(self, machine: Machine, numbers: Ints) -> None:
        self._machine = machine
        single = numbers[machine.rings[numbers, K.LENGTH] == 1]
        boolean = np.array([machine.cells[int(n)].dtype == "bool" for n in single], dtype=np.bool_)
        self._numbers = machine.rings[single[~boolean], K.START]
        self._booleans = machine.rings[single[boolean], K.START]
        rows = [np.arange(machine.cells[int(n)].state) + machine.code[n, K.STATE] for n in numbers]
        self._state: Ints = np.concatenate([np.zeros(0, dtype=np.int64), *rows]).astype(np.int64)
        self._which = numbers
        self._now = machine.now.copy()
        self._ready = machine.ready[numbers]
        self._values = machine.values[self._numbers]
        self._true, self._false = machine.true[self._booleans], machine.false[self._booleans]
        self._memory = machine.state[self._state]

    def put_back(self) -> None:
        machine = self._machine
        machine.values[self._numbers] = self._values
        machine.true[self._booleans], machine.false[self._booleans] = self._true, self._false
        machine.state[self._state] = self._memory
        machine.ready[self._which] = self._ready
        machine.now[:] = self._now
