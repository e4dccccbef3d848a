"""Candles of all symbols, one ring for each interval.

An interval's ring is `[fields, capacity, symbols]` float64, symbols padded to a multiple of 64. A candle's
row follows from its open time alone (`_Ring.row`), so appending writes one row and nothing moves. NaN is
"no such candle". A row whose recorded open time differs from the one asked for is stale and reads as NaN,
so old rows need no clearing. Calendar intervals have no ring: they are made of the days held when they are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from screener.engine.calendar_candles import calendar_span, fill_calendar
from screener.intervals import CALENDAR, interval_ms, open_of

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

#: Fields that are stored. Sell volume is volume less buy volume.
STORED = ("open", "high", "low", "close", "volume", "quote_volume", "trades", "buy_volume")
_ROW = {name: i for i, name in enumerate(STORED)}
_NEVER = np.iinfo(np.int64).min


def padded(count: int) -> int:
    """The next multiple of 64, at least 64."""
    return max(64, -(-count // 64) * 64)


class _Ring:
    def __init__(self, interval: str, capacity: int, width: int) -> None:
        self.interval = interval
        self.step = interval_ms(interval)
        self.capacity = capacity
        self.data: Floats = np.full((len(STORED), capacity, width), np.nan)
        self.opens: Times = np.full(capacity, _NEVER, dtype=np.int64)
        self.first: int | None = None
        self.last: int | None = None

    def row(self, opens: Times) -> NDArray[np.intp]:
        return (opens // self.step % self.capacity).astype(np.intp)

    def claim(self, opens: Times) -> NDArray[np.intp]:
        """Rows for these candles, cleared where they held another; extends the span of candles held."""
        rows = self.row(opens)
        stale = self.opens[rows] != opens
        if stale.any():
            self.data[:, rows[stale]] = np.nan
            self.opens[rows[stale]] = opens[stale]
        low, high = int(opens.min()), int(opens.max())
        self.last = high if self.last is None else max(self.last, high)
        self.first = low if self.first is None else min(self.first, low)
        self.first = max(self.first, self.last - (self.capacity - 1) * self.step)
        return rows

    def resized(self, capacity: int, width: int) -> _Ring:
        new = _Ring(self.interval, capacity, width)
        if self.first is not None and self.last is not None:
            held = np.sort(self.opens[(self.opens >= self.first) & (self.opens <= self.last)])
            held = held[-capacity:]
            rows, former = new.claim(held), self.row(held)
            # One field after the other: a copy of them all would be as large as the ring.
            for field in range(len(STORED)):
                new.data[field, rows, : self.data.shape[2]] = self.data[field, former]
            new.first = max(self.first, self.last - (capacity - 1) * self.step)
        return new


class Panel:
    """The newest `capacity` candles of every interval in use, for all symbols of the market."""

    def __init__(self, symbols: Sequence[str], capacity: int = 1500) -> None:
        if capacity < 1:
            raise ValueError("capacity must be at least 1")
        if len(set(symbols)) != len(symbols):
            raise ValueError("a symbol is named twice")
        self._symbols = list(symbols)
        self._index = {name: i for i, name in enumerate(symbols)}
        self._capacity = capacity
        self._width = padded(len(symbols))
        self._rings: dict[str, _Ring] = {}

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self._symbols)

    @property
    def size(self) -> int:
        """Number of symbols."""
        return len(self._symbols)

    @property
    def width(self) -> int:
        """Number of columns, padding included."""
        return self._width

    @property
    def intervals(self) -> tuple[str, ...]:
        return tuple(self._rings)

    def index(self, symbol: str) -> int:
        """Column of a symbol; raises KeyError."""
        return self._index[symbol]

    def find(self, symbol: str) -> int:
        """Column of a symbol, or -1."""
        return self._index.get(symbol, -1)

    def ensure(self, interval: str, capacity: int | None = None) -> None:
        """Make room for an interval; a larger capacity than before keeps the candles held. Raises
        ValueError."""
        if interval in CALENDAR:
            interval = "1d"
        ring = self._rings.get(interval)
        wanted = capacity or self._capacity
        if ring is None:
            self._rings[interval] = _Ring(interval, wanted, self._width)
        elif wanted > ring.capacity:
            self._rings[interval] = ring.resized(wanted, self._width)

    def capacity(self, interval: str) -> int:
        """Candles that can be held of an interval; raises KeyError where it was never ensured."""
        return self._rings["1d" if interval in CALENDAR else interval].capacity

    def clear(self, symbol: str) -> None:
        """Forget all candles of a symbol, as when it is delisted; engines over this panel refresh it."""
        for ring in self._rings.values():
            ring.data[:, :, self._index[symbol]] = np.nan

    def add_symbol(self, name: str) -> int:
        """Add a symbol without candles and return its column; engines over this panel must be rebuilt."""
        if name in self._index:
            return self._index[name]
        self._index[name] = len(self._symbols)
        self._symbols.append(name)
        if len(self._symbols) > self._width:
            self._width = padded(len(self._symbols))
            for interval, ring in list(self._rings.items()):
                self._rings[interval] = ring.resized(ring.capacity, self._width)
        return self._index[name]

    def put(
        self, interval: str, symbol: int | slice, open_times: Times, fields: Mapping[str, NDArray[np.generic]]
    ) -> None:
        """Write candles: back-fill or correction.

        `open_times` is int64 ms UTC `[n]`, in any order; a field is `[n]` for one symbol, or `[n,
        symbols]` for a slice. Candles older than the capacity reaches are dropped. Raises ValueError for a
        time that opens no candle.
        """
        self.ensure(interval)
        ring = self._rings[interval]
        opens = np.ascontiguousarray(open_times, dtype=np.int64)
        if opens.size == 0:
            return
        if ((opens - open_of(0, interval)) % ring.step).any():
            raise ValueError(f"a time is not the open of a {interval} candle")
        newest = int(opens.max()) if ring.last is None else max(ring.last, int(opens.max()))
        keep = opens > newest - ring.capacity * ring.step
        if not keep.any():
            return
        rows = ring.claim(opens[keep])
        columns = slice(*symbol.indices(self.size)) if isinstance(symbol, slice) else symbol
        for name, values in fields.items():
            if name in _ROW:
                ring.data[_ROW[name], rows, columns] = _finite(np.asarray(values, dtype=np.float64)[keep])

    def append(self, interval: str, open_time: int, fields: Mapping[str, NDArray[np.generic]]) -> None:
        """Write one candle of every symbol; each field is `[symbols]`, NaN where a symbol has none (yet).

        A candle already held is completed: NaN leaves what is there. Raises ValueError as `put` does.
        """
        self.ensure(interval)
        ring = self._rings[interval]
        if open_of(open_time, interval) != open_time:
            raise ValueError(f"{open_time} is not the open of a {interval} candle")
        if ring.last is not None and open_time <= ring.last - ring.capacity * ring.step:
            return
        row = int(ring.claim(np.array([open_time], dtype=np.int64))[0])
        for name, values in fields.items():
            if name in _ROW:
                new = _finite(np.asarray(values, dtype=np.float64))
                old = ring.data[_ROW[name], row, : self.size]
                np.copyto(old, new, where=~np.isnan(new))

    def first_open(self, interval: str) -> int | None:
        """Open time of the oldest candle held."""
        if interval in CALENDAR:
            return calendar_span(interval, self.first_open("1d"), self.last_open("1d"))[0]
        ring = self._rings.get(interval)
        return None if ring is None else ring.first

    def last_open(self, interval: str) -> int | None:
        """Open time of the newest candle held."""
        if interval in CALENDAR:
            return calendar_span(interval, self.first_open("1d"), self.last_open("1d"))[1]
        ring = self._rings.get(interval)
        return None if ring is None else ring.last

    def has(self, interval: str, open_time: int) -> NDArray[np.bool_]:
        """The columns that have this candle, `[width]`."""
        ring = self._rings.get(interval)
        if ring is not None:
            row = open_time // ring.step % ring.capacity
            if ring.opens[row] == open_time:
                there: NDArray[np.bool_] = ~np.isnan(ring.data[_ROW["close"], row])
                return there
        return np.zeros(self._width, dtype=np.bool_)

    def rows(self, interval: str, symbol: int, open_times: Times) -> Floats:
        """What is held of some candles of one symbol: `[fields of STORED, n]`, NaN where none is. Raises KeyError."""
        ring = self._rings[interval]
        rows = ring.row(open_times)
        found: Floats = ring.data[:, rows, symbol]
        found[:, ring.opens[rows] != open_times] = np.nan
        return found

    def fill(self, interval: str, fields: Sequence[str], start: int, out: Floats) -> None:
        """Read candles into `out[fields, candles, width]` from the one opening at `start`; NaN where none
        is held."""
        if interval in CALENDAR:
            fill_calendar(self.fill, interval, fields, start, out)
            return
        self._read(interval, fields, start, None, out)

    def fill_columns(
        self, interval: str, fields: Sequence[str], start: int, columns: Sequence[int], out: Floats
    ) -> None:
        """As `fill`, of some symbols: `out[fields, candles, width]` has these columns first."""
        out.fill(np.nan)
        part = np.empty((len(fields), out.shape[1], len(columns)))
        if interval in CALENDAR:
            whole = np.empty((len(fields), out.shape[1], self._width))
            self.fill(interval, fields, start, whole)
            part = whole[:, :, list(columns)]
        else:
            self._read(interval, fields, start, list(columns), part)
        out[:, :, : len(columns)] = part

    def _read(self, interval: str, fields: Sequence[str], start: int, columns: list[int] | None, out: Floats) -> None:
        ring = self._rings.get(interval)
        if ring is None:
            out.fill(np.nan)
            return
        opens = start + ring.step * np.arange(out.shape[1], dtype=np.int64)
        rows = ring.row(opens)
        missing = ring.opens[rows] != opens
        some, all_ = bool(missing.any()), bool(missing.all())
        for i, name in enumerate(fields):
            if name == "sell_volume":
                volume, bought = (ring.data[_ROW[f]] for f in ("volume", "buy_volume"))
                difference = volume[rows] - bought[rows]
                out[i] = difference if columns is None else difference[:, columns]
            elif name not in _ROW or all_:
                out[i] = np.nan
            elif columns is not None:
                out[i] = ring.data[_ROW[name]][rows[:, None], columns]
            else:
                _copy_ring(ring.data[_ROW[name]], int(rows[0]), out[i])
            if some:
                out[i, missing] = np.nan

    def window(self, interval: str, field: str, n: int, until: int | None = None) -> tuple[Times, Floats]:
        """The newest `n` candles that closed at or before `until` (ms UTC; default: all held).

        Returns open times `[n]` and values `[n, symbols]`, oldest first, NaN where a symbol has no candle;
        fewer rows where fewer are held. Raises KeyError for an unknown field.
        """
        if field != "sell_volume" and field not in _ROW:
            raise KeyError(field)
        ring = self._rings.get(interval)
        if ring is None or ring.last is None or ring.first is None or n < 1:
            return np.empty(0, dtype=np.int64), np.empty((0, self.size))
        last = ring.last if until is None else min(ring.last, open_of(until, interval) - ring.step)
        start = max(ring.first, last - (n - 1) * ring.step)
        count = (last - start) // ring.step + 1
        if count < 1:
            return np.empty(0, dtype=np.int64), np.empty((0, self.size))
        opens = start + ring.step * np.arange(count, dtype=np.int64)
        out = np.empty((1, count, self._width))
        self.fill(interval, (field,), start, out)
        return opens, out[0, :, : self.size]


def _copy_ring(ring: Floats, first: int, out: Floats) -> None:
    """Copy consecutive rows of a ring from row `first` on, around its end as often as it takes."""
    done = 0
    while done < len(out):
        count = min(len(out) - done, len(ring) - first)
        out[done : done + count] = ring[first : first + count]
        done, first = done + count, 0


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)
