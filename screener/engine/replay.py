"""A program over a whole history, with the engine's own machine.

1. `Candles` is a source over arrays; the panel is one too.
2. `replay` steps a fresh machine over all candles and keeps the truth of `match` and its rising edges.
3. `History` gives the values of any node, by stepping again; nothing but the answer is held in memory.
4. `replay_edges` follows many programs at once and gives their edges alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from screener.engine.calendar_candles import calendar_span, fill_calendar
from screener.engine.cells import Cells, Ref
from screener.engine.kernels.run import edges
from screener.engine.lower import Lowering
from screener.engine.machine import Floats, Ints, Machine, Words
from screener.engine.panel import padded
from screener.engine.stepper import CandleSource, Chunk, Watch, advance, pack, spans, unpack
from screener.intervals import CALENDAR, INTERVAL_MS, close_of, interval_ms, open_of
from screener.ir import Condition, Program


class ConditionValue(NamedTuple):
    """What a condition was on one candle: both sides where it compares numbers, and true, false or None
    for unknown."""

    name: str
    text: str
    left: float | None
    right: float | None
    op: str | None
    value: bool | None


@dataclass(frozen=True)
class Candles:
    """Candles as arrays: for each interval open times `[candles]` (ms UTC, ascending) and fields
    `[candles, symbols]`, NaN where a symbol has no candle. Candles that no symbol has may be left out."""

    symbols: tuple[str, ...]
    series: Mapping[str, tuple[Ints, Mapping[str, Floats]]]

    @property
    def width(self) -> int:
        return padded(len(self.symbols))

    def find(self, symbol: str) -> int:
        return self.symbols.index(symbol) if symbol in self.symbols else -1

    def _times(self, interval: str) -> Ints:
        return self.series[interval][0] if interval in self.series else np.empty(0, dtype=np.int64)

    def first_open(self, interval: str) -> int | None:
        if interval in CALENDAR and interval not in self.series:
            return calendar_span(interval, self.first_open("1d"), self.last_open("1d"))[0]
        times = self._times(interval)
        return int(times[0]) if len(times) else None

    def last_open(self, interval: str) -> int | None:
        if interval in CALENDAR and interval not in self.series:
            return calendar_span(interval, self.first_open("1d"), self.last_open("1d"))[1]
        times = self._times(interval)
        return int(times[-1]) if len(times) else None

    def fill(self, interval: str, fields: Sequence[str], start: int, out: Floats) -> None:
        """As `Panel.fill`."""
        if interval in CALENDAR:
            fill_calendar(self.fill, interval, fields, start, out)
            return
        out.fill(np.nan)
        if interval not in self.series:
            return
        times, columns = self.series[interval]
        step, count = interval_ms(interval), out.shape[1]
        low, high = np.searchsorted(times, [start, start + step * count])
        offsets, rest = np.divmod(times[low:high] - start, step)
        if rest.any():
            raise ValueError(f"a time is not the open of a {interval} candle")
        for i, name in enumerate(fields):
            if name == "sell_volume" and name not in columns and {"volume", "buy_volume"} <= columns.keys():
                values = columns["volume"][low:high] - columns["buy_volume"][low:high]
            elif name in columns:
                values = columns[name][low:high]
            else:
                continue
            out[i, offsets, : len(self.symbols)] = np.where(np.isfinite(values), values, np.nan)


class History:
    """`times` closes of the base candles held `[n]` ms UTC; `match` `[n, symbols]` int8: 1 true, 0 false,
    -1 unknown; `edges` `[n, symbols]` rising edges; `price` `[n, symbols]` the base close. A missing base
    candle is unknown."""

    def __init__(self, program: Program, candles: CandleSource, base: str, until: int | None = None) -> None:
        self.program = program
        self.symbols = candles.symbols
        self._candles = candles
        self._base = base
        self._cells = Cells()
        self._lowering = Lowering(self._cells, candles.find)
        self._refs: dict[int, Ref] = {}
        root = self._ref(program.match)
        newest = candles.last_open(base)
        last = 0 if newest is None else close_of(newest, base)
        self._until = last if until is None else min(last, open_of(until, base))
        self._known: dict[tuple[int, int], int] | None = None
        self._picked: dict[int, Floats] = {}
        size = len(self.symbols)
        memory = np.zeros(candles.width // 64, dtype=np.uint64)
        times: list[Ints] = []
        price: list[Floats] = []
        match: list[NDArray[np.int8]] = []
        rising: list[NDArray[np.bool_]] = []
        machine = self._fresh()
        spans_ = self._spans(machine)
        for chunk in advance(machine, candles, spans_, base, booleans=[root]):
            true, false = chunk.true[0] & chunk.present, chunk.false[0] & chunk.present
            edge = np.empty_like(true)
            edges(true, false, chunk.present, memory, edge)
            times.append(chunk.closes)
            price.append(chunk.price[:, :size].copy())
            known = unpack(true | false, size).astype(np.int8) - 1
            match.append(unpack(true, size).astype(np.int8) + known)
            rising.append(unpack(edge, size))
        self.times: Ints = np.concatenate(times) if times else np.empty(0, dtype=np.int64)
        self._rows = self._held(base)
        self.times = self.times[self._rows]
        empty = np.empty((0, size))
        self.price: Floats = np.concatenate([*price, empty])[self._rows]
        self.match: NDArray[np.int8] = np.concatenate([*match, empty.astype(np.int8)])[self._rows]
        self.edges: NDArray[np.bool_] = np.concatenate([*rising, empty.astype(np.bool_)])[self._rows]

    def values(self, node: int) -> Floats:
        """A node's value after each base candle, `[n, symbols]`; booleans as 1, 0 and NaN for unknown."""
        size = len(self.symbols)
        boolean = self.program.nodes[node].dtype == "bool"
        parts: list[Floats] = [np.empty((0, size))]
        for chunk in self._pass([] if boolean else [node], [node] if boolean else []):
            if boolean:
                true, false = unpack(chunk.true[0], size), unpack(chunk.false[0], size)
                parts.append(np.where(true, 1.0, np.where(false, 0.0, np.nan)))
            else:
                parts.append(chunk.numbers[0, :, :size].copy())
        return np.concatenate(parts)[self._rows]

    def newest(self, nodes: Sequence[int], count: int) -> dict[int, Floats]:
        """Values of nodes after the newest `count` base candles, `[at most count, symbols]` by node, in one pass."""
        size, kinds = len(self.symbols), self.program.nodes
        numbers = [n for n in nodes if kinds[n].dtype == "num"]
        booleans = [n for n in nodes if kinds[n].dtype == "bool"]
        kept = self._rows[max(0, len(self._rows) - count) :]
        found = {n: np.full((len(kept), size), np.nan) for n in nodes}
        at = 0
        for chunk in self._pass(numbers, booleans):
            mine = np.flatnonzero((kept >= at) & (kept < at + len(chunk.closes)))
            rows = kept[mine] - at
            at += len(chunk.closes)
            for k, n in enumerate(numbers):
                found[n][mine] = chunk.numbers[k, rows, :size]
            for k, n in enumerate(booleans):
                true, false = unpack(chunk.true[k, rows], size), unpack(chunk.false[k, rows], size)
                found[n][mine] = np.where(true, 1.0, np.where(false, 0.0, np.nan))
        return found

    def truths(self, nodes: Sequence[int]) -> tuple[Words, Words]:
        """Where booleans are true and where they are false after each base candle, bits of symbols
        `[nodes, n, words]`, in one pass."""
        size, width = len(self.symbols), self._candles.width
        real = pack(np.arange(width) < size)
        none: list[Words] = [np.zeros((len(nodes), 0, width // 64), dtype=np.uint64)]
        chunks = [(chunk.true & real, chunk.false & real) for chunk in self._pass([], nodes)]
        true, false = (np.concatenate(none + [c[k] for c in chunks], axis=1)[:, self._rows] for k in (0, 1))
        return true, false

    def _pass(self, numbers: Sequence[int], booleans: Sequence[int]) -> Iterator[Chunk]:
        """Once more over the whole history, with the values of these nodes."""
        at_numbers, at_booleans = [self._ref(n) for n in numbers], [self._ref(n) for n in booleans]
        machine = self._fresh()
        return advance(machine, self._candles, self._spans(machine), self._base, at_numbers, at_booleans)

    def conditions(self, cells: Sequence[tuple[int, int]]) -> list[list[ConditionValue]]:
        """The program's conditions at each (candle, symbol) index, in one pass over the history."""
        wanted = condition_nodes(self.program.conditions)
        found = self.pick(wanted, cells)
        return [
            [condition_value(c, {n: found[n][i] for n in wanted}) for c in self.program.conditions]
            for i in range(len(cells))
        ]

    def conditions_at(self, candle: int, symbol: int) -> list[ConditionValue]:
        """The conditions at one candle and symbol index; asking for an edge reads all edges at once."""
        wanted = condition_nodes(self.program.conditions)
        if self._known is None:
            cells = [(int(i), int(s)) for i, s in np.argwhere(self.edges)]
            self._known = {cell: k for k, cell in enumerate(cells)}
            self._picked = self.pick(wanted, cells)
        at = self._known.get((candle, symbol))
        if at is None:
            return self.conditions([(candle, symbol)])[0]
        return [condition_value(c, {n: self._picked[n][at] for n in wanted}) for c in self.program.conditions]

    def pick(self, nodes: Sequence[int], cells: Sequence[tuple[int, int]]) -> dict[int, Floats]:
        """Values of nodes at (candle, symbol) indices, `[cells]` by node; booleans as in `values`."""
        found = {n: np.full(len(cells), np.nan) for n in nodes}
        if not cells or not nodes:
            return found
        where = np.array(cells, dtype=np.int64)
        when, column = self.times[where[:, 0]], where[:, 1]
        kinds = self.program.nodes
        numbers = [n for n in nodes if kinds[n].dtype == "num"]
        booleans = [n for n in nodes if kinds[n].dtype == "bool"]
        at_numbers, at_booleans = [self._ref(n) for n in numbers], [self._ref(n) for n in booleans]
        machine = self._fresh()
        for chunk in advance(
            machine,
            self._candles,
            self._spans(machine, int(when.max())),
            self._base,
            at_numbers,
            at_booleans,
        ):
            if not len(chunk.closes):
                continue
            mine = np.flatnonzero((when >= chunk.closes[0]) & (when <= chunk.closes[-1]))
            row = np.searchsorted(chunk.closes, when[mine])
            word, bit = column[mine] // 64, (column[mine] % 64).astype(np.uint64)
            for k, n in enumerate(numbers):
                found[n][mine] = chunk.numbers[k, row, column[mine]]
            for k, n in enumerate(booleans):
                true = chunk.true[k, row, word] >> bit & np.uint64(1)
                false = chunk.false[k, row, word] >> bit & np.uint64(1)
                found[n][mine] = np.where(true == 1, 1.0, np.where(false == 1, 0.0, np.nan))
        return found

    def _ref(self, node: int) -> Ref:
        """Where a node's value is; from now on a machine has it."""
        if node not in self._refs:
            ref = self._lowering.program(self.program.nodes, {node})[node]
            assert ref is not None
            self._cells.use(ref)
            self._refs[node] = ref
        return self._refs[node]

    def _fresh(self) -> Machine:
        machine = Machine(self._candles.width)
        keep = self._cells.under(r.cell for r in self._refs.values())
        machine.place({n: self._cells.rows[n] for n in keep}, self._cells.depth)
        return machine

    def _spans(self, machine: Machine, until: int | None = None) -> dict[str, tuple[int, int]]:
        return spans(machine, self._candles, self._until if until is None else until, [self._base])

    def _held(self, base: str) -> NDArray[np.intp]:
        """Rows of `times` that the source names; arrays may leave out candles that no symbol has."""
        if isinstance(self._candles, Candles) and base in self._candles.series:
            opens = self._candles.series[base][0] + interval_ms(base)
            return np.searchsorted(self.times, opens[opens <= self._until])
        return np.arange(len(self.times))


def replay(program: Program, candles: CandleSource, base: str | None = None, until: int | None = None) -> History:
    """Step `program` over all candles up to the close `until` (ms UTC; default: the newest base candle).

    Raises ValueError for a base that is no interval, or candles off their interval's grid.
    """
    chosen = program.base if base is None else base
    if chosen not in INTERVAL_MS:
        raise ValueError(f"unknown interval {chosen!r}")
    return History(program, candles, chosen, until)


def replay_edges(
    programs: Sequence[Program], candles: CandleSource, since: int = 0, until: int | None = None
) -> NDArray[np.int64]:
    """Rising edges of many programs in one pass: rows (program, close ms UTC, symbol index), by close.

    Edges of closes before `since` are left out, candles after `until` are not stepped.
    """
    machine, roots = _matching(programs, candles)
    bases = [p.base for p in programs]
    closes = [close_of(o, b) for b in dict.fromkeys(bases) if (o := candles.last_open(b)) is not None]
    last = max(closes, default=0) if until is None else until
    memory: Words = np.zeros((len(programs), candles.width // 64), dtype=np.uint64)
    watch = Watch(roots, bases, memory, record=True)
    parts = [np.empty((0, 3), dtype=np.int64)]
    for chunk in advance(machine, candles, spans(machine, candles, last, list(dict.fromkeys(bases))), watch=watch):
        parts.append(chunk.edges[chunk.edges[:, 1] >= since] if since else chunk.edges)
    return np.concatenate(parts)


def truths(
    programs: Sequence[Program], candles: CandleSource, base: str, since: int, until: int
) -> tuple[Ints, NDArray[np.int8]]:
    """`match` of many programs of one base interval on the candles that close after `since`, up to `until` (ms UTC), in
    one pass: their closes `[n]`, and `[programs, n, symbols]` 1 true, 0 false, -1 unknown, which it is too where a
    symbol has no such candle.
    """
    size = len(candles.symbols)
    closes: list[Ints] = [np.empty(0, dtype=np.int64)]
    found: list[NDArray[np.int8]] = [np.empty((len(programs), 0, size), dtype=np.int8)]
    if not programs:
        return closes[0], found[0]
    machine, roots = _matching(programs, candles)
    for chunk in advance(machine, candles, spans(machine, candles, until, [base]), base, booleans=roots):
        rows = np.flatnonzero((chunk.closes > since) & (chunk.closes <= until))
        if len(rows):
            true = unpack(chunk.true[:, rows] & chunk.present[rows], size)
            false = unpack(chunk.false[:, rows] & chunk.present[rows], size)
            closes.append(chunk.closes[rows])
            found.append(np.where(true, 1, np.where(false, 0, -1)).astype(np.int8))
    return np.concatenate(closes), np.concatenate(found, axis=1)


def _matching(programs: Sequence[Program], candles: CandleSource) -> tuple[Machine, list[Ref]]:
    """A machine that steps the matches of the programs alone, and where each program's is."""
    cells = Cells()
    lowering = Lowering(cells, candles.find)
    roots: list[Ref] = []
    for program in programs:
        root = lowering.program(program.nodes, {program.match})[program.match]
        assert root is not None, "a node that is wanted has a place"
        cells.use(root)
        roots.append(root)
    keep = cells.under(r.cell for r in roots)
    machine = Machine(candles.width)
    machine.place({n: cells.rows[n] for n in keep}, cells.depth)
    return machine, roots


def condition_nodes(conditions: Sequence[Condition]) -> list[int]:
    """The nodes whose values the conditions name, each once."""
    named = [n for c in conditions for n in (c.root, c.left, c.right) if n is not None]
    return list(dict.fromkeys(named))


def condition_value(condition: Condition, values: Mapping[int, float]) -> ConditionValue:
    """A condition's record from the values of its nodes, booleans as 1, 0 and NaN."""

    def number(node: int | None) -> float | None:
        value = np.nan if node is None else float(values[node])
        return None if np.isnan(value) else value

    truth = number(condition.root)
    return ConditionValue(
        condition.name,
        condition.text,
        number(condition.left),
        number(condition.right),
        condition.op,
        None if truth is None else truth > 0.5,
    )
