"""History on disk: `DIR/<SYMBOL>/<interval>.parquet`, the folders that `--data` reads, written so that nothing is lost.

1. `read` gives the newest candles of a file, `missing` what it lacks of a span of time.
2. `write` merges new candles into a file under the symbol's lock: it reads what is there, puts the new rows over the
   old ones, and replaces the file at once (`market.candle_file`). On a full disk the old file stays.
3. A file that cannot be read, or holds what cannot be candles, is set aside as `<interval>.parquet.corrupt` and counts
   as absent. A disk that does not answer is another matter: the file stays, and nothing is written over it.
4. Spans of which the exchange has no candles itself are kept with the candles, so that they are not asked for again.
5. A file is written whole: `worth` says when a few rows are not worth that yet.

What goes wrong is kept in `problems` and logged.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from market.aggregate import Span
from market.candle_file import (
    NOTHING,
    SUFFIX,
    Held,
    count_rows,
    encoded,
    flush_folder,
    gaps_of,
    in_order,
    merged,
    read_candles,
    read_times,
    replace_file,
)
from market.checks import faults_of
from market.history import EARLIEST_MS, LATEST_MS, HistoryError
from market.source import CandleBlock
from screener.intervals import interval_ms

__all__ = ["CacheError", "HistoryCache", "Problem", "Span", "gaps_of"]

log = logging.getLogger(__name__)

CORRUPT: Final = ".corrupt"
_PROBLEMS_KEPT: Final = 200
# Rows that one request to the exchange brings again; rows of a file (1 MB) that may be written anew for any; and how
# many times as many as the new ones a larger file must hold.
_FEW: Final = 1000
_SMALL: Final = 20_000
_TIMES: Final = 64


class CacheError(Exception):
    """Candles could not be stored; the message says which file and why. What was there is unharmed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong with a file, and was survived."""

    path: Path
    message: str


class HistoryCache:
    """Candle files under `directory`; safe for any number of threads and processes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.problems: deque[Problem] = deque(maxlen=_PROBLEMS_KEPT)

    def path(self, symbol: str, interval: str) -> Path:
        """Where the candles are. Raises ValueError for an unknown interval, or a symbol that cannot name a folder."""
        interval_ms(interval)
        if not 0 < len(symbol) <= 64 or symbol[0] == "." or any(c in "/\\\0" for c in symbol):
            raise ValueError(f"{symbol!r} cannot be a symbol")
        return self.directory / symbol / f"{interval}{SUFFIX}"

    def read(self, symbol: str, interval: str, count: int, end_ms: int) -> CandleBlock:
        """The newest `count` candles that closed by `end_ms` (ms UTC), as far back as they follow each other without
        a gap; fewer where fewer are held, empty where there are none.
        """
        step = interval_ms(interval)
        held = self._load(symbol, interval, newest=(count, end_ms - step))
        stop = int(np.searchsorted(held.times, end_ms - step, side="right"))
        first = max(0, stop - count)
        gaps = np.flatnonzero(np.diff(held.times[first:stop]) != step)
        if gaps.size:
            first += int(gaps[-1]) + 1
        return CandleBlock(symbol, interval, held.times[first:stop], held.values[first:stop])

    def held(self, symbol: str, interval: str) -> Held:
        """All that is held; empty where there is no file, or none that can be read."""
        return self._load(symbol, interval)

    def missing(self, symbol: str, interval: str, start: int, end: int) -> list[Span]:
        """Spans of candles with open times in [start, end) that are not held and may exist, oldest first."""
        held = self._load(symbol, interval, times_only=True)
        return gaps_of(held.times, interval, start, end, held.absent)

    def write(self, block: CandleBlock, absent: Iterable[Span] = ()) -> int:
        """Merge candles in, and spans that the exchange has no candles of; answers how many candles are new or differ.

        Rows that can be no candles (`market.checks`) are left out and recorded. Raises `CacheError` where the file
        cannot be written; it is recorded as well.
        """
        path = self.path(block.symbol, block.interval)
        new = self._sound(path, block)
        try:
            with self._locked(path.parent):
                old = self._load(block.symbol, block.interval, locked=True)
                whole, changed = merged(old, new, block.interval, absent)
                if changed or (whole.absent != old.absent and len(whole.times)):
                    replace_file(path, encoded(whole))
                return changed
        except OSError as error:
            message = f"cannot be written: {error.strerror or error}"
            self._record(path, message)
            raise CacheError(f"{path}: {message}") from error

    def worth(self, symbol: str, interval: str, rows: int) -> bool:
        """Whether so many new rows are worth writing the file anew. Not where one request would bring them again and
        the file holds many times as many: a year of minutes of every symbol, written every quarter of an hour, would
        keep a disk busy.
        """
        return rows >= _FEW or count_rows(self.path(symbol, interval)) <= max(_SMALL, rows * _TIMES)

    def _load(
        self,
        symbol: str,
        interval: str,
        *,
        newest: tuple[int, int] | None = None,
        times_only: bool = False,
        locked: bool = False,
    ) -> Held:
        """What a file holds; at least the `newest` (count, last open time), or the times, where that is all that is
        asked for.

        Raises OSError where the disk does not answer and `locked` says that a write is to follow.
        """
        path = self.path(symbol, interval)
        try:
            return (read_times(path) if times_only else None) or read_candles(path, interval, newest)
        except FileNotFoundError:
            return NOTHING
        except HistoryError as error:
            if not locked:
                # It may have been replaced meanwhile; whoever holds the lock sees the file that counts.
                return self._load_again(path, symbol, interval)
            self._set_aside(path, str(error))
            return NOTHING
        except OSError as error:
            if locked:
                raise
            self._record(path, f"cannot be read: {error.strerror or error}")
            return NOTHING

    def _load_again(self, path: Path, symbol: str, interval: str) -> Held:
        try:
            with self._locked(path.parent):
                return self._load(symbol, interval, locked=True)
        except OSError as error:
            self._record(path, f"cannot be read, nor set aside: {error.strerror or error}")
            return NOTHING

    def _set_aside(self, path: Path, why: str) -> None:
        path.replace(path.with_name(path.name + CORRUPT))
        self._record(path, f"set aside as {path.name}{CORRUPT}: {why.removeprefix(f'{path}: ')}")

    def _sound(self, path: Path, block: CandleBlock) -> Held:
        """The rows of a block that can be candles, ascending, of equal times the last."""
        times, values = block.open_times, block.values
        sound, reasons = faults_of(block)
        # Seconds and microseconds may well lie on the interval.
        sound &= (times >= EARLIEST_MS) & (times <= LATEST_MS)
        if not sound.all():
            bad = np.flatnonzero(~sound)
            why = "; ".join(reasons) or "its time is not in milliseconds"
            self._record(path, f"{len(bad)} rows left out, the first opens at {int(times[bad[0]])}: {why}")
            times, values = times[sound], values[sound]
        if (np.diff(times) <= 0).any():
            times, values = in_order(times, values)
        return Held(times, values)

    @contextmanager
    def _locked(self, folder: Path) -> Iterator[None]:
        """Hold the lock of a symbol's folder, which is made where it is missing. Raises OSError."""
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            flush_folder(folder.parent)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _record(self, path: Path, message: str) -> None:
        problem = Problem(path, message)
        if problem not in self.problems:
            log.warning("%s: %s", path, message)
        self.problems.append(problem)
