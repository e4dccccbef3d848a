"""Some symbols' columns alone: a source that shows them, and which cells read them across the market."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from screener.engine.cells import Cell, Cells
from screener.engine.kernels.codes import BREADTH, RANK, SRC_SYMBOL
from screener.engine.machine import Floats
from screener.engine.panel import Panel, padded


class Columns:
    """A candle source of some columns of a panel."""

    def __init__(self, panel: Panel, columns: Sequence[int]) -> None:
        self._panel = panel
        self._columns = list(columns)
        self.symbols = tuple(panel.symbols[c] for c in columns)
        self.width = padded(len(columns))

    def find(self, symbol: str) -> int:
        return self.symbols.index(symbol) if symbol in self.symbols else -1

    def first_open(self, interval: str) -> int | None:
        return self._panel.first_open(interval)

    def last_open(self, interval: str) -> int | None:
        return self._panel.last_open(interval)

    def fill(self, interval: str, fields: Sequence[str], start: int, out: Floats) -> None:
        """As `Panel.fill`."""
        self._panel.fill_columns(interval, fields, start, self._columns, out)


def tainted(cells: Cells, columns: Collection[int]) -> tuple[list[int], list[int]]:
    """Cells through which these columns reach other symbols, and all others; operands first."""
    wide: set[int] = set()
    order = sorted(cells.rows)
    for number in order:
        cell = cells.rows[number]
        across = RANK <= cell.op <= BREADTH or (cell.op == SRC_SYMBOL and cell.n in columns)
        if across or any(o is not None and o.cell in wide for o in cell.operands):
            wide.add(number)
    return sorted(wide), [n for n in order if n not in wide]


def moved(cells: Cells, numbers: Sequence[int], shown: Sequence[int]) -> dict[int, Cell]:
    """These cells with other symbols' columns named by their place among the columns shown."""
    place = {column: i for i, column in enumerate(shown)}
    found = {}
    for number in numbers:
        cell = cells.rows[number]
        found[number] = cell._replace(n=place.get(cell.n, -1)) if cell.op == SRC_SYMBOL else cell
    return found
