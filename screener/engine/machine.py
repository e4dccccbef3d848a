"""The machine: cells laid out in memory, and the instructions that step them.

1. `Machine.place` gives cells their rows and instructions; `Machine.drop` takes them back; the order of
   instructions, by interval, follows (`_arrange`).
2. A number's cell is a ring of rows in `values`, a boolean's in `true` and `false` (64 symbols a word; neither bit
   is unknown). `row = start + candle number % length`, so nothing is ever moved.
3. `Machine.copy` takes over what another machine computed, for all symbols or for some.

Memory is reserved generously and written only where a cell lies, so what is not used costs no memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from screener.engine.cells import CONSTANT, INTERVALS, Cell
from screener.engine.kernels import codes as K

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

ALL: Final = np.uint64(0xFFFFFFFFFFFFFFFF)
# Numeric memory that starts at zero; all other starts unknown.
_ZERO: Final = frozenset({K.SMOOTH, K.CUMSUM})

Row = TypeVar("Row", np.float64, np.uint64)


class Source(NamedTuple):
    """A slot of the source block: a field of an interval; `kind` is `src` or `external`."""

    interval: int
    kind: str
    field: str
    arguments: str


class Host(NamedTuple):
    """A slot of scalars that all symbols share: a part of the open time, or the start of an anchor."""

    op: str
    what: str
    interval: int
    zone: str


class _Store(Generic[Row]):
    """Rows of one type, handed out in runs and taken back by length."""

    def __init__(self, width: int, blank: Row, tables: int = 1) -> None:
        self.blank: Row = blank
        self.width = width
        self.tables: list[NDArray[Row]] = [np.full((1, width), blank) for _ in range(tables)]
        self.used = 0
        self._free: dict[int, list[int]] = {}

    def take(self, count: int) -> int:
        """First of `count` blank rows."""
        if count == 0:
            return 0
        if self._free.get(count):
            start = self._free[count].pop()
        else:
            start, self.used = self.used, self.used + count
            if self.used > len(self.tables[0]):
                self._reserve(2 * self.used + 4096)
        for table in self.tables:
            table[start : start + count] = self.blank
        return start

    def give_back(self, start: int, count: int) -> None:
        if count:
            self._free.setdefault(count, []).append(start)

    def _reserve(self, rows: int) -> None:
        for i, old in enumerate(self.tables):
            self.tables[i] = np.empty((rows, self.width), dtype=old.dtype)
            self.tables[i][: len(old)] = old

    def copy(self, rows: Ints, other: _Store[Row], theirs: Ints, columns: Mapping[int, int] | None) -> None:
        """Take over rows of another store, all columns, or those here from those there."""
        for to, came in zip(self.tables, other.tables, strict=True):
            _copy_columns(to, rows, came, theirs, columns)

    def widen(self, width: int) -> None:
        for i, old in enumerate(self.tables):
            self.tables[i] = np.empty((len(old), width), dtype=old.dtype)
            self.tables[i][: self.used, : self.width] = old[: self.used]
            self.tables[i][: self.used, self.width :] = self.blank
        self.width = width


class Machine:
    """Cells by their number in `Cells`, which is also the number of their instruction."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.cells: dict[int, Cell] = {}
        self.sources: dict[Source, int] = {}
        self.hosts: dict[Host, int] = {}
        #: Slots given out so far.
        self.slot_count = 0
        self.code: Codes = np.zeros((0, K.COLUMNS), dtype=np.int32)
        self.parameters: Floats = np.zeros((0, K.PARAMETERS))
        self.ready: Ints = np.zeros(0, dtype=np.int64)
        self._level: Ints = np.zeros(0, dtype=np.int64)
        #: Operands of cells that have many: rows of a cell and a lag.
        self.lists: Codes = np.zeros((0, 2), dtype=np.int32)
        self._listed = 0
        self._free_lists: dict[int, list[int]] = {}
        self.rings: Codes = np.zeros((0, K.CELL_COLUMNS), dtype=np.int32)
        self.order: Ints = np.zeros(0, dtype=np.int64)
        self._keys: Ints = np.zeros(0, dtype=np.int64)
        self.first: Ints = np.zeros(len(INTERVALS) + 1, dtype=np.int64)
        #: Intervals that instructions run on, coarsest first.
        self.intervals: tuple[str, ...] = ()
        #: Number of the newest candle stepped, by interval.
        self.now: Ints = np.zeros(len(INTERVALS), dtype=np.int64)
        self._numbers = _Store(width, np.float64(np.nan))
        self._booleans = _Store(width // 64, np.uint64(0), tables=2)
        self._state = _Store(width, np.float64(np.nan))

    @property
    def values(self) -> Floats:
        return self._numbers.tables[0]

    @property
    def true(self) -> Words:
        return self._booleans.tables[0]

    @property
    def false(self) -> Words:
        return self._booleans.tables[1]

    @property
    def state(self) -> Floats:
        return self._state.tables[0]

    @property
    def bytes_used(self) -> int:
        """Memory of the rows that cells lie in."""
        rows = 8 * (self._numbers.used + self._state.used) * self.width
        return rows + 2 * self._booleans.used * self.width // 8

    def place(self, cells: Mapping[int, Cell], depth: Mapping[int, int]) -> None:
        """Add cells, operands before users. `depth` says how many newest values a cell keeps; one more is kept
        where it is more than one, so that a peek at the next candle disturbs nothing."""
        if not cells:
            return
        self._reserve(max(cells) + 1)
        for number, cell in cells.items():
            self.cells[number] = cell
            self._lay(number, cell, depth[number])
            if cell.op == CONSTANT:
                self._fill_constant(number, cell)
            else:
                self._instruct(number, cell)
        self._arrange(arrived=cells)

    def deepen(self, number: int, depth: int, older: Machine) -> None:
        """Make a cell's ring longer where it keeps fewer values; the older ones come from another machine."""
        start, length, interval = (int(v) for v in self.rings[number])
        if _ring(depth) <= length:
            return
        cell = self.cells[number]
        store = self._numbers if cell.dtype == "num" else self._booleans
        now = int(self.now[interval])
        # The row beyond those kept may hold a value that was only peeked at.
        ages = np.arange(max(1, length - 1), dtype=np.int64)
        kept = [table[start + (now - ages) % length] for table in store.tables]
        store.give_back(start, length)
        self._lay(number, cell, depth)
        self.copy(older, [(number, number)], rings_only=True)
        start, length, _ = (int(v) for v in self.rings[number])
        for table, rows in zip(store.tables, kept, strict=True):
            table[start + (now - ages) % length] = rows

    def drop(self, numbers: Collection[int]) -> None:
        """Forget cells, and sources that none reads any more."""
        unread: set[int] = set()
        for number in numbers:
            cell = self.cells.pop(number)
            start, length, _ = (int(v) for v in self.rings[number])
            store = self._numbers if cell.dtype == "num" else self._booleans
            store.give_back(start, length)
            if cell.op == K.ALL:
                self._free_lists.setdefault(cell.n, []).append(int(self.code[number, K.STATE]))
            self._state.give_back(int(self.code[number, K.STATE]), cell.state)
            if K.SRC <= cell.op <= K.SRC_SYMBOL:
                unread.add(int(self.code[number, K.SLOT]))
        if unread:
            unread -= {int(self.code[n, K.SLOT]) for n, c in self.cells.items() if K.SRC <= c.op <= K.SRC_SYMBOL}
            self.sources = {source: slot for source, slot in self.sources.items() if slot not in unread}
        self._arrange(gone=numbers)

    def widen(self, width: int) -> None:
        """More columns, blank."""
        for store in (self._numbers, self._state):
            store.widen(width)
        self._booleans.widen(width // 64)
        self.width = width
        self.ready[:] = 0
        for number, cell in self.cells.items():
            if cell.op == CONSTANT:
                self._fill_constant(number, cell)

    def rows_of(self, numbers: Ints, lags: Ints) -> Ints:
        """Rows that hold the cells' values these many candles ago."""
        start, length, interval = self.rings[numbers].T
        rows: Ints = start + (self.now[interval] - lags) % length
        return rows

    def copy(
        self,
        other: Machine,
        pairs: Sequence[tuple[int, int]],
        columns: Mapping[int, int] | None = None,
        rings_only: bool = False,
    ) -> None:
        """Take over cells from another machine at the same candle: pairs of a number here and there.

        `columns` maps columns here to columns there; None takes all. With `rings_only` their memory stays.
        """
        for here, there in pairs:
            cell = self.cells[here]
            if cell.op == CONSTANT:
                continue
            ages = np.arange(min(self.rings[here, K.LENGTH], other.rings[there, K.LENGTH]), dtype=np.int64)
            mine = self.rings[here, K.START] + (self.now[cell.interval] - ages) % self.rings[here, K.LENGTH]
            their = other.rings[there, K.START] + (other.now[cell.interval] - ages) % other.rings[there, K.LENGTH]
            if cell.dtype == "bool":
                self._booleans.copy(mine, other._booleans, their, columns)
            else:
                self._numbers.copy(mine, other._numbers, their, columns)
            if rings_only:
                continue
            if cell.state:
                rows = np.arange(cell.state, dtype=np.int64)
                to_rows, from_rows = self.code[here, K.STATE] + rows, other.code[there, K.STATE] + rows
                _copy_columns(self.state, to_rows, other.state, from_rows, columns)
            self.ready[here] = other.ready[there] if columns is None else 0

    def _reserve(self, count: int) -> None:
        have = len(self.code)
        if count <= have:
            return
        more = max(count, 2 * have) - have
        self.code = np.concatenate([self.code, np.zeros((more, K.COLUMNS), dtype=np.int32)])
        self.parameters = np.concatenate([self.parameters, np.zeros((more, K.PARAMETERS))])
        self.ready = np.concatenate([self.ready, np.zeros(more, dtype=np.int64)])
        self._level = np.concatenate([self._level, np.zeros(more, dtype=np.int64)])
        self.rings = np.concatenate([self.rings, np.ones((more, K.CELL_COLUMNS), dtype=np.int32)])

    def _lay(self, number: int, cell: Cell, depth: int) -> None:
        length = _ring(depth)
        store = self._numbers if cell.dtype == "num" else self._booleans
        self.rings[number] = (store.take(length), length, cell.interval)

    def _fill_constant(self, number: int, cell: Cell) -> None:
        row, value = int(self.rings[number, K.START]), cell.parameters[0]
        if cell.dtype == "num":
            self.values[row] = value
        else:
            self.true[row] = ALL if value else np.uint64(0)
            self.false[row] = ~self.true[row]

    def _instruct(self, number: int, cell: Cell) -> None:
        row = [cell.op, number]
        if cell.op == K.ALL:
            row += [number, 0] * 4
            start = self._list(cell)
        else:
            for operand in cell.operands:
                row += (number, 0) if operand is None else operand
            row += [number, 0] * (4 - len(cell.operands))
            start = self._state.take(cell.state)
        if cell.op in _ZERO:
            self.state[start : start + cell.state] = 0.0
        self.code[number] = [*row, cell.n, start, self._slot(cell)]
        below = [int(self._level[o.cell]) for o in cell.operands if o is not None]
        self._level[number] = 1 + max(below, default=0)
        self.parameters[number, : len(cell.parameters)] = cell.parameters
        self.ready[number] = 0

    def _list(self, cell: Cell) -> int:
        """First row of a cell's operands in `lists`."""
        count = len(cell.operands)
        if self._free_lists.get(count):
            start = self._free_lists[count].pop()
        else:
            start, self._listed = self._listed, self._listed + count
            if self._listed > len(self.lists):
                more = np.zeros((self._listed + 256, 2), dtype=np.int32)
                self.lists = np.concatenate([self.lists, more])
        self.lists[start : start + count] = [o for o in cell.operands if o is not None]
        return start

    def _slot(self, cell: Cell) -> int:
        if cell.source is None:
            return 0
        kind, what, detail = cell.source
        if kind in ("src", "external"):
            arguments = detail if kind == "external" else ""
            return self.source(Source(cell.interval, kind, what, arguments))
        host = Host(kind, what, cell.interval, detail or "UTC")
        return self.hosts.setdefault(host, len(self.hosts))

    def source(self, source: Source) -> int:
        """The slot of a source, made where it is new."""
        if source not in self.sources:
            self.sources[source] = self.slot_count
            self.slot_count += 1
        return self.sources[source]

    def _arrange(self, arrived: Iterable[int] = (), gone: Iterable[int] = ()) -> None:
        """Keep the instructions ordered by interval, level and kind, and count those of each interval. Nothing of one
        level needs anything of it, so instructions of one kind may stand together."""
        lost = np.fromiter(gone, dtype=np.int64)
        if len(lost):
            kept = ~np.isin(self.order, lost)
            self.order, self._keys = self.order[kept], self._keys[kept]
        new = np.fromiter((n for n in arrived if self.cells[n].op != CONSTANT), dtype=np.int64)
        keys = self.rings[new, K.INTERVAL].astype(np.int64) << 57 | self._level[new] << 40
        keys |= self.code[new, K.OP].astype(np.int64) << 32 | new
        sort = np.argsort(keys)
        at = np.searchsorted(self._keys, keys[sort])
        self.order, self._keys = np.insert(self.order, at, new[sort]), np.insert(self._keys, at, keys[sort])
        bounds = np.arange(len(INTERVALS), dtype=np.int64) << 57
        self.first = np.append(np.searchsorted(self._keys, bounds), len(self._keys)).astype(np.int64)
        busy = np.flatnonzero(np.diff(self.first)).tolist()
        self.intervals = tuple(INTERVALS[i] for i in busy)


def _ring(depth: int) -> int:
    return 1 if depth == 1 else depth + 1


def _copy_columns(
    to: NDArray[Row],
    to_rows: Ints,
    came: NDArray[Row],
    from_rows: Ints,
    columns: Mapping[int, int] | None,
) -> None:
    if columns is None:
        to[to_rows] = came[from_rows]
        return
    for here, there in columns.items():
        if to.dtype != np.uint64:
            to[to_rows, here] = came[from_rows, there]
            continue
        mask = np.uint64(1) << np.uint64(here % 64)
        bit = (came[from_rows, there // 64] >> np.uint64(there % 64)) & np.uint64(1)
        words = to[to_rows, here // 64] & ~mask
        to[to_rows, here // 64] = words | (bit << np.uint64(here % 64))
