"""All strategies of one base interval as one graph that steps with the market.

1. `Engine.add_many` numbers a program's nodes into the shared graph, so equal nodes are one; steps the new
   programs alone over the candles that the panel holds; and merges the state they reach with the state of
   what already runs (`_install`).
2. `Engine.step` runs the instructions of the intervals that closed, for all symbols. Its cost does not
   depend on how many candles are held.
3. Edges compare with the last screened candle of each strategy and symbol (`_screen`), whatever was
   stepped in between.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from screener.bytecode import Code, Floats, Ints, State, Words
from screener.intervals import interval_ms, open_of
from screener.ir import Node, Program
from screener.kernels.run import edges
from screener.panel import Panel
from screener.replay import ConditionValue, condition_nodes, condition_value
from screener.stepper import advance, pack, spans, unpack

__all__ = ["Addition", "ConditionValue", "Engine", "StepResult"]

_PAST = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Addition:
    """A program to add under a key; `screened_until` is the close (ms UTC) of the last candle screened
    before."""

    key: str
    program: Program
    screened_until: int | None = None


@dataclass(frozen=True)
class StepResult:
    """One candle close, screened. Arrays are `[symbols]` in the panel's order.

    `match` is known and true on this candle; `edge` rose since the last screened candle; `unknown` counts
    symbols whose truth is unknown, those without this candle included; `timings` are milliseconds.
    """

    close_time: int
    match: Mapping[str, NDArray[np.bool_]]
    edge: Mapping[str, NDArray[np.bool_]]
    unknown: Mapping[str, int]
    present: NDArray[np.bool_]
    timings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Entry:
    program: Program
    ids: tuple[int, ...]

    @property
    def root(self) -> int:
        return self.ids[self.program.match]


class Engine:
    """Screens the strategies of one base interval over a shared panel. Not safe for use from two threads
    at once."""

    def __init__(self, panel: Panel, base: str) -> None:
        panel.ensure(base)
        self.base = base
        self._panel = panel
        self._step_ms = interval_ms(base)
        self._time: int | None = None
        self._nodes: dict[int, Node] = {}
        self._index: dict[tuple[object, ...], int] = {}
        self._next = 0
        self._entries: dict[str, _Entry] = {}
        self._code = Code({}, base, panel.find)
        self._state = self._code.new_state(panel.width)
        words = panel.width // 64
        # A row for each entry, in order: where the last screened candle was known false, its edges and close.
        self._false: Words = np.zeros((0, words), dtype=np.uint64)
        self._edges: Words = np.zeros((0, words), dtype=np.uint64)
        self._screened: Ints = np.zeros(0, dtype=np.int64)
        self._roots: Ints = np.zeros(0, dtype=np.int64)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._entries)

    @property
    def time(self) -> int | None:
        """Close of the newest base candle stepped, ms UTC."""
        return self._time

    @property
    def intervals(self) -> tuple[str, ...]:
        """Intervals that the running programs read, coarsest first."""
        return self._code.intervals

    @property
    def node_count(self) -> int:
        return len(self._nodes)

    def add(self, key: str, program: Program, screened_until: int | None = None) -> None:
        """Add one program, or replace the one under this key; see `add_many`."""
        self.add_many([Addition(key, program, screened_until)])

    def add_many(self, additions: Iterable[Addition]) -> None:
        """Add programs and bring them to the engine's time by stepping them over the candles held.

        The first edge of a program is relative to its truth at `screened_until`, at the newest candle
        stepped by default; nothing up to there is reported again. Raises ValueError for a program of
        another base interval.
        """
        wanted = {a.key: a for a in additions}
        for a in wanted.values():
            if a.program.base != self.base:
                raise ValueError(f"{a.key} has base interval {a.program.base}, this engine {self.base}")
        if not wanted:
            return
        for a in wanted.values():
            for interval in {n.interval for n in a.program.nodes} - {None}:
                self._panel.ensure(str(interval))
        if self._time is None:
            newest = self._panel.last_open(self.base)
            self._time = None if newest is None else newest + self._step_ms
        if self._state.width != self._panel.width:
            self.rebuild()
        nodes, index = dict(self._nodes), dict(self._index)
        try:
            entries = {k: _Entry(a.program, self._number(a.program)) for k, a in wanted.items()}
            mine = sorted({i for e in entries.values() for i in e.ids})
            code = Code({i: self._nodes[i] for i in mine}, self.base, self._panel.find)
            state = code.new_state(self._panel.width)
            until = [a.screened_until for a in wanted.values()]
            memory = self._backfill(code, state, list(entries.values()), until)
        except BaseException:
            # A program that cannot run leaves the others as they were.
            self._nodes, self._index = nodes, index
            raise
        self._drop({k for k in wanted if k in self._entries})
        self._entries.update(entries)
        self._false = np.vstack([self._false, memory])
        self._edges = np.vstack([self._edges, np.zeros_like(memory)])
        now = _PAST if self._time is None else self._time
        screened = np.array([now if u is None else u for u in until], dtype=np.int64)
        self._screened = np.concatenate([self._screened, screened])
        self._prune()
        self._install(set(nodes), [(state, [i for i in mine if i not in nodes])])

    def remove(self, key: str) -> None:
        """Remove a program; nodes that no other one uses go with it. Raises KeyError."""
        self.remove_many([key])

    def remove_many(self, keys: Sequence[str]) -> None:
        """Remove several programs at once. Raises KeyError, and then removes none."""
        gone = set(keys)
        if not gone:
            return
        for key in gone:
            if key not in self._entries:
                raise KeyError(key)
        self._drop(gone)
        self._prune()
        self._install(set(self._nodes), [])

    def rebuild(self) -> None:
        """Step everything again over the candles held: after a correction, a filled gap, or a new symbol.

        What was screened stays so: a correction of the past neither makes nor loses an edge.
        """
        width = self._panel.width
        if self._false.shape[1] != width // 64:
            grown = ((0, 0), (0, width // 64 - self._false.shape[1]))
            self._false, self._edges = np.pad(self._false, grown), np.pad(self._edges, grown)
        self._code = Code(self._nodes, self.base, self._panel.find)
        self._state = self._code.new_state(width)
        self._backfill(self._code, self._state, [], [])
        self._point_roots()

    def step(self, close_time: int) -> StepResult:
        """Screen the base candle that closed at `close_time` (ms UTC); the panel holds what closed by then.

        Candles that closed since the last step are stepped first, unscreened. Asking again for the same
        close answers the same, and screens only what was added since. Raises ValueError for a time that is
        no close of the base, or one already passed.
        """
        if open_of(close_time, self.base) != close_time:
            raise ValueError(f"no {self.base} candle closes at {close_time}")
        if self._time is not None and close_time < self._time:
            raise ValueError(f"{close_time} was passed already, the engine stands at {self._time}")
        began = time.perf_counter()
        held = self._panel.capacity(self.base) * self._step_ms
        if self._time is None or close_time - self._time > held or self._state.width != self._panel.width:
            self._time = close_time
            self.rebuild()
        elif close_time > self._time:
            closes = {
                i: (open_of(self._time, i) + interval_ms(i), open_of(close_time, i)) for i in self._code.intervals
            }
            for _ in advance(self._code, self._state, self._panel, closes):
                pass
            self._time = close_time
        stepped = time.perf_counter()
        result = self._screen(close_time)
        done = time.perf_counter()
        timings = {"step_ms": (stepped - began) * 1e3, "edges_ms": (done - stepped) * 1e3}
        return replace(result, timings=timings)

    def conditions(self, key: str, symbol: str) -> list[ConditionValue]:
        """A program's conditions for one symbol as of the last step. Raises KeyError."""
        entry, column = self._entries[key], self._panel.index(symbol)
        wanted = condition_nodes(entry.program.conditions)
        values = {n: self._value(entry.ids[n], column) for n in wanted}
        return [condition_value(c, values) for c in entry.program.conditions]

    def values(self, key: str, node: int) -> Floats:
        """The value of one of a program's nodes as of the last step, `[symbols]`; booleans as 1, 0 and
        NaN."""
        ident = self._entries[key].ids[node]
        row, size = self._code.place[ident].row, self._panel.size
        if self._nodes[ident].dtype == "num":
            return self._state.values[row, :size].copy()
        true, false = unpack(self._state.true[row], size), unpack(self._state.false[row], size)
        return np.where(true, 1.0, np.where(false, 0.0, np.nan))

    def _value(self, ident: int, column: int) -> float:
        row = self._code.place[ident].row
        if self._nodes[ident].dtype == "num":
            return float(self._state.values[row, column])
        word, bit = column // 64, column % 64
        if int(self._state.true[row, word]) >> bit & 1:
            return 1.0
        return 0.0 if int(self._state.false[row, word]) >> bit & 1 else float("nan")

    def _drop(self, gone: set[str]) -> None:
        keep = np.array([k not in gone for k in self._entries], dtype=np.bool_)
        self._false, self._edges = self._false[keep], self._edges[keep]
        self._screened = self._screened[keep]
        self._entries = {k: e for k, e in self._entries.items() if k not in gone}

    def _prune(self) -> None:
        """Forget the nodes that no program uses."""
        used = {i for e in self._entries.values() for i in e.ids}
        self._nodes = {i: n for i, n in self._nodes.items() if i in used}
        self._index = {k: i for k, i in self._index.items() if i in used}

    def _number(self, program: Program) -> tuple[int, ...]:
        ids: list[int] = []
        for node in program.nodes:
            args = tuple(ids[a] for a in node.args)
            # Python takes 1, 1.0 and True for the same key; constants of different type differ.
            key = (node.op, args, node.params, tuple(type(p) for p in node.params), node.dtype)
            found = self._index.get(key)
            if found is None:
                found = self._index[key] = self._next
                self._next += 1
                self._nodes[found] = node._replace(args=args)
            ids.append(found)
        return tuple(ids)

    def _backfill(self, code: Code, state: State, entries: Sequence[_Entry], until: Sequence[int | None]) -> Words:
        """Step `state` to the engine's time; returns for each entry where its last screened candle was
        known false."""
        memory = np.zeros((len(entries), self._panel.width // 64), dtype=np.uint64)
        if self._time is None:
            return memory
        limits = [self._time if u is None else u for u in until]
        roots = np.array([code.place[e.root].row for e in entries], dtype=np.int64)
        for chunk in advance(
            code,
            state,
            self._panel,
            spans(code, self._panel, self._time),
            booleans=roots if entries else None,
        ):
            for i, limit in enumerate(limits):
                n = int(np.searchsorted(chunk.closes, limit, side="right"))
                edges(chunk.true[i, :n], chunk.false[i, :n], chunk.present[:n], memory[i], chunk.true[i, :n])
        return memory

    def _install(self, surviving: set[int], arrived: Sequence[tuple[State, Sequence[int]]]) -> None:
        """Compile the graph as it is now and carry over the state of every node."""
        code = Code(self._nodes, self.base, self._panel.find)
        state = code.new_state(self._panel.width)
        state.carry(self._state, [(i, i) for i in self._nodes if i in surviving])
        for other, idents in arrived:
            state.carry(other, [(i, i) for i in idents])
        self._code, self._state = code, state
        self._point_roots()

    def _point_roots(self) -> None:
        rows = [self._code.place[e.root].row for e in self._entries.values()]
        self._roots = np.array(rows, dtype=np.int64)

    def _screen(self, close_time: int) -> StepResult:
        size = self._panel.size
        row = np.empty((1, 1, self._panel.width))
        self._panel.fill(self.base, ("close",), close_time - self._step_ms, row)
        present = pack(~np.isnan(row[0, 0]))
        true = self._state.true[self._roots] & present
        false = self._state.false[self._roots] & present
        late = self._screened < close_time
        self._edges[late] = (true & self._false)[late]
        self._edges[self._screened > close_time] = 0
        self._false = (self._false & ~present) | false
        self._screened = np.maximum(self._screened, close_time)
        known = np.bitwise_count(true | false).sum(axis=1, dtype=np.int64)
        keys = list(self._entries)
        return StepResult(
            close_time,
            dict(zip(keys, unpack(true, size), strict=True)),
            dict(zip(keys, unpack(self._edges, size), strict=True)),
            dict(zip(keys, (size - known).tolist(), strict=True)),
            unpack(present, size),
        )
