"""Recorded candle files turned into whole ticks and lots."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from simexchange.candles import (
    BUY,
    BUY_QUOTE,
    CLOSE,
    FIELDS,
    HIGH,
    LOW,
    OPEN,
    SELL,
    SELL_QUOTE,
    TRADES,
    Candles,
)
from simexchange.intervals import DAY, INTERVAL_SECONDS, offset_of
from simexchange.noise import Floats, Ints
from simexchange.universe import Listing

_PRICES = ("open", "high", "low", "close")
_NEEDED = ("open_time", *_PRICES, "volume")
_OPTIONAL = ("quote_volume", "trades", "taker_buy_base", "taker_buy_quote")
#: Assets that symbols' names end with; a name that ends otherwise is taken to quote USDT.
_QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "BTC", "ETH", "BNB", "EUR", "TRY")
_TICKET = 400.0
_SAMPLE = 4_000
#: Stays clear of the largest 64-bit integer when a week's volume is multiplied by a price.
_LARGEST = 2.0e18


class RecordingError(Exception):
    """A folder or file of recorded candles that cannot be replayed; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Series:
    """One file: candle numbers [n] rising, raw columns [n] as recorded (float64)."""

    length: int
    index: Ints
    columns: dict[str, Floats]


def read_series(path: Path, length: int) -> Series:
    """Read DIR/<SYMBOL>/<interval>.parquet or .csv. Raises RecordingError."""
    try:
        if path.suffix == ".csv":
            table = pyarrow.csv.read_csv(path)
        else:
            table = pyarrow.parquet.ParquetFile(path).read(use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise RecordingError(f"{path}: cannot be read: {error}") from error
    missing = [name for name in _NEEDED if name not in table.column_names]
    if missing:
        raise RecordingError(f"{path}: no column {', '.join(missing)}")
    names = [name for name in (*_NEEDED, *_OPTIONAL) if name in table.column_names]
    try:
        columns = {name: table.column(name).to_numpy(zero_copy_only=False).astype(np.float64) for name in names}
    except (TypeError, ValueError) as error:
        raise RecordingError(f"{path}: a column is not numeric: {error}") from error
    known = np.logical_and.reduce([np.isfinite(columns[name]) for name in _NEEDED])
    known &= columns["volume"] >= 0.0
    for name in _PRICES:
        known &= columns[name] > 0.0
    seconds = np.where(known, columns.pop("open_time"), 0.0).astype(np.int64) // 1000
    index = index_of_many(seconds, length)
    kept = np.flatnonzero(known)
    kept = kept[np.unique(index[kept], return_index=True)[1]]
    if not len(kept):
        raise RecordingError(f"{path}: holds no candles")
    return Series(length, index[kept], {name: column[kept] for name, column in columns.items()})


def index_of_many(seconds: Ints, length: int) -> Ints:
    """Candle numbers of moments, [n]."""
    return (seconds - offset_of(length)) // length


def read_symbol(folder: Path) -> dict[int, Series]:
    """All files of a symbol by interval length, shortest first; empty where there are none."""
    found: dict[int, Series] = {}
    for interval, length in INTERVAL_SECONDS.items():
        for suffix in ("parquet", "csv"):
            path = folder / f"{interval}.{suffix}"
            if path.is_file() and length not in found:
                found[length] = read_series(path, length)
    return found


def _decimals(values: Floats, most: int) -> int:
    """The fewest decimals, up to `most`, that write all the values."""
    if len(values) > _SAMPLE:
        # A sample rules most out; all values then confirm.
        least = _decimals(values[:: len(values) // _SAMPLE + 1], most)
    else:
        least = 0
    for decimals in range(least, most):
        scaled = values * 10.0**decimals
        if np.all(np.abs(scaled - np.rint(scaled)) <= 1e-10 * scaled + 1e-7):
            return decimals
    return most


def list_symbol(symbol: str, series: dict[int, Series]) -> Listing:
    """Tick and lot sizes that write a symbol's recorded candles."""
    prices = np.concatenate([one.columns[name] for one in series.values() for name in _PRICES])
    volumes = np.concatenate([one.columns["volume"] for one in series.values()])
    price = max(_decimals(prices, 8), 2 if prices.max() >= 10.0 else 4)
    lot = _decimals(volumes, 8)
    week = 1.0
    for one in series.values():
        weeks = one.index * one.length // (7 * DAY)
        week = max(week, float(np.bincount(weeks - weeks[0], weights=one.columns["volume"]).max()))
    while lot > 0 and prices.max() * 10.0**price * week * 10.0**lot > _LARGEST:
        lot -= 1
    quote = next((name for name in _QUOTES if symbol.endswith(name) and symbol != name), "USDT")
    return Listing(symbol, symbol.removesuffix(quote), price, lot, quote)


def whole(series: Series, listing: Listing, first: int, count: int) -> Candles:
    """Recorded candles `first` to `first + count - 1` of one symbol, [1, count], absent where none was
    recorded.

    What the file lacks is filled in: quote volume from the middle price, takers half and half, trades from
    turnover.
    """
    fields = np.zeros((FIELDS, 1, count), dtype=np.int64)
    present = np.zeros((1, count), dtype=np.bool_)
    variance = np.ones((1, count))
    low, high = np.searchsorted(series.index, (first, first + count))
    if low == high:
        return Candles(fields, variance, present)
    at = series.index[low:high] - first
    column = {name: values[low:high] for name, values in series.columns.items()}
    price, lot = 10.0**listing.price_decimals, 10.0**listing.lot_decimals
    opens, highs, lows, closes = (np.rint(column[name] * price).astype(np.int64) for name in _PRICES)
    highs = np.maximum(highs, np.maximum(opens, closes))
    lows = np.minimum(lows, np.minimum(opens, closes))
    lots = np.rint(column["volume"] * lot).astype(np.int64)
    average = (opens + highs + lows + closes) / 4.0
    quote = column.get("quote_volume", np.full(len(at), np.nan)) * price * lot
    quote = np.where(np.isfinite(quote), quote, average * lots)
    quotes = np.clip(np.rint(quote).astype(np.int64), lows * lots, highs * lots)
    bought = np.nan_to_num(column.get("taker_buy_base", column["volume"] / 2.0)) * lot
    buys = np.clip(np.rint(bought).astype(np.int64), 0, lots)
    paid = np.nan_to_num(column.get("taker_buy_quote", quotes / (price * lot) / 2.0)) * price * lot
    sells = lots - buys
    least = np.maximum(lows * buys, quotes - highs * sells)
    most = np.minimum(highs * buys, quotes - lows * sells)
    buy_quotes = np.clip(np.rint(paid).astype(np.int64), least, most)
    guess = np.rint(quotes / (price * lot) / _TICKET) + 8.0
    trades = np.rint(np.nan_to_num(column.get("trades", guess))).astype(np.int64)
    trades = np.clip(trades, np.minimum(lots, 1), lots)
    for field, values in (
        (OPEN, opens),
        (HIGH, highs),
        (LOW, lows),
        (CLOSE, closes),
        (BUY, buys),
        (SELL, sells),
        (BUY_QUOTE, buy_quotes),
        (SELL_QUOTE, quotes - buy_quotes),
        (TRADES, trades),
    ):
        fields[field, 0, at] = values
    present[0, at] = True
    # Parkinson's estimate of variance from the range ("The extreme value method", 1980).
    variance[0, at] = np.maximum((highs - lows).astype(np.float64) ** 2 / (4.0 * np.log(2.0)), 1e-6)
    return Candles(fields, variance, present)


def first_second(series: Series) -> int:
    """UTC seconds of the first candle's opening."""
    return int(series.index[0]) * series.length + offset_of(series.length)


def end_second(series: Series) -> int:
    """UTC seconds of the last candle's end."""
    return (int(series.index[-1]) + 1) * series.length + offset_of(series.length)
