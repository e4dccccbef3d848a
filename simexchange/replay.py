"""A market of recorded candles.

For each symbol and interval asked for, in this order:

1. a file of that interval, as recorded;
2. the longest recorded interval that divides it, aggregated, complete candles only;
3. a recorded interval that is longer: its candles are divided by the bridge of the synthetic market, so
   five made minutes add up to the recorded five, high, low, volume and all.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from simexchange import bridge, paths
from simexchange.candles import Candles, aggregate
from simexchange.intervals import CHAIN, first_from, index_of, open_of, unit_of
from simexchange.noise import Ints, key_of
from simexchange.recorded import (
    RecordingError,
    Series,
    end_second,
    first_second,
    list_symbol,
    read_symbol,
    whole,
)
from simexchange.universe import Listing

_LOADING = 0.6


class ReplayMarket:
    """Candles of DIR/<SYMBOL>/<interval>.parquet or .csv.

    Raises RecordingError where the folder holds none, or a file cannot be read.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        if not folder.is_dir():
            raise RecordingError(f"{folder}: no such folder")
        self._series: list[dict[int, Series]] = []
        listings: list[Listing] = []
        for place in sorted(path for path in folder.iterdir() if path.is_dir()):
            series = read_symbol(place)
            if series:
                self._series.append(series)
                listings.append(list_symbol(place.name.upper(), series))
        # The files are held as arrays now; give the reader's buffers back.
        pa.default_memory_pool().release_unused()
        if not listings:
            raise RecordingError(f"{folder}: no <SYMBOL>/<interval>.parquet in it")
        # The leader first, as in the synthetic market.
        order = sorted(range(len(listings)), key=lambda row: (listings[row].symbol != "BTCUSDT", row))
        self._series = [self._series[row] for row in order]
        self._listings = tuple(listings[row] for row in order)
        self._sources = paths.Sources(
            np.array([key_of(seed, f"replay/{one.symbol}") for one in self._listings], dtype=np.uint64),
            np.array([key_of(seed, "market")], dtype=np.uint64),
            np.full((len(self._listings), 1), _LOADING),
        )
        every = [one for series in self._series for one in series.values()]
        self._first = min(first_second(one) for one in every)
        finest = min(one.length for one in every)
        fine = [one for one in every if one.length == finest]
        self._fine_first = min(first_second(one) for one in fine)
        self._last = max(end_second(one) for one in fine)
        self._plans: dict[tuple[int, int], int] = {}

    @property
    def listings(self) -> Sequence[Listing]:
        """The symbols, in the order of rows."""
        return self._listings

    @property
    def first(self) -> int:
        """UTC seconds at which the earliest file begins."""
        return self._first

    @property
    def last(self) -> int | None:
        """UTC seconds at which the files of the shortest interval end."""
        return self._last

    def usual_start(self) -> int:
        """UTC seconds at which six tenths of the shortest interval's candles have been."""
        return (self._fine_first + int(0.6 * (self._last - self._fine_first))) // 60 * 60

    def candles(self, rows: Ints, length: int, index: int, count: int) -> Candles:
        """Candles of `rows`, of `length` seconds, numbers `index` to `index + count - 1`; shape [rows,
        count].
        """
        plans = [self._plan(row, length) for row in rows.tolist()]
        kinds = sorted(set(plans))
        if len(kinds) == 1:
            return self._made(rows, kinds[0], length, index, count)
        groups = [np.flatnonzero(np.array(plans) == kind) for kind in kinds]
        parts = [self._made(rows[group], kind, length, index, count) for kind, group in zip(kinds, groups, strict=True)]
        back = np.argsort(np.concatenate(groups))
        return Candles(
            np.concatenate([part.fields for part in parts], axis=1)[:, back],
            np.concatenate([part.variance for part in parts])[back],
            np.concatenate([part.present for part in parts])[back],
        )

    def _plan(self, row: int, length: int) -> int:
        """The recorded length that a symbol's candles of `length` come from."""
        if (row, length) not in self._plans:
            recorded = self._series[row]
            divisors = [known for known in recorded if length % known == 0]
            self._plans[row, length] = max(divisors) if divisors else min(recorded)
        return self._plans[row, length]

    def _made(self, rows: Ints, source: int, length: int, index: int, count: int) -> Candles:
        begin, end = open_of(index, length), open_of(index + count, length)
        first, last = index_of(begin, source), first_from(end, source)
        gathered = [whole(self._series[row][source], self._listings[row], first, last - first) for row in rows.tolist()]
        candles = Candles(
            np.concatenate([one.fields for one in gathered], axis=1),
            np.concatenate([one.variance for one in gathered]),
            np.concatenate([one.present for one in gathered]),
        )
        if length % source == 0:
            return aggregate(candles, length // source)
        sources, unit, parent = self._sources.take(rows), unit_of(length), source
        at = open_of(first, source)
        for child in CHAIN:
            if parent > unit and child < parent and parent % child == 0 and child >= unit:
                starts = at + parent * np.arange(candles.count, dtype=np.int64)
                candles = bridge.split(candles, sources, starts, child, parent // child)
                low, high = begin // child * child, -(-end // child) * child
                candles = candles.slice((low - at) // child, (high - at) // child)
                at, parent = low, child
        return aggregate(candles, length // unit)
