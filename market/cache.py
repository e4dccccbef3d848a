"""History on disk: `DIR/<SYMBOL>/<interval>.parquet`, the folders that `--data` reads, written so that nothing is lost.

1. `read` gives the newest candles of a file, `missing` what it lacks of a span of time.
2. `write` merges new candles into a file under the symbol's lock: it reads what is there, puts the new rows over the
   old ones, and replaces the file at once (`_replace`: a temporary file beside it, flushed to the disk, renamed, the
   folder flushed). A reader, or whoever comes after a crash, finds the old file or the new one. Rows are only ever
   added or corrected. `append` does the same for callers that go on when the disk is full.
3. A file that cannot be read, or holds what cannot be candles, is set aside as `<interval>.parquet.corrupt` and counts
   as absent. A disk that does not answer is another matter: the file stays, and nothing is written over it.
4. Spans of which the exchange has no candles itself are kept in the file's metadata, so that they are not asked for
   again. They live and die with the candles beside them.

What goes wrong is kept in `problems` and logged.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from market.aggregate import Span as Span
from market.history import (
    ABSENT,
    EARLIEST_MS,
    LATEST_MS,
    HistoryError,
    absent_spans,
    columns_of,
    read_file,
)
from market.source import FIELDS, CandleBlock
from screener.intervals import interval_ms, open_of

log = logging.getLogger(__name__)

Times: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.float64]

SUFFIX: Final = ".parquet"
CORRUPT: Final = ".corrupt"
_OPEN, _HIGH, _LOW, _CLOSE = range(4)
_ROWS_IN_GROUP: Final = 32_768
_PROBLEMS_KEPT: Final = 200


class CacheError(Exception):
    """Candles could not be stored; the message says which file and why. What was there is unharmed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong with a file, and was survived."""

    path: Path
    message: str


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of a symbol and interval: open times [n] ascending, `values` [n, 9] by `market.source.FIELDS`, and
    the spans that the exchange itself has no candles of.
    """

    times: Times
    values: FloatArray
    absent: tuple[Span, ...] = ()


NOTHING: Final = Held(np.empty(0, np.int64), np.empty((0, len(FIELDS))))


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

    def append(self, block: CandleBlock) -> int:
        """Merge candles in; answers how many are new or differ from what was held. Where they cannot be stored, 0 and
        a line in `problems`.
        """
        try:
            return self.write(block)
        except CacheError:
            return 0

    def write(self, block: CandleBlock, absent: Iterable[Span] = ()) -> int:
        """Merge candles in, and spans that the exchange has no candles of; answers how many candles are new or differ.

        Rows that no candle can be (a price that is unknown or infinite, low above high, an open time off the interval)
        are left out and recorded. Raises `CacheError` where the file cannot be written; it is recorded as well.
        """
        path = self.path(block.symbol, block.interval)
        new = self._sound(path, block)
        try:
            with self._locked(path.parent):
                old = self._load(block.symbol, block.interval, locked=True)
                merged, changed = _merge(old, new, block.interval, absent)
                if changed or (merged.absent != old.absent and len(merged.times)):
                    _replace(path, _encode(merged))
                return changed
        except OSError as error:
            message = f"cannot be written: {error.strerror or error}"
            self._record(path, message)
            raise CacheError(f"{path}: {message}") from error

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
            return (_decode_times(path) if times_only else None) or _decode(path, interval, newest)
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
        with np.errstate(invalid="ignore"):
            sound = np.isfinite(values[:, : _CLOSE + 1]).all(axis=1) & ~np.isinf(values).any(axis=1)
            sound &= values[:, _LOW] <= values[:, _HIGH]
        origin = open_of(EARLIEST_MS, block.interval)
        sound &= (times - origin) % interval_ms(block.interval) == 0
        sound &= (times >= EARLIEST_MS) & (times <= LATEST_MS)
        if not sound.all():
            bad = np.flatnonzero(~sound)
            self._record(
                path, f"{len(bad)} rows are no candles and were left out; the first opens {int(times[bad[0]])}"
            )
            times, values = times[sound], values[sound]
        if (np.diff(times) <= 0).any():
            times, values = _sorted(times, values)
        return Held(times, values)

    @contextmanager
    def _locked(self, folder: Path) -> Iterator[None]:
        """Hold the lock of a symbol's folder, which is made where it is missing. Raises OSError."""
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            _flush_folder(folder.parent)
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


def gaps_of(times: Times, interval: str, start: int, end: int, absent: Iterable[Span] = ()) -> list[Span]:
    """Spans of candles with open times in [start, end) that are neither in `times` (ascending) nor in `absent`."""
    step = interval_ms(interval)
    at = open_of(start + step - 1, interval)
    stop = open_of(end + step - 1, interval)
    inside = times[np.searchsorted(times, at) : np.searchsorted(times, stop)]
    breaks = np.flatnonzero(np.diff(inside) != step)
    firsts = inside[np.concatenate(([0], breaks + 1))].tolist() if len(inside) else []
    lasts = inside[np.concatenate((breaks, [-1]))].tolist() if len(inside) else []
    there = [*((first, last + step) for first, last in zip(firsts, lasts, strict=True)), *absent]
    found: list[Span] = []
    for first, last in sorted(span for span in there if span[0] < span[1]):
        if at < min(first, stop):
            found.append((at, min(first, stop)))
        at = max(at, last)
    if at < stop:
        found.append((at, stop))
    return found


def _sorted(times: Times, values: FloatArray) -> tuple[Times, FloatArray]:
    """Rows by time; of those with the same time the last."""
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    last = np.append(np.diff(times) != 0, True)
    return times[last], values[last]


def _merge(old: Held, new: Held, interval: str, absent: Iterable[Span]) -> tuple[Held, int]:
    """`new` over `old`, and how many rows of `new` that adds or changes."""
    at = np.searchsorted(old.times, new.times)
    same = at < len(old.times)
    same[same] = old.times[at[same]] == new.times[same]
    rows = np.flatnonzero(same)
    same[rows] = ((old.values[at[rows]] == new.values[rows]) | np.isnan(new.values[rows])).all(axis=1)
    changed = int((~same).sum())
    times, values = old.times, old.values
    if changed:
        # A source that does not know a column does not unmake what another one knew.
        over = new.values.copy()
        over[rows] = np.where(np.isnan(over[rows]), old.values[at[rows]], over[rows])
        times, values = _sorted(np.concatenate((times, new.times[~same])), np.concatenate((values, over[~same])))
    spans: list[Span] = []
    for first, end in sorted({*old.absent, *absent}):
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((first, end))
    rest = tuple(gap for first, end in spans for gap in gaps_of(times, interval, first, end))
    return Held(times, values, rest), changed


def read_held(path: Path, interval: str) -> Held:
    """What any file that `--data` reads holds, Parquet or CSV; of a CSV the times only, `values` is [n, 0].

    Raises HistoryError for a broken file, OSError for a disk that does not answer.
    """
    if path.suffix == SUFFIX:
        return _decode(path, interval)
    times, _ = read_file(path, interval)
    return Held(times, np.empty((len(times), 0)))


def _decode(path: Path, interval: str, newest: tuple[int, int] | None = None) -> Held:
    """Read a Parquet file. Raises HistoryError for a broken one, OSError for a disk that does not answer."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            schema = file.schema_arrow
            metadata = schema.metadata or {}
            names = [name for name in ("open_time", *FIELDS) if name in schema.names]
            # Only a file of ours is known to be in order.
            groups = _newest_groups(file.metadata, *newest) if newest and ABSENT in metadata else None
            # One thread: the files are small, and starting threads costs more than reading.
            if groups is None:
                table = file.read(columns=names, use_threads=False)
            else:
                table = file.read_row_groups(groups, columns=names, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise HistoryError(f"{path}: cannot be read: {error}") from error
    times, columns = columns_of(path, table, interval)
    unknown = np.full(len(times), np.nan)
    values = np.column_stack([columns.get(name, unknown) for name in FIELDS])
    return Held(times, values, absent_spans(metadata))


def _decode_times(path: Path) -> Held | None:
    """Times and spans of a file of ours, without its values; None where it must be read whole to be trusted."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            schema = file.schema_arrow
            metadata = schema.metadata or {}
            if ABSENT not in metadata or schema.names != ["open_time", *FIELDS]:
                return None
            times = file.read(columns=["open_time"], use_threads=False).column("open_time").to_numpy()
    except (pa.ArrowException, OSError):
        return None
    return Held(times, np.empty((len(times), 0)), absent_spans(metadata))


def _newest_groups(metadata: pq.FileMetaData, count: int, last: int) -> list[int]:
    """Row groups that hold the newest `count` candles up to the open time `last`."""
    groups: list[int] = []
    rows = 0
    for index in reversed(range(metadata.num_row_groups)):
        group = metadata.row_group(index)
        times = group.column(0).statistics
        if times is None or times.min > last:
            continue
        groups.insert(0, index)
        rows += group.num_rows if times.max <= last else 0
        if rows >= count:
            break
    return groups


def _encode(held: Held) -> pa.Buffer:
    """The bytes of a file."""
    columns = {"open_time": pa.array(held.times)}
    for column, name in enumerate(FIELDS):
        values = np.ascontiguousarray(held.values[:, column])
        whole = name == "trades" and bool((values == np.floor(values)).all())
        columns[name] = pa.array(values.astype(np.int64) if whole else values)
    table = pa.table(columns).replace_schema_metadata({ABSENT: json.dumps(held.absent)})
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        row_group_size=_ROWS_IN_GROUP,
        compression="zstd",
        compression_level=1,
        # Prices hardly repeat: a dictionary of them costs time and room.
        use_dictionary=["trades"],
        write_page_checksum=True,
    )
    return sink.getvalue()


def _replace(path: Path, data: pa.Buffer) -> None:
    """Put a file in another's place, so that a crash leaves one of the two. Raises OSError.

    The lock is held: temporary files of this name are left from a process that died.
    """
    new = path.with_name(f".{path.name}.tmp")
    try:
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Have a folder's entries on the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
