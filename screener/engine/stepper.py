"""Driving the machine over candles, for one close or for a whole history.

1. `spans` says which candles of each interval to step when starting from nothing.
2. `advance` orders their closes, the coarsest interval first where several coincide, and cuts them into chunks.
3. For a chunk it reads the sources that the machine uses into one block (`_Block`), with the scalars that all
   symbols share, runs the interpreter and yields the rows asked for and the edges of what is watched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from screener.engine.cells import INTERVAL_NUMBER, INTERVALS, Ref
from screener.engine.external_source import ExternalValues
from screener.engine.kernels.run import expand, run
from screener.engine.machine import Floats, Ints, Machine, Source, Words
from screener.engine.times import shared_scalars
from screener.intervals import candle_index, open_at, opens_at

_CHUNK_BYTES: Final = 32_000_000
_FOUND_ROWS: Final = 1_000_000
_FOR_EVER: Final = np.iinfo(np.int64).max


class CandleSource(Protocol):
    """Where candles are read from: the panel, or arrays."""

    @property
    def symbols(self) -> tuple[str, ...]: ...
    @property
    def width(self) -> int: ...
    def find(self, symbol: str) -> int: ...
    def first_open(self, interval: str) -> int | None: ...
    def last_open(self, interval: str) -> int | None: ...
    def fill(self, interval: str, fields: Sequence[str], start: int, out: Floats) -> None: ...


@dataclass
class Watch:
    """Booleans whose edges are followed: where they are, on which interval they are screened, until which close
    (ms UTC), and `memory` `[watches, words]`: the symbols whose last screened candle was known false."""

    refs: Sequence[Ref]
    bases: Sequence[str]
    memory: Words
    until: Ints | None = None
    record: bool = False
    #: Watches in the order of their interval, and where each interval's begin.
    order: Ints = field(init=False)
    first: Ints = field(init=False)

    def __post_init__(self) -> None:
        bases = np.array([INTERVAL_NUMBER[b] for b in self.bases], dtype=np.int64)
        self.order = np.argsort(bases, kind="stable").astype(np.int64)
        self.first = np.searchsorted(np.sort(bases), np.arange(len(INTERVALS) + 1)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a stretch of history gave.

    `closes` of the base candles `[candles]` ms UTC; rows copied out after each: numbers `[nodes, candles, width]`,
    booleans `[nodes, candles, words]`; symbols that have the base candle `[candles, words]` and its price. Edges of
    what is watched: rows (watch, close ms, symbol).
    """

    closes: Ints
    numbers: Floats
    true: Words
    false: Words
    present: Words
    price: Floats
    edges: Ints


def pack(flags: NDArray[np.bool_]) -> Words:
    """Booleans `[..., width]` as words `[..., width / 64]`."""
    words: Words = np.packbits(flags, axis=-1, bitorder="little").view("<u8")
    return words


def unpack(words: Words, count: int) -> NDArray[np.bool_]:
    """Words `[..., words]` as booleans `[..., count]`."""
    flat = np.ascontiguousarray(words).view(np.uint8)
    return np.unpackbits(flat, axis=-1, bitorder="little", count=count).view(np.bool_)


def spans(machine: Machine, source: CandleSource, until: int, bases: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Number of the first and of the last candle of each interval to step when the state starts from nothing, up
    to the close `until` (ms UTC). What is of a higher interval stays unknown until that closes for the first time."""
    result = {}
    for interval in dict.fromkeys([*machine.intervals, *bases]):
        opened = source.first_open(interval)
        if opened is not None:
            result[interval] = (candle_index(opened, interval), candle_index(until, interval) - 1)
    return result


def since(
    machine: Machine, source: CandleSource, done: int, until: int, bases: Iterable[str]
) -> dict[str, tuple[int, int]]:
    """The candles that closed after `done`, up to `until` (ms UTC), by interval; as in `spans` an interval begins with
    the first candle held."""
    result = {}
    for interval in dict.fromkeys([*machine.intervals, *bases]):
        opened = source.first_open(interval)
        if opened is not None:
            first = max(candle_index(done, interval), candle_index(opened, interval))
            result[interval] = (first, candle_index(until, interval) - 1)
    return result


def advance(
    machine: Machine,
    source: CandleSource,
    candles: Mapping[str, tuple[int, int]],
    base: str | None = None,
    numbers: Sequence[Ref] = (),
    booleans: Sequence[Ref] = (),
    watch: Watch | None = None,
) -> Iterator[Chunk]:
    """Step `machine` over the candles numbered `candles[interval]` (first and last, both included).

    With a `base` the values at `numbers` and `booleans` are copied out after each of its candles. The iterator
    must be exhausted: stepping happens as it goes.
    """
    watched = watch or Watch((), (), np.zeros((0, machine.width // 64), dtype=np.uint64))
    prices = {i: machine.source(Source(INTERVAL_NUMBER[i], "src", "close", "")) for i in {*watched.bases, base} if i}
    price_slot = np.zeros(len(INTERVALS), dtype=np.int64)
    for label, slot in prices.items():
        price_slot[INTERVAL_NUMBER[label]] = slot
    which, number, close = _events(candles)
    width, words = source.width, source.width // 64
    fields = max(Counter(s.interval for s in machine.sources).values(), default=0)
    copied = len(numbers) * width * 8 + len(booleans) * words * 16 if base else 0
    per_chunk = max(1, _CHUNK_BYTES // max(1, fields * width * 8 + copied))
    watches = _WatchTables(watched, words)
    externals = external_values(machine, source, {label: last for label, (_, last) in candles.items()})
    count = len(machine.cells)
    for start in range(0, len(close), per_chunk):
        part = slice(start, start + per_chunk)
        assert len(machine.cells) == count, "the machine changed while it ran"
        block = Block(machine, source, externals, which[part], number[part])
        yield from _stretch(
            machine, source, block, which[part], number[part], close[part], base, numbers, booleans, watches, price_slot
        )


class _WatchTables:
    """What the interpreter wants to know of the watches, in the order of their interval."""

    def __init__(self, watch: Watch, words: int) -> None:
        self.watch = watch
        order = watch.order
        until = np.full(len(order), _FOR_EVER) if watch.until is None else watch.until
        self.cells = _column([r.cell for r in watch.refs])[order]
        self.lags = _column([r.lag for r in watch.refs])[order]
        self.until = np.ascontiguousarray(until[order], dtype=np.int64)
        self.memory: Words = np.ascontiguousarray(watch.memory[order])
        rows = max(_FOUND_ROWS, len(order) * words) if watch.record and len(order) else 0
        self.found: Ints = np.zeros((rows, 3), dtype=np.int64)
        self.bits: Words = np.zeros((rows, 1), dtype=np.uint64)
        self.count = np.zeros(1, dtype=np.int64)

    def take(self, closes: Ints) -> Ints:
        """The edges found since the last time, as rows (watch, close ms, symbol), and room for new ones."""
        n = int(self.count[0])
        self.count[0] = 0
        edges = np.empty((int(np.bitwise_count(self.bits[:n]).sum()), 3), dtype=np.int64)
        expand(self.found, self.bits, n, self.watch.order, closes, edges)
        self.watch.memory[self.watch.order] = self.memory
        return edges


def _stretch(
    machine: Machine,
    source: CandleSource,
    block: Block,
    which: Ints,
    number: Ints,
    close: Ints,
    base: str | None,
    numbers: Sequence[Ref],
    booleans: Sequence[Ref],
    watches: _WatchTables,
    price_slot: Ints,
) -> Iterator[Chunk]:
    width, words = source.width, source.width // 64
    is_base = which == (INTERVAL_NUMBER[base] if base else -1)
    out = np.where(is_base, np.cumsum(is_base) - 1, -1)
    kept = int(is_base.sum())
    out_n = np.empty((len(numbers), kept, width))
    out_t = np.empty((len(booleans), kept, words), dtype=np.uint64)
    out_f = np.empty((len(booleans), kept, words), dtype=np.uint64)
    cells_n, lags_n = _column([r.cell for r in numbers]), _column([r.lag for r in numbers])
    cells_b, lags_b = _column([r.cell for r in booleans]), _column([r.lag for r in booleans])
    done = 0
    parts: list[Ints] = []
    while done < len(which):
        steps = run(
            machine.code, machine.lists, machine.parameters, machine.ready, machine.order, machine.first, machine.rings,
            len(source.symbols), machine.values, machine.true, machine.false, machine.state,
            machine.now, which[done:], block.candle[done:], number[done:], close[done:], out[done:],
            block.data, block.slots, block.scalars, block.hosts,
            cells_n, lags_n, out_n, cells_b, lags_b, out_t, out_f,
            price_slot, watches.watch.first, watches.cells, watches.lags, watches.until, watches.memory,
            watches.found, watches.bits, watches.count,
        )  # fmt: skip
        parts.append(watches.take(close[done:]))
        done += steps
    found = np.concatenate(parts)
    if base:
        at = block.slots[price_slot[INTERVAL_NUMBER[base]]]
        price = block.data[at : at + kept]
    else:
        price = np.empty((0, width))
    yield Chunk(close[is_base], out_n, out_t, out_f, pack(~np.isnan(price)), price, found)


def _column(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _events(candles: Mapping[str, tuple[int, int]]) -> tuple[Ints, Ints, Ints]:
    """Interval, number and close (ms UTC) of each candle to step, in order."""
    parts = [np.empty((3, 0), dtype=np.int64)]
    for label, (first, last) in candles.items():
        if last >= first:
            numbers = np.arange(first, last + 1, dtype=np.int64)
            kind = np.full(len(numbers), INTERVAL_NUMBER[label], dtype=np.int64)
            parts.append(np.stack([kind, numbers, opens_at(numbers + 1, label)]))
    table = np.concatenate(parts, axis=1)
    order = np.lexsort((table[0], table[2]))
    return table[0][order], table[1][order], table[2][order]


def external_values(machine: Machine, source: CandleSource, last: Mapping[str, int]) -> ExternalValues:
    """The external indicators that a machine reads, up to the candles numbered `last`, by interval."""
    wanted = [(INTERVALS[s.interval], s.field, s.arguments) for s in machine.sources if s.kind == "external"]
    return ExternalValues(source, wanted, dict(last))


class Block:
    """The source block of a chunk: rows `[slot and candle, width]`, and where each slot's rows begin."""

    def __init__(
        self, machine: Machine, source: CandleSource, externals: ExternalValues, which: Ints, number: Ints
    ) -> None:
        self._externals = externals
        self.candle = np.zeros(len(which), dtype=np.int64)
        self.slots = np.zeros(machine.slot_count, dtype=np.int64)
        self.hosts = np.zeros(max(1, len(machine.hosts)), dtype=np.int64)
        wanted: dict[int, list[Source]] = {}
        for slot in machine.sources:
            wanted.setdefault(slot.interval, []).append(slot)
        numbers: dict[int, Ints] = {}
        rows = 0
        for i in np.unique(which).tolist():
            mine = which == i
            numbers[i] = number[mine]
            self.candle[mine] = np.arange(len(numbers[i]))
            rows += len(numbers[i]) * len(wanted.get(i, ()))
        self.data: Floats = np.empty((rows, source.width))
        at = 0
        for i, candles in numbers.items():
            at = self._read(machine, source, i, candles, wanted.get(i, []), at)
        scalars = [np.zeros(0)]
        at = 0
        for host, place in machine.hosts.items():
            if host.interval not in numbers:
                continue
            self.hosts[place] = at
            label = INTERVALS[host.interval]
            opens = opens_at(numbers[host.interval], label)
            scalars.append(shared_scalars(host.op, host.what, host.zone, label, opens))
            at += len(scalars[-1])
        self.scalars: Floats = np.concatenate(scalars)

    def _read(
        self, machine: Machine, source: CandleSource, interval: int, candles: Ints, wanted: Sequence[Source], at: int
    ) -> int:
        label, count = INTERVALS[interval], len(candles)
        start = open_at(int(candles[0]), label)
        plain = [s for s in wanted if s.kind == "src"]
        fields = [s.field for s in plain]
        part = self.data[at : at + count * len(plain)].reshape(len(plain), count, source.width)
        if plain:
            source.fill(label, fields, start, part)
        for slot in plain:
            self.slots[machine.sources[slot]] = at
            at += count
        for slot in wanted:
            if slot.kind == "external":
                self.slots[machine.sources[slot]] = at
                self.data[at : at + count] = self._externals.rows(label, slot.field, slot.arguments, candles)
                at += count
        return at


__all__ = ["Block", "CandleSource", "Chunk", "Watch", "advance", "external_values", "pack", "since", "spans", "unpack"]
