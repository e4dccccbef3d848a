"""Binance's wire shapes, and their way into our types. This is the only module that knows the names of
their fields.

Numbers come as strings; the decoders convert while they parse (`strict=False`), so a kline answer of 1,000
rows becomes an array without a Python object per number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import inf, isfinite
from typing import Any, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from market.source import CandleBlock
from market.types import Candle, Price, SourceUnavailable, SymbolInfo
from screener.intervals import INTERVAL_MS, interval_ms

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for text that is not what it should be; the last one for brackets nested without end."""
T = TypeVar("T")
SYMBOL = re.compile(r"\w[\w.-]{0,63}")
"""Names of symbols, which become names of folders and streams, parts of lists by comma, and words in logs."""
LARGEST_POWER = 30
"""No rule of an exchange has a number beyond 10 to this power, or a fraction below its inverse."""
DAY_MS = 86_400_000
LATEST_MS = 1 << 43
"""No candle opens later than this (the year 2248), and no price is of a later time, ms UTC."""

# open time, open, high, low, close, volume, close time, quote volume, trades, taker base, taker quote, unused
KlineRow = tuple[int, float, float, float, float, float, int, float, int, float, float, Any]


class ServerTime(msgspec.Struct):
    """Answer of `time`."""

    serverTime: int


class RateLimitRule(msgspec.Struct):
    """One entry of `rateLimits`."""

    rateLimitType: str
    interval: str = ""
    intervalNum: int = 1
    limit: int = 0


class SymbolRow(msgspec.Struct):
    """One symbol of `exchangeInfo`, spot or futures; filters stay as they come, since their kinds are open-ended."""

    symbol: str
    baseAsset: str
    quoteAsset: str
    status: str | None = None
    contractType: str | None = None
    onboardDate: int | None = None
    filters: list[Any] | None = None


class SymbolName(msgspec.Struct):
    """What can be told of a symbol whose row cannot be read."""

    symbol: Any = None


class ExchangeInfo(msgspec.Struct):
    """Answer of `exchangeInfo`; each symbol is decoded by itself, so that a bad one spoils no other."""

    symbols: list[msgspec.Raw]
    rateLimits: list[RateLimitRule] = []


class DayTicker(msgspec.Struct):
    """One symbol of `ticker/24hr`."""

    symbol: str
    quoteVolume: float


class Problem(msgspec.Struct):
    """Body of a refusal."""

    code: int = 0
    msg: str = ""

    @classmethod
    def read(cls, body: bytes) -> Problem:
        """What a refusal says; the beginning of its text where it is not the exchange's form."""
        try:
            return _problem.decode(body)
        except UNREADABLE:
            return cls(0, body[:120].decode("utf-8", "replace"))


class Notice(msgspec.Struct):
    """A message that is no market event: `e` says what, by itself or in a combined stream's `data`."""

    e: str | None = None
    data: NoticeData | None = None


class NoticeData(msgspec.Struct):
    """`data` of a combined message of which only the kind matters."""

    e: str | None = None


class KlineData(msgspec.Struct):
    """`k` of a kline message."""

    t: int
    s: str
    i: str
    x: bool
    o: float
    h: float
    l: float  # noqa: E741 - Binance's name
    c: float
    v: float
    q: float
    n: int
    V: float
    Q: float


class KlineEvent(msgspec.Struct):
    """Payload of `<symbol>@kline_<interval>`."""

    k: KlineData


class CombinedKline(msgspec.Struct):
    """A kline message of a combined stream."""

    data: KlineEvent


class MiniTicker(msgspec.Struct):
    """One entry of `!miniTicker@arr`."""

    s: str
    c: float
    E: int


class CombinedData(msgspec.Struct):
    """A message of a combined stream, its payload as it came."""

    data: msgspec.Raw


@dataclass(frozen=True)
class Klines:
    """A `klines` answer: the candles that can be, how many rows there were, these and others, and the open times (ms
    UTC) of the first and the last that could be read, candle or not; None without any.
    """

    block: CandleBlock
    rows: int
    span: tuple[int, int] | None


@dataclass(frozen=True)
class Listing:
    """`exchangeInfo`: symbols in the exchange's order, what is wrong with those that cannot be read (by name, or
    number where it has none), and the request weight allowed per minute (None when not told).
    """

    symbols: list[SymbolInfo]
    unreadable: dict[str, str]
    weight_limit: int | None


_raw_rows = msgspec.json.Decoder(list[msgspec.Raw])
_klines = msgspec.json.Decoder(list[KlineRow], strict=False)
_kline = msgspec.json.Decoder(KlineRow, strict=False)
_server_time = msgspec.json.Decoder(ServerTime, strict=False)
_exchange_info = msgspec.json.Decoder(ExchangeInfo, strict=False)
_symbol_row = msgspec.json.Decoder(SymbolRow, strict=False)
_symbol_name = msgspec.json.Decoder(SymbolName)
_day_tickers = msgspec.json.Decoder(list[DayTicker], strict=False)
_day_ticker = msgspec.json.Decoder(DayTicker, strict=False)
_problem = msgspec.json.Decoder(Problem, strict=False)
_notice = msgspec.json.Decoder(Notice)
_kline_event = msgspec.json.Decoder(CombinedKline, strict=False)
_mini_tickers = msgspec.json.Decoder(list[MiniTicker], strict=False)
_mini_ticker = msgspec.json.Decoder(MiniTicker, strict=False)
_data = msgspec.json.Decoder(CombinedData)


def parse_klines(raw: bytes, symbol: str, interval: str) -> Klines:
    """A `klines` answer, the forming candle included.

    Raises `SourceUnavailable` when the answer is no list of klines in ascending order, or none of them can be read.
    """
    try:
        rows, count = _decode_rows(raw, _klines, _kline)
    except UNREADABLE as error:
        raise SourceUnavailable(f"klines of {symbol} {interval} cannot be read: {error}") from error
    table = np.array([row[:11] for row in rows], dtype=np.float64).reshape(len(rows), 11)
    table = table[np.isfinite(table).all(axis=1) & (abs(table[:, 0]) < LATEST_MS)]
    if count and not len(table):
        raise SourceUnavailable(f"klines of {symbol} {interval} hold unknown numbers only")
    values = np.ascontiguousarray(np.delete(table[:, 1:], 5, axis=1))
    # Times fit a float64 exactly: 2^53 ms is far in the future.
    open_times = table[:, 0].astype(np.int64)
    if (np.diff(open_times) <= 0).any():
        raise SourceUnavailable(f"klines of {symbol} {interval} are out of order")
    sound = _sound(open_times, values, interval)
    block = CandleBlock(symbol, interval, open_times[sound], np.ascontiguousarray(values[sound]))
    span = (int(open_times[0]), int(open_times[-1])) if len(open_times) else None
    return Klines(block, count, span)


def _sound(open_times: npt.NDArray[np.int64], values: npt.NDArray[np.float64], interval: str) -> npt.NDArray[np.bool_]:
    """Which candles can be, bool [n]: prices above zero, none outside low and high, no volume below zero, opened
    when candles of the interval open.
    """
    o, h, low, c = values[:, :4].T
    prices = (low > 0) & (low <= o) & (o <= h) & (low <= c) & (c <= h)
    sound: npt.NDArray[np.bool_] = prices & (values[:, 4:] >= 0).all(axis=1) & (open_times % _grid(interval) == 0)
    return sound


def parse_server_time(raw: bytes) -> int:
    """A `time` answer, ms UTC. Raises `SourceUnavailable`."""
    try:
        return _server_time.decode(raw).serverTime
    except UNREADABLE as error:
        raise SourceUnavailable(f"the server's time cannot be read: {error}") from error


def parse_exchange_info(raw: bytes) -> Listing:
    """All symbols that can be read, and what is wrong with the others. Raises `SourceUnavailable`."""
    try:
        info = _exchange_info.decode(raw)
    except UNREADABLE as error:
        raise SourceUnavailable(f"the list of symbols cannot be read: {error}") from error
    weights = [
        rule.limit
        for rule in info.rateLimits
        if rule.rateLimitType == "REQUEST_WEIGHT" and rule.interval == "MINUTE" and rule.intervalNum == 1
    ]
    listing = Listing([], {}, weights[0] if weights else None)
    for number, row in enumerate(info.symbols):
        try:
            listing.symbols.append(_symbol_info(_symbol_row.decode(row)))
        except UNREADABLE as error:
            listing.unreadable[_name(row) or f"number {number}"] = str(error)
    return listing


def parse_day_tickers(raw: bytes) -> dict[str, float]:
    """Volume of 24 hours by symbol, in quote currency, of those that can be read. Raises `SourceUnavailable`."""
    try:
        rows, _ = _decode_rows(raw, _day_tickers, _day_ticker)
    except UNREADABLE as error:
        raise SourceUnavailable(f"the day's volumes cannot be read: {error}") from error
    return {row.symbol: row.quoteVolume for row in rows if isfinite(row.quoteVolume)}


def is_shutdown(raw: str | bytes) -> bool:
    """Whether a message announces that the server will close the connection."""
    try:
        notice = _notice.decode(raw)
    except UNREADABLE:
        return False
    return "serverShutdown" in (notice.e, notice.data.e if notice.data is not None else None)


def parse_kline_message(raw: str | bytes) -> Candle | None:
    """A combined kline message; None while its candle still forms.

    Raises one of `UNREADABLE`, also when no such candle can be.
    """
    k = _kline_event.decode(raw).data.k
    if not k.x:
        return None
    if k.i not in INTERVAL_MS or not 0 < k.t < LATEST_MS or k.t % _grid(k.i):
        raise msgspec.DecodeError(f"no candle of {k.i} opens at {k.t}")
    # A number that is not one fails every comparison.
    if not (0 < k.l <= k.o <= k.h < inf and k.l <= k.c <= k.h and 0 <= k.v < inf and 0 <= k.q < inf and k.n >= 0):
        raise msgspec.DecodeError(f"no candle has the prices {k.o} {k.h} {k.l} {k.c} and the volumes {k.v} {k.q}")
    if not (0 <= k.V < inf and 0 <= k.Q < inf):
        raise msgspec.DecodeError(f"no candle has the taker volumes {k.V} {k.Q}")
    return Candle(k.s, k.i, k.t, k.o, k.h, k.l, k.c, k.v, k.q, float(k.n), k.V, k.Q)


def parse_price_message(raw: str | bytes) -> list[Price]:
    """A combined `!miniTicker@arr` message: the symbols that can be read and have traded. Raises one of
    `UNREADABLE`.
    """
    rows, _ = _decode_rows(_data.decode(raw).data, _mini_tickers, _mini_ticker)
    # A time beyond what a date can be would stop everyone who writes it as one.
    return [Price(row.s, row.c, row.E) for row in rows if 0 < row.c < inf and 0 < row.E < LATEST_MS]


def _decode_rows(
    raw: bytes | msgspec.Raw, every: msgspec.json.Decoder[list[T]], each: msgspec.json.Decoder[T]
) -> tuple[list[T], int]:
    """The rows of a list that can be read, and how many it has. Raises one of `UNREADABLE` where that is none of
    them.
    """
    try:
        rows = every.decode(raw)
    except UNREADABLE:
        # Rare, and then one bad row must not cost the others.
        parts = _raw_rows.decode(raw)
        rows = [row for part in parts for row in _decoded(part, each)]
        if not rows:
            raise
        return rows, len(parts)
    return rows, len(rows)


def _decoded(raw: msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> list[T]:
    """The row, or nothing."""
    try:
        return [decoder.decode(raw)]
    except UNREADABLE:
        return []


def _grid(interval: str) -> int:
    """Milliseconds that all open times are a multiple of; from a day on, days."""
    return min(interval_ms(interval), DAY_MS)


def _name(row: msgspec.Raw) -> str | None:
    try:
        name = _symbol_name.decode(row).symbol
    except UNREADABLE:
        return None
    return name if isinstance(name, str) and name else None


def _symbol_info(row: SymbolRow) -> SymbolInfo:
    """What a row says. Raises one of `UNREADABLE` for a name that no symbol has."""
    if not SYMBOL.fullmatch(row.symbol):
        raise msgspec.ValidationError(f"no symbol is named {row.symbol!r:.80}")
    rules = {str(rule.get("filterType")): rule for rule in row.filters or () if isinstance(rule, dict)}
    price, lot = rules.get("PRICE_FILTER", {}), rules.get("LOT_SIZE", {})
    notional = rules.get("NOTIONAL") or rules.get("MIN_NOTIONAL") or {}
    return SymbolInfo(
        symbol=row.symbol,
        base_asset=row.baseAsset,
        quote_asset=row.quoteAsset,
        status=row.status or "UNKNOWN",
        tick_size=_decimal(price.get("tickSize")),
        step_size=_decimal(lot.get("stepSize")),
        min_quantity=_decimal(lot.get("minQty")),
        # Futures call it `notional`.
        min_notional=_decimal(notional.get("minNotional", notional.get("notional"))),
        listed_ms=row.onboardDate if row.onboardDate and row.onboardDate > 0 else None,
        contract=row.contractType or None,
    )


def _decimal(value: object) -> Decimal:
    """A rule's number; 0, which is no rule, where there is none or it cannot be read."""
    if not isinstance(value, str | int | float):
        return Decimal(0)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
    known = number.is_finite() and number > 0 and abs(number.adjusted()) <= LARGEST_POWER
    return number if known else Decimal(0)
