"""Candles from a folder: `DIR/<SYMBOL>/<interval>.parquet` or `.csv`, for scans, backtests and replay.

1. `symbols_in` lists the market: the sub-folders that hold a candle file.
2. `read_file` reads and checks one file; a problem is named by file and column.
3. `read_folder` takes each symbol's file of an interval, or aggregates the highest lower one that there is,
   and lays all symbols on one contiguous axis. An interval's axis starts at its own earliest candle,
   whatever the others' start.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from market.aggregate import Span, aggregate
from screener.intervals import INTERVAL_MS, SERIES, interval_ms, is_multiple, open_of

FloatArray = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

PRICES = ("open", "high", "low", "close", "volume")
OPTIONAL = ("quote_volume", "trades", "taker_buy_base", "taker_buy_quote")
SUFFIXES = (".parquet", ".csv")
ABSENT = b"absent"
"""Key of a Parquet file's metadata: spans that the exchange itself has no candles of, as JSON [[first, end], ...]."""
# 1971 to 2200 in ms: seconds and microseconds, the usual mistakes, fall outside.
EARLIEST_MS = 31_536_000_000
LATEST_MS = 7_258_118_400_000
# A folder whose files name years far apart by mistake must not allocate the span between them.
MAX_CELLS = 400_000_000


class HistoryError(Exception):
    """A data folder cannot be read; the message names the file and the column, and what to do."""


@dataclass(frozen=True, slots=True)
class CandleTable:
    """Candles of a market as arrays; `screener.engine.replay.Candles(table.symbols, table.series)` replays them.

    `symbols` names the columns. `series[interval]` is (open times int64 [n], contiguous, ms UTC; fields by
    the names of `screener.intervals.SERIES`, each float64 [n, S], NaN where there is no candle or the
    source has no such column).
    """

    symbols: tuple[str, ...]
    series: Mapping[str, tuple[Times, dict[str, FloatArray]]]


def symbols_in(directory: Path) -> tuple[str, ...]:
    """Symbols that have a candle file, sorted. Raises `HistoryError` where there is none."""
    if not directory.is_dir():
        raise HistoryError(f"{directory}: no such folder; give one that holds <SYMBOL>/<interval>.parquet")
    found = sorted(entry.name for entry in directory.iterdir() if entry.is_dir() and intervals_of(entry))
    if not found:
        raise HistoryError(f"{directory}: holds no <SYMBOL>/<interval>.parquet or .csv")
    return tuple(found)


def intervals_of(folder: Path) -> dict[str, Path]:
    """Candle files of one symbol by interval, shortest first; Parquet wins over CSV."""
    result: dict[str, Path] = {}
    for label in INTERVAL_MS:
        for suffix in SUFFIXES:
            path = folder / f"{label}{suffix}"
            if path.is_file():
                result[label] = path
                break
    return result


def read_folder(
    directory: Path | str,
    intervals: str | Sequence[str],
    symbols: Sequence[str] | None = None,
    start: int | None = None,
    end: int | None = None,
) -> CandleTable:
    """Candles of the given intervals for `symbols` (all in the folder when None), open times in [start,
    end) ms UTC.

    Raises `HistoryError` for a missing folder, symbol, file or column, and for values that cannot be candles.
    """
    folder = Path(directory)
    known = symbols_in(folder)
    names = tuple(symbols) if symbols is not None else known
    if absent := sorted(set(names) - set(known)):
        raise HistoryError(f"{folder}: no candles of {', '.join(absent)}")
    wanted = (intervals,) if isinstance(intervals, str) else tuple(dict.fromkeys(intervals))
    cache: dict[Path, tuple[Times, dict[str, FloatArray]]] = {}
    series: dict[str, tuple[Times, dict[str, FloatArray]]] = {}
    for interval in wanted:
        interval_ms(interval)
        parts = [_of_symbol(folder / name, interval, cache) for name in names]
        series[interval] = _join(folder, interval, parts, start, end)
    return CandleTable(names, series)


def _of_symbol(
    folder: Path, interval: str, cache: dict[Path, tuple[Times, dict[str, FloatArray]]]
) -> tuple[Times, dict[str, FloatArray]]:
    files = intervals_of(folder)
    sources = [label for label in files if is_multiple(interval, label)]
    if not sources:
        have = ", ".join(files) or "nothing"
        raise HistoryError(f"{folder}: no {interval} candles, and none to make them of (it has {have})")
    # The longest that fits: it may reach further back, and costs least.
    source = sources[-1]
    path = files[source]
    if path not in cache:
        cache[path] = read_file(path, source)
    times, fields = cache[path]
    absent = spans_of(path) if source != interval and path.suffix == ".parquet" else ()
    return aggregate(times, fields, source, interval, absent)


def spans_of(path: Path) -> tuple[Span, ...]:
    """Spans that the exchange has no candles of, where the Parquet file tells; see `market.cache`."""
    try:
        return absent_spans(pq.read_schema(path).metadata)
    except (pa.ArrowException, OSError) as error:
        raise HistoryError(f"{path}: cannot be read: {error}") from error


def absent_spans(metadata: Mapping[bytes, bytes] | None) -> tuple[Span, ...]:
    """The same, from a file's metadata."""
    try:
        return tuple((int(first), int(end)) for first, end in json.loads((metadata or {}).get(ABSENT, b"[]")))
    except (TypeError, ValueError):
        # Not knowing them costs a request each.
        return ()


def _join(
    folder: Path,
    interval: str,
    parts: Sequence[tuple[Times, dict[str, FloatArray]]],
    start: int | None,
    end: int | None,
) -> tuple[Times, dict[str, FloatArray]]:
    step = interval_ms(interval)
    spans = [(int(times[0]), int(times[-1])) for times, _ in parts if len(times)]
    first = min((span[0] for span in spans), default=0)
    last = max((span[1] for span in spans), default=-step)
    if start is not None:
        first = max(first, open_of(start + step - 1, interval))
    if end is not None:
        last = min(last, open_of(end - 1, interval))
    rows = max(0, (last - first) // step + 1)
    if rows * len(parts) > MAX_CELLS:
        raise HistoryError(
            f"{folder}: {rows:,} {interval} candles of {len(parts)} symbols are too many at once; "
            "ask for fewer symbols or a shorter time, and check the files' open_time"
        )
    present = {name for _, fields in parts for name in fields}
    result = {name: np.full((rows, len(parts)), np.nan) for name in SERIES if name in present}
    for column, (times, fields) in enumerate(parts):
        at = (times - first) // step
        on = (at >= 0) & (at < rows)
        inside = slice(None) if on.all() else on
        for name, values in fields.items():
            result[name][at[inside], column] = values[inside]
    for name in SERIES:
        # One array serves all columns that no file has.
        result.setdefault(name, np.broadcast_to(np.nan, (rows, len(parts))))
    axis: Times = first + step * np.arange(rows, dtype=np.int64)
    return axis, {name: result[name] for name in SERIES}


def read_file(path: Path, interval: str) -> tuple[Times, dict[str, FloatArray]]:
    """One file: open times [n] ascending and unique, and the fields of `SERIES` that it has, each [n].

    Raises `HistoryError` for an unreadable file, a missing column, a value that is no number, times that
    are off the interval or given twice.
    """
    times, raw = columns_of(path, _read_table(path), interval)
    fields = {name: raw[name] for name in (*PRICES, "quote_volume", "trades") if name in raw}
    if "taker_buy_base" in raw:
        fields["buy_volume"] = raw["taker_buy_base"]
        fields["sell_volume"] = raw["volume"] - raw["taker_buy_base"]
    return times, fields


def columns_of(path: Path, table: pa.Table, interval: str) -> tuple[Times, dict[str, FloatArray]]:
    """The candles of a file's `table`: open times [n] ascending and unique, and the columns it has of `PRICES`
    and `OPTIONAL`, each float64 [n]. Rows without a price are left out.

    Raises `HistoryError`, which names `path` and the column.
    """
    for name in ("open_time", *PRICES):
        if name not in table.column_names:
            raise HistoryError(
                f"{path}: column '{name}' is missing; needed are open_time {' '.join(PRICES)}, "
                f"found {' '.join(table.column_names) or 'none'}"
            )
    times = _times(path, table, interval)
    raw = {name: _numbers(path, table, name) for name in (*PRICES, *OPTIONAL) if name in table.column_names}
    if (np.diff(times) <= 0).any():
        order = np.argsort(times, kind="stable")
        times = times[order]
        raw = {name: values[order] for name, values in raw.items()}
        if (twice := np.flatnonzero(np.diff(times) == 0)).size:
            raise HistoryError(f"{path}: column 'open_time' has {int(times[twice[0]])} more than once")
    unknown = np.isnan(raw["open"]) | np.isnan(raw["high"]) | np.isnan(raw["low"]) | np.isnan(raw["close"])
    if (bad := np.flatnonzero(~unknown & (raw["low"] > raw["high"]))).size:
        raise HistoryError(f"{path}: column 'low' is above 'high' at open_time {int(times[bad[0]])}")
    if unknown.any():
        times = times[~unknown]
        raw = {name: values[~unknown] for name, values in raw.items()}
    return times, raw


def _read_table(path: Path) -> pa.Table:
    try:
        if path.suffix == ".csv":
            return pa_csv.read_csv(path)
        file = pq.ParquetFile(path, page_checksum_verification=True)
        names = set(file.schema_arrow.names)
        columns = [name for name in ("open_time", *PRICES, *OPTIONAL) if name in names]
        # One thread and no memory map: the files are small, and starting threads costs more than reading.
        return file.read(columns=columns, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise HistoryError(f"{path}: cannot be read: {error}") from error


def _times(path: Path, table: pa.Table, interval: str) -> Times:
    column = table.column("open_time")
    if pa.types.is_timestamp(column.type):
        column = pc.cast(column, pa.timestamp("ms"), safe=False)
        column = pc.cast(column, pa.int64())
    if not pa.types.is_integer(column.type) or column.null_count:
        raise HistoryError(f"{path}: column 'open_time' must hold whole milliseconds UTC, not {column.type}")
    times: Times = column.to_numpy().astype(np.int64)
    if len(times) and not (times.min() >= EARLIEST_MS and times.max() <= LATEST_MS):
        raise HistoryError(f"{path}: column 'open_time' must be milliseconds UTC; {int(times[0])} is no such time")
    origin = open_of(int(times[0]), interval) if len(times) else 0
    off = np.flatnonzero((times - origin) % interval_ms(interval) != 0)
    if off.size:
        raise HistoryError(f"{path}: column 'open_time' has {int(times[off[0]])}, where no {interval} candle opens")
    return times


def _numbers(path: Path, table: pa.Table, name: str) -> FloatArray:
    column = table.column(name)
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        if pa.types.is_null(column.type):
            return np.full(table.num_rows, np.nan)
        try:
            column = pc.cast(column, pa.float64())
        except pa.ArrowException as error:
            raise HistoryError(f"{path}: column '{name}' must hold numbers, not {column.type}") from error
    if column.type != pa.float64():
        column = pc.cast(column, pa.float64(), safe=False)
    values: FloatArray = column.to_numpy()
    if np.isinf(values).any():
        raise HistoryError(f"{path}: column '{name}' holds an infinite number")
    return values
