"""Cells: row operations over all symbols, shared by structure, and counted by who uses them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from screener.intervals import LENGTH_MS
from screener.ops import Dtype

INTERVALS: Final = tuple(sorted(LENGTH_MS, key=LENGTH_MS.__getitem__, reverse=True))
"""All intervals, coarsest first; a machine names them by their place here."""
INTERVAL_NUMBER: Final = {label: i for i, label in enumerate(INTERVALS)}

CONSTANT: Final = -1
"""The `op` of a cell that holds a constant and is never stepped."""


class Ref(NamedTuple):
    """A cell's value some candles of its own interval ago."""

    cell: int
    lag: int = 0

    def ago(self, candles: int) -> Ref:
        return Ref(self.cell, self.lag + candles)


class Cell(NamedTuple):
    """A row operation. `operands` fill the columns A to D of the instruction, None where one is unused; `n` is a
    whole number that the kernel needs, `parameters` are its constants, `state` its rows of memory; `source` names
    what a source reads; `epoch` tells apart totals that started at different candles."""

    op: int
    operands: tuple[Ref | None, ...]
    interval: int
    dtype: Dtype
    n: int = 0
    parameters: tuple[float, ...] = ()
    state: int = 0
    source: tuple[str, str, str] | None = None
    epoch: int = 0


class Cells:
    """Cells by number. Numbers grow and are not used again, so operands always come before their users."""

    def __init__(self) -> None:
        self.rows: dict[int, Cell] = {}
        self.users: dict[int, int] = {}
        #: Newest values that a cell must keep.
        self.depth: dict[int, int] = {}
        self._index: dict[Cell, int] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, cell: Cell, scanned: int = 1) -> int:
        """The number of this cell; `scanned` values of its first operand are read."""
        found = self._index.get(cell)
        if found is None:
            found = self._index[cell] = self._next
            self._next += 1
            self.rows[found] = cell
            self.users[found] = 0
            self.depth[found] = 1
            for operand in cell.operands:
                if operand is not None:
                    self.use(operand, scanned)
        return found

    def use(self, ref: Ref, scanned: int = 1) -> None:
        """Count a user of a cell, who looks back that far."""
        self.users[ref.cell] += 1
        self.depth[ref.cell] = max(self.depth[ref.cell], ref.lag + scanned)

    def release(self, refs: Iterable[Ref]) -> set[int]:
        """Take back `use`; returns the cells that nobody uses any more, which are forgotten."""
        gone: set[int] = set()
        waiting = [ref.cell for ref in refs]
        while waiting:
            number = waiting.pop()
            self.users[number] -= 1
            if self.users[number] == 0:
                gone.add(number)
                cell = self.rows.pop(number)
                del self._index[cell], self.users[number], self.depth[number]
                waiting.extend(o.cell for o in cell.operands if o is not None)
        return gone

    def sweep(self) -> None:
        """Forget cells that were added and never used."""
        for number in sorted(self.rows, reverse=True):
            if self.users[number] == 0:
                cell = self.rows.pop(number)
                del self._index[cell], self.users[number], self.depth[number]
                for operand in cell.operands:
                    if operand is not None:
                        self.users[operand.cell] -= 1

    def under(self, roots: Iterable[int]) -> list[int]:
        """All cells that these need, themselves included, operands first."""
        seen: set[int] = set()
        waiting = list(roots)
        while waiting:
            number = waiting.pop()
            if number not in seen:
                seen.add(number)
                waiting.extend(o.cell for o in self.rows[number].operands if o is not None)
        return sorted(seen)
