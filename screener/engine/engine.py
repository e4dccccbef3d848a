"""All strategies of all base intervals as one machine that steps with the market.

1. `Engine.add_many` lowers programs into the shared cells, so equal parts are one; steps the cells they need alone
   over the candles held; and takes the new ones over into what already runs (`_install`).
2. `Engine.step` runs the instructions of the intervals that closed, for all symbols. Its cost does not depend on
   how many candles are held.
3. Edges compare with the last screened candle of each strategy and symbol (`screener.engine.roster`), whatever was
   stepped in between.
4. `Engine.refresh` steps the columns of some symbols anew, and what reads them across the market;
   `Engine.peek` and `Engine.peeking` look at a candle that has not closed, and leave no trace.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from screener.engine.cells import Cells, Ref
from screener.engine.kernels.codes import SRC_SYMBOL
from screener.engine.lower import Lowering
from screener.engine.machine import Floats, Ints, Machine
from screener.engine.narrow import Columns, moved, tainted
from screener.engine.panel import Panel
from screener.engine.peek import Forming, peeked
from screener.engine.replay import ConditionValue, condition_nodes, condition_value
from screener.engine.roster import Roster, StepResult
from screener.engine.stepper import CandleSource, Watch, advance, pack, since, spans, unpack
from screener.intervals import candle_index, close_of, is_close, open_at
from screener.ir import Program

__all__ = ["Addition", "ConditionValue", "Engine", "StepResult"]


@dataclass(frozen=True, slots=True)
class Addition:
    """A program to add under a key; `screened_until` is the close (ms UTC) of the last candle screened
    before."""

    key: str
    program: Program
    screened_until: int | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    program: Program
    refs: tuple[Ref | None, ...]

    @property
    def used(self) -> list[Ref]:
        """What is kept for the program; the links of its chain of conditions are not."""
        return [r for r in self.refs if r is not None]

    @property
    def root(self) -> Ref:
        """Where `match` is."""
        found = self.refs[self.program.match]
        assert found is not None
        return found


class Engine:
    """Screens strategies over a shared panel. Not safe for use from two threads at once."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._time: int | None = None
        self._cells = Cells()
        self._machine = Machine(panel.width)
        self._entries: dict[str, _Entry] = {}
        self._roster = Roster(panel.width)
        self._epochs: dict[tuple[int | None, ...], int] = {}

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._entries)

    @property
    def time(self) -> int | None:
        """Close of the newest candle stepped, ms UTC."""
        return self._time

    @property
    def intervals(self) -> tuple[str, ...]:
        """Intervals that the running programs read, coarsest first."""
        return self._machine.intervals

    @property
    def bases(self) -> tuple[str, ...]:
        """Base intervals of the running programs."""
        return self._roster.bases

    @property
    def cell_count(self) -> int:
        """Different row operations that the running programs need."""
        return len(self._cells)

    @property
    def bytes_used(self) -> int:
        """Memory of the state, in bytes; the panel's candles are not counted."""
        return self._machine.bytes_used

    def due(self, close_time: int) -> tuple[str, ...]:
        """Base intervals whose candle closes at `close_time` (ms UTC)."""
        return tuple(b for b in self.bases if is_close(close_time, b))

    def add(self, key: str, program: Program, screened_until: int | None = None) -> None:
        """Add one program, or replace the one under this key; see `add_many`."""
        self.add_many([Addition(key, program, screened_until)])

    def add_many(self, additions: Iterable[Addition]) -> None:
        """Add programs and bring them to the engine's time by stepping them over the candles held.

        The first edge of a program is relative to its truth at `screened_until`, at the newest candle stepped by
        default; nothing up to there is reported again. A program that cannot run raises ValueError and leaves the
        others as they were.
        """
        wanted = {a.key: a for a in additions}
        if not wanted:
            return
        for a in wanted.values():
            for interval in {n.interval for n in a.program.nodes} - {None} | {a.program.base}:
                self._panel.ensure(str(interval))
        if self._time is None:
            self._time = self._newest()
        self._widen()
        lowering = Lowering(self._cells, self._panel.find, self._epoch())
        entries: dict[str, _Entry] = {}
        try:
            for key, a in wanted.items():
                entry = _Entry(a.program, lowering.program(a.program.nodes, _shown(a.program)))
                for ref in entry.used:
                    self._cells.use(ref)
                entries[key] = entry
            scratch, memory = self._backfill(entries, [a.screened_until for a in wanted.values()])
        except BaseException:
            for entry in entries.values():
                self._cells.release(entry.used)
            self._cells.sweep()
            raise
        self._forget([k for k in wanted if k in self._entries])
        self._entries.update(entries)
        self._install(scratch)
        self._roster.add(
            [(k, e.program.base, e.root) for k, e in entries.items()],
            memory,
            [self._time if a.screened_until is None else a.screened_until for a in wanted.values()],
        )

    def remove(self, key: str) -> None:
        """Remove a program; cells that no other one uses go with it. Raises KeyError."""
        self.remove_many([key])

    def remove_many(self, keys: Sequence[str]) -> None:
        """Remove several programs at once. Raises KeyError, and then removes none."""
        for key in keys:
            if key not in self._entries:
                raise KeyError(key)
        self._forget(keys)

    def step(self, close_time: int) -> StepResult:
        """Screen the programs whose base candle closed at `close_time` (ms UTC); the panel holds what closed by then.

        Candles that closed since the last step are stepped first, unscreened. Asking again for the same close screens
        what was added since and the symbols that had no candle before, and otherwise answers the same. Raises
        ValueError for a time that was passed already or closes no minute.
        """
        if not is_close(close_time, "1m"):
            raise ValueError(f"no candle closes at {close_time}")
        if self._time is not None and close_time < self._time:
            raise ValueError(f"{close_time} was passed already, the engine stands at {self._time}")
        began = time.perf_counter()
        self._widen()
        if close_time != self._time:
            self._advance(close_time)
        return self._screen(close_time, self.due(close_time), began)

    def again(self, close_time: int) -> StepResult:
        """Screen once more the programs whose newest candle closed at `close_time` (ms UTC), as asking `step` again
        does, also where the engine has gone on since by shorter candles: for symbols that had no such candle then, got
        it and were refreshed. Nothing is stepped; a base that was not screened at that close is left out.
        """
        began = time.perf_counter()
        self._widen()
        newest = self._time is not None and close_time <= self._time
        bases = [
            b
            for b in (self.due(close_time) if newest else ())
            if candle_index(self._time or 0, b) == candle_index(close_time, b)
            and self._roster.screened(b) == close_time
        ]
        return self._screen(close_time, bases, began)

    def _screen(self, close_time: int, bases: Iterable[str], began: float) -> StepResult:
        stepped = time.perf_counter()
        present = {b: pack(self._panel.has(b, open_at(candle_index(close_time, b) - 1, b))) for b in bases}
        result = self._roster.screen(self._machine, close_time, present, self._panel.size)
        done = time.perf_counter()
        timings = {"step_ms": (stepped - began) * 1e3, "edges_ms": (done - stepped) * 1e3}
        return replace(result, timings=timings)

    def peek(self, keys: Sequence[str], close_time: int, forming: Forming) -> StepResult:
        """What these programs of one base would say if their base candle closed now, with `forming` values
        (field to `[symbols]`) for the candle that closes at `close_time`. Nothing is committed.

        Edges are relative to the last screened candle. Raises KeyError for an unknown key, ValueError for programs of
        several bases and for a candle that is not the next one.
        """
        with self.peeking(keys, close_time, forming) as result:
            return result

    @contextmanager
    def peeking(self, keys: Sequence[str], close_time: int, forming: Forming) -> Iterator[StepResult]:
        """As `peek`; within, `conditions`, `value` and `values` of these programs are those of the forming candle.

        The engine must not be stepped or changed meanwhile.
        """
        self._widen()
        bases = {self._entries[key].program.base for key in keys}
        if len(bases) != 1:
            raise ValueError("programs that peek together have one base interval")
        base = bases.pop()
        if self._time is None or candle_index(close_time, base) - 1 != candle_index(self._time, base):
            raise ValueError(f"{close_time} does not close the {base} candle under way")
        roots = [ref.cell for key in keys for ref in self._entries[key].used]
        with peeked(self._machine, self._panel, base, self._cells.under(roots), close_time, forming) as present:
            yield self._roster.look(self._machine, list(keys), close_time, present, self._panel.size)

    def refresh(self, symbols: Iterable[str]) -> None:
        """Step these symbols' columns anew over the candles held: after a correction, a filled gap, a new or a removed
        symbol. What reads them across the market follows for all symbols; nothing else changes.

        What was screened stays so: a correction of the past neither makes nor loses an edge.
        """
        self._widen()
        columns = sorted({self._panel.index(s) for s in symbols})
        if not columns or self._time is None or not self._cells:
            return
        wide, narrow = tainted(self._cells, set(columns))
        if wide:
            needed = self._cells.under(wide)
            scratch = self._scratch(needed)
            self._run(scratch, self._panel, self._time)
            self._machine.copy(scratch, [(n, n) for n in wide])
        for start in range(0, len(columns) if narrow else 0, 64):
            part = columns[start : start + 64]
            # Other symbols that they read stand behind them.
            seen = [c.n for n in narrow if (c := self._cells.rows[n]).op == SRC_SYMBOL and c.n >= 0]
            shown = list(dict.fromkeys([*part, *seen]))
            source = Columns(self._panel, shown)
            scratch = Machine(source.width)
            scratch.place(moved(self._cells, narrow, shown), self._cells.depth)
            self._run(scratch, source, self._time)
            self._machine.copy(scratch, [(n, n) for n in narrow], {c: i for i, c in enumerate(part)})

    def rebuild(self) -> None:
        """Step everything again over the candles held."""
        self._widen()
        machine = Machine(self._panel.width)
        machine.place(self._cells.rows, self._cells.depth)
        if self._time is not None:
            self._run(machine, self._panel, self._time)
        self._machine = machine

    def conditions(self, key: str, symbol: str) -> list[ConditionValue]:
        """A program's conditions for one symbol as of the last step. Raises KeyError."""
        entry, column = self._entries[key], self._panel.index(symbol)
        wanted = condition_nodes(entry.program.conditions)
        values = {n: self._value(entry, n, column) for n in wanted}
        return [condition_value(c, values) for c in entry.program.conditions]

    def value(self, key: str, node: int, symbol: str) -> float:
        """One node of a program for one symbol as of the last step; booleans as 1, 0 and NaN. Raises KeyError."""
        return self._value(self._entries[key], node, self._panel.index(symbol))

    def values(self, key: str, node: int) -> Floats:
        """The value of one of a program's nodes as of the last step, `[symbols]`; booleans as 1, 0 and
        NaN."""
        return self._column(self._entries[key], node)

    def _column(self, entry: _Entry, node: int) -> Floats:
        ref, size = entry.refs[node], self._panel.size
        if ref is None:
            # A link in a chain of `and`: known as soon as one side is false.
            a, b = (self._column(entry, arg) for arg in entry.program.nodes[node].args)
            return np.where((a == 0.0) | (b == 0.0), 0.0, a * b)
        row = self._row(ref)
        if self._cells.rows[ref.cell].dtype == "num":
            found: Floats = self._machine.values[row, :size].copy()
            return found
        true, false = unpack(self._machine.true[row], size), unpack(self._machine.false[row], size)
        return np.where(true, 1.0, np.where(false, 0.0, np.nan))

    def _row(self, ref: Ref) -> int:
        return int(self._machine.rows_of(np.array([ref.cell]), np.array([ref.lag]))[0])

    def _value(self, entry: _Entry, node: int, column: int) -> float:
        ref = entry.refs[node]
        if ref is None:
            return float(self._column(entry, node)[column])
        row = self._row(ref)
        if self._cells.rows[ref.cell].dtype == "num":
            return float(self._machine.values[row, column])
        word, bit = column // 64, column % 64
        if int(self._machine.true[row, word]) >> bit & 1:
            return 1.0
        return 0.0 if int(self._machine.false[row, word]) >> bit & 1 else float("nan")

    def _newest(self) -> int | None:
        closes = [close_of(o, i) for i in self._panel.intervals if (o := self._panel.last_open(i)) is not None]
        return max(closes, default=None)

    def _epoch(self) -> int:
        """Totals from the first candle held are the same only for programs that start from the same candles."""
        firsts = tuple(self._panel.first_open(i) for i in sorted(self._panel.intervals))
        return self._epochs.setdefault(firsts, len(self._epochs) + 1)

    def _advance(self, close_time: int) -> None:
        """Step to a close, or anew where more candles closed since the last step than the panel holds."""
        before, self._time = self._time, close_time
        if before is None:
            self.rebuild()
            return
        closed = since(self._machine, self._panel, before, close_time, self.bases)
        if any(last - first + 1 > self._panel.capacity(i) for i, (first, last) in closed.items()):
            self.rebuild()
            return
        for _ in advance(self._machine, self._panel, closed):
            pass

    def _widen(self) -> None:
        if self._machine.width != self._panel.width:
            self._machine.widen(self._panel.width)
            self._roster.widen(self._panel.width)

    def _scratch(self, numbers: Sequence[int]) -> Machine:
        machine = Machine(self._panel.width)
        machine.place({n: self._cells.rows[n] for n in numbers}, self._cells.depth)
        return machine

    def _run(self, machine: Machine, source: CandleSource, until: int, watch: Watch | None = None) -> None:
        bases = watch.bases if watch else self.bases
        for _ in advance(machine, source, spans(machine, source, until, bases), watch=watch):
            pass

    def _backfill(
        self, entries: Mapping[str, _Entry], until: Sequence[int | None]
    ) -> tuple[Machine, NDArray[np.uint64]]:
        """Step the cells of these programs alone to the engine's time; also returns for each program the symbols on
        which its last screened candle was known false."""
        memory = np.zeros((len(entries), self._panel.width // 64), dtype=np.uint64)
        scratch = self._scratch(self._cells.under(ref.cell for e in entries.values() for ref in e.used))
        if self._time is not None:
            limits: Ints = np.array([self._time if u is None else u for u in until], dtype=np.int64)
            roots = [e.root for e in entries.values()]
            watch = Watch(roots, [e.program.base for e in entries.values()], memory, limits)
            self._run(scratch, self._panel, self._time, watch)
        return scratch, memory

    def _install(self, scratch: Machine) -> None:
        """Take over the cells that are new, and older values of those that must now keep more."""
        if not self._machine.cells:
            self._machine = scratch
            return
        self._machine.now = np.maximum(self._machine.now, scratch.now)
        new = {n: c for n, c in scratch.cells.items() if n not in self._machine.cells}
        for number in scratch.cells:
            if number not in new:
                self._machine.deepen(number, self._cells.depth[number], scratch)
        self._machine.place(new, self._cells.depth)
        self._machine.copy(scratch, [(n, n) for n in new])

    def _forget(self, keys: Sequence[str]) -> None:
        if not keys:
            return
        gone: set[int] = set()
        for key in keys:
            gone |= self._cells.release(self._entries.pop(key).used)
        self._machine.drop(gone & self._machine.cells.keys())
        self._roster.remove(keys)


def _shown(program: Program) -> set[int]:
    """The nodes whose values people see: the results, and what the conditions name."""
    results = (program.match, program.exit, program.stop, program.target, program.score)
    return {*condition_nodes(program.conditions), *(node for node in results if node is not None)}
