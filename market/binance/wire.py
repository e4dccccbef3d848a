"""Binance's wire shapes, and their way into our types. This is the only module that knows the names of
their fields.

Numbers come as strings; the decoders convert while they parse (`strict=False`), so a kline answer of 1,000
rows becomes an array without a Python object per number.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import numpy as np

from market.source import FIELDS, CandleBlock
from market.types import Candle, Price, SourceUnavailable, SymbolInfo

# open time, open, high, low, close, volume, close time, quote volume, trades, taker base, taker quote, unused
KlineRow = tuple[int, float, float, float, float, float, int, float, int, float, float, Any]


class ServerTime(msgspec.Struct):
    """Answer of `/api/v3/time`."""

    serverTime: int


class RateLimitRule(msgspec.Struct):
    """One entry of `rateLimits`."""

    rateLimitType: str
    interval: str = ""
    intervalNum: int = 1
    limit: int = 0


class SymbolRow(msgspec.Struct):
    """One symbol of `/api/v3/exchangeInfo`; filters stay dictionaries, since their kinds are open-ended."""

    symbol: str
    status: str
    baseAsset: str
    quoteAsset: str
    filters: list[dict[str, Any]] = []


class ExchangeInfo(msgspec.Struct):
    """Answer of `/api/v3/exchangeInfo`."""

    symbols: list[SymbolRow]
    rateLimits: list[RateLimitRule] = []


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


class CombinedMiniTickers(msgspec.Struct):
    """A message of the combined stream `!miniTicker@arr`."""

    data: list[MiniTicker]


_klines = msgspec.json.Decoder(list[KlineRow], strict=False)
_server_time = msgspec.json.Decoder(ServerTime, strict=False)
_exchange_info = msgspec.json.Decoder(ExchangeInfo, strict=False)
_kline_event = msgspec.json.Decoder(CombinedKline, strict=False)
_mini_tickers = msgspec.json.Decoder(CombinedMiniTickers, strict=False)


def parse_klines(raw: bytes, symbol: str, interval: str) -> CandleBlock:
    """A `/api/v3/klines` answer as a block, the forming candle included.

    Raises `SourceUnavailable` when the answer is not a list of klines, or holds a number that is not finite.
    """
    try:
        rows = _klines.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceUnavailable(f"klines of {symbol} {interval} cannot be read: {error}") from error
    if not rows:
        return CandleBlock(symbol, interval, np.empty(0, np.int64), np.empty((0, len(FIELDS))))
    table = np.array([row[:11] for row in rows], dtype=np.float64)
    values = np.ascontiguousarray(np.delete(table[:, 1:], 5, axis=1))
    # Times fit a float64 exactly: 2^53 ms is far in the future.
    open_times = table[:, 0].astype(np.int64)
    if not np.isfinite(values).all() or (np.diff(open_times) <= 0).any():
        raise SourceUnavailable(f"klines of {symbol} {interval} hold unknown numbers or are out of order")
    return CandleBlock(symbol, interval, open_times, values)


def parse_server_time(raw: bytes) -> int:
    """A `/api/v3/time` answer, ms UTC. Raises `SourceUnavailable`."""
    try:
        return _server_time.decode(raw).serverTime
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceUnavailable(f"the server's time cannot be read: {error}") from error


def parse_exchange_info(raw: bytes) -> tuple[list[SymbolInfo], int | None]:
    """Symbols and the request weight allowed per minute (None when not told). Raises `SourceUnavailable`."""
    try:
        info = _exchange_info.decode(raw)
        symbols = [_symbol_info(row) for row in info.symbols]
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidOperation) as error:
        raise SourceUnavailable(f"the list of symbols cannot be read: {error}") from error
    weights = [
        rule.limit
        for rule in info.rateLimits
        if rule.rateLimitType == "REQUEST_WEIGHT" and rule.interval == "MINUTE" and rule.intervalNum == 1
    ]
    return symbols, (weights[0] if weights else None)


def parse_kline_message(raw: str | bytes) -> Candle | None:
    """A combined kline message; None while its candle still forms.

    Raises `msgspec.DecodeError` when unreadable.
    """
    kline = _kline_event.decode(raw).data.k
    if not kline.x:
        return None
    return Candle(
        kline.s,
        kline.i,
        kline.t,
        kline.o,
        kline.h,
        kline.l,
        kline.c,
        kline.v,
        kline.q,
        float(kline.n),
        kline.V,
        kline.Q,
    )


def parse_price_message(raw: str | bytes) -> list[Price]:
    """A combined `!miniTicker@arr` message. Raises `msgspec.DecodeError` when unreadable."""
    return [Price(ticker.s, ticker.c, ticker.E) for ticker in _mini_tickers.decode(raw).data]


def _symbol_info(row: SymbolRow) -> SymbolInfo:
    rules = {str(rule.get("filterType")): rule for rule in row.filters}
    lot = rules.get("LOT_SIZE", {})
    notional = rules.get("NOTIONAL") or rules.get("MIN_NOTIONAL") or {}
    return SymbolInfo(
        symbol=row.symbol,
        base_asset=row.baseAsset,
        quote_asset=row.quoteAsset,
        status=row.status,
        tick_size=Decimal(str(rules.get("PRICE_FILTER", {}).get("tickSize", "0"))),
        step_size=Decimal(str(lot.get("stepSize", "0"))),
        min_quantity=Decimal(str(lot.get("minQty", "0"))),
        min_notional=Decimal(str(notional.get("minNotional", "0"))),
    )
