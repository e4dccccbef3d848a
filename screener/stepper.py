"""Driving the interpreter over candles, for one close or for a whole history.

1. `spans` says which candles of each interval to step when starting from nothing.
2. `advance` orders their closes, the coarsest interval first where several coincide, and cuts them into
   chunks.
3. For a chunk it reads the sources that the code uses into one block, computes the scalars that all
   symbols share (`shared_scalars`), runs the interpreter and yields the rows asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from screener.bytecode import Code, Floats, Host, Ints, State, Words
from screener.intervals import interval_ms, open_of
from screener.kernels.run import run

_CHUNK_BYTES = 32_000_000
_QUARTER = 900_000


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


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows copied out after each base candle: closes `[candles]` ms UTC, numbers `[nodes, candles,
    width]`, booleans `[nodes, candles, words]`, and the symbols that have the base candle `[candles,
    words]`."""

    closes: Ints
    numbers: Floats
    true: Words
    false: Words
    present: Words
    price: Floats


def pack(flags: NDArray[np.bool_]) -> Words:
    """Booleans `[..., width]` as words `[..., width / 64]`."""
    words: Words = np.packbits(flags, axis=-1, bitorder="little").view("<u8")
    return words


def unpack(words: Words, count: int) -> NDArray[np.bool_]:
    """Words `[..., words]` as booleans `[..., count]`."""
    flat = np.ascontiguousarray(words).view(np.uint8)
    return np.unpackbits(flat, axis=-1, bitorder="little", count=count).view(np.bool_)


def spans(code: Code, source: CandleSource, until: int) -> dict[str, tuple[int, int]]:
    """First and last close of each interval when the state starts from nothing, up to the close `until`.

    A higher interval starts one candle before its first: that candle is missing, hence unknown, which is
    what the interval's expressions are until it closes for the first time.
    """
    result = {}
    for interval in code.intervals:
        step = interval_ms(interval)
        first = source.first_open(interval)
        if interval == code.base:
            if first is not None:
                result[interval] = (first + step, until)
            continue
        if first is None:
            start = source.first_open(code.base)
            first = open_of(until if start is None else start, interval)
        result[interval] = (first, open_of(until, interval))
    return result


def advance(
    code: Code,
    state: State,
    source: CandleSource,
    closes: Mapping[str, tuple[int, int]],
    numbers: Ints | None = None,
    booleans: Ints | None = None,
) -> Iterator[Chunk]:
    """Step `state` over the candles that close within `closes[interval]` (first and last, both included).

    With rows in `numbers` or `booleans` they are copied out after each base candle; else chunks carry
    closes only. The iterator must be exhausted: stepping happens as it goes.
    """
    copying = numbers is not None or booleans is not None
    rows_n = np.empty(0, dtype=np.int64) if numbers is None else numbers
    rows_b = np.empty(0, dtype=np.int64) if booleans is None else booleans
    event_close, event_interval = _events(code, closes)
    base = len(code.intervals) - 1
    width, words = source.width, source.width // 64
    copied = len(rows_n) * width * 8 + len(rows_b) * words * 16 if copying else 0
    heaviest = max(len(f) for f in code.fields.values()) * width * 8 + copied
    per_chunk = max(1, _CHUNK_BYTES // heaviest)
    for start in range(0, len(event_close), per_chunk):
        when = event_close[start : start + per_chunk]
        which = event_interval[start : start + per_chunk]
        is_base = which == base
        count = int(is_base.sum())
        block = _Block(code, source, when, which)
        out = np.where(is_base & copying, np.cumsum(is_base) - 1, -1)
        kept = count if copying else 0
        out_n = np.empty((len(rows_n), kept, width))
        out_t = np.empty((len(rows_b), kept, words), dtype=np.uint64)
        out_f = np.empty((len(rows_b), kept, words), dtype=np.uint64)
        run(
            code.table, code.parameters, code.order, code.first, len(source.symbols),
            state.values, state.true, state.false,
            state.floats, state.bits_true, state.bits_false, state.position,
            which, block.candle, out,
            block.data, block.slots, block.scalars, block.hosts,
            rows_n, out_n, rows_b, out_t, out_f,
        )  # fmt: skip
        price = block.data[block.slots[0] : block.slots[0] + count]
        present = pack(~np.isnan(price))
        yield Chunk(when[is_base], out_n, out_t, out_f, present, price)


def _events(code: Code, closes: Mapping[str, tuple[int, int]]) -> tuple[Ints, Ints]:
    when: list[Ints] = []
    which: list[Ints] = []
    for i, interval in enumerate(code.intervals):
        if interval in closes:
            first, last = closes[interval]
            when.append(np.arange(first, last + 1, interval_ms(interval), dtype=np.int64))
            which.append(np.full(len(when[-1]), i, dtype=np.int64))
    if not when:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    close, interval_number = np.concatenate(when), np.concatenate(which)
    order = np.lexsort((interval_number, close))
    return close[order], interval_number[order]


class _Block:
    """The source block of a chunk: rows `[slot and candle, width]`, and where each slot's rows begin."""

    def __init__(self, code: Code, source: CandleSource, when: Ints, which: Ints) -> None:
        self.candle = np.zeros(len(when), dtype=np.int64)
        self.slots = np.zeros(len(code.sources), dtype=np.int64)
        self.hosts = np.zeros(max(1, len(code.hosts)), dtype=np.int64)
        opens: dict[str, Ints] = {}
        rows = 0
        parts: list[tuple[str, int, int]] = []
        for i, interval in enumerate(code.intervals):
            mine = which == i
            opens[interval] = when[mine] - interval_ms(interval)
            count = len(opens[interval])
            self.candle[mine] = np.arange(count)
            parts.append((interval, rows, count))
            rows += count * len(code.fields[interval])
        self.data: Floats = np.empty((rows, source.width))
        for interval, row, count in parts:
            fields = code.fields[interval]
            for k, field in enumerate(fields):
                self.slots[code.slot(interval, field)] = row + k * count
            if count and fields:
                part = self.data[row : row + count * len(fields)].reshape(len(fields), count, source.width)
                source.fill(interval, fields, int(opens[interval][0]), part)
        scalars = [np.zeros(0)]
        at = 0
        for host, slot in code.hosts.items():
            self.hosts[slot] = at
            scalars.append(shared_scalars(host, opens[host.interval]))
            at += len(scalars[-1])
        self.scalars: Floats = np.concatenate(scalars)


def shared_scalars(host: Host, opens: Ints) -> Floats:
    """A part of the candles' open times, or 1 where a candle is the first of its anchor; `[candles]`."""
    if host.op == "first":
        starts: Floats = ((opens - open_of(0, host.what)) % interval_ms(host.what) == 0).astype(np.float64)
        return starts
    local = opens + _offsets(opens, host.zone)
    days = local // 86_400_000
    match host.what:
        case "minute":
            part = local // 60_000 % 60
        case "hour":
            part = local // 3_600_000 % 24
        case "weekday":
            part = (days + 3) % 7
        case "day":
            dates = days.astype("datetime64[D]")
            part = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
        case "month":
            part = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
        case _:
            raise ValueError(f"unknown part of a time: {host.what}")
    result: Floats = part.astype(np.float64)
    return result


def _offsets(opens: Ints, zone: str) -> Ints:
    """Milliseconds that the zone's clock is ahead of UTC; every zone changes on a quarter of an hour."""
    if zone == "UTC" or not len(opens):
        return np.zeros(len(opens), dtype=np.int64)
    quarters, back = np.unique(opens // _QUARTER, return_inverse=True)
    info = ZoneInfo(zone)
    ahead = np.empty(len(quarters), dtype=np.int64)
    for i, quarter in enumerate(quarters):
        offset = datetime.fromtimestamp(int(quarter) * 900, tz=UTC).astimezone(info).utcoffset()
        assert offset is not None
        ahead[i] = int(offset.total_seconds() * 1000)
    result: Ints = ahead[back]
    return result
