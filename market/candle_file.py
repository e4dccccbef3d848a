"""One Parquet file of candles: its shape, how it is read, and how it is replaced.

1. Columns are `open_time` (int64, ms UTC) and `market.source.FIELDS`, ascending, in groups of rows of which the newest
   can be read alone (`_newest_groups`); every page carries a checksum.
2. The metadata hold the spans that the exchange has no candles of itself: they live and die with the candles.
3. `replace_file` writes a temporary file beside the old one, flushes it to the disk, renames it and flushes the folder.
   A reader, or whoever comes after a crash, finds the old file or the new one.
4. `merged` puts new candles over old ones: rows are added or corrected, never removed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from market.aggregate import Span
from market.history import ABSENT, HistoryError, absent_spans, columns_of, read_file
from market.source import FIELDS
from screener.intervals import interval_ms, open_of

Times: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.float64]

SUFFIX: Final = ".parquet"
_ROWS_IN_GROUP: Final = 32_768


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of a symbol and interval: open times [n] ascending, `values` [n, 9] by `market.source.FIELDS`, and
    the spans that the exchange itself has no candles of.
    """

    times: Times
    values: FloatArray
    absent: tuple[Span, ...] = ()


NOTHING: Final = Held(np.empty(0, np.int64), np.empty((0, len(FIELDS))))


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


def in_order(times: Times, values: FloatArray) -> tuple[Times, FloatArray]:
    """Rows by time; of those with the same time the last."""
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    last = np.append(np.diff(times) != 0, True)
    return times[last], values[last]


def merged(old: Held, new: Held, interval: str, absent: Iterable[Span]) -> tuple[Held, int]:
    """`new` over `old`, and how many rows of `new` that adds or changes."""
    at = np.searchsorted(old.times, new.times)
    held = at < len(old.times)
    held[held] = old.times[at[held]] == new.times[held]
    before = old.values[at[held]]
    over = new.values.copy()
    # A source that does not know a column does not unmake what another one knew.
    over[held] = np.where(np.isnan(over[held]), before, over[held])
    differs = np.zeros(len(over), np.bool_)
    differs[held] = ~((over[held] == before) | np.isnan(over[held])).all(axis=1)
    changed = int(differs.sum() + (~held).sum())
    times, values = old.times, old.values
    if changed:
        times = np.concatenate((times, new.times[~held]))
        values = np.concatenate((values, over[~held]))
        values[at[differs]] = over[differs]
        if (np.diff(times[max(0, len(old.times) - 1) :]) <= 0).any():
            times, values = in_order(times, values)
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
        return read_candles(path, interval)
    times, _ = read_file(path, interval)
    return Held(times, np.empty((len(times), 0)))


def read_candles(path: Path, interval: str, newest: tuple[int, int] | None = None) -> Held:
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


def count_rows(path: Path) -> int:
    """How many candles a file holds, from its metadata alone; 0 where there is none, or none that can be read."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError):
        return 0


def read_times(path: Path) -> Held | None:
    """Times and spans of a file of ours, without its values; None where it must be read whole to be trusted."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            schema = file.schema_arrow
            metadata = schema.metadata or {}
            if ABSENT not in metadata or schema.names != ["open_time", *FIELDS]:
                return None
            times = file.read(columns=["open_time"], use_threads=False).column("open_time").to_numpy()
    except FileNotFoundError:
        return NOTHING
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


def encoded(held: Held) -> pa.Buffer:
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


def replace_file(path: Path, data: pa.Buffer) -> None:
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
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Have a folder's entries on the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
