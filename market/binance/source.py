"""`BinanceSource`: the market source over Binance's public REST and streams, or over a server of the same
shape.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import numpy as np

from market.binance.rest import Rest
from market.binance.streams import Streams
from market.binance.wire import parse_exchange_info, parse_klines, parse_server_time
from market.source import CandleBlock
from market.types import Candle, Price, SymbolInfo
from screener.intervals import interval_ms, open_of

KLINES_PER_REQUEST = 1000
KLINES_WEIGHT = 2
INFO_WEIGHT = 20


class BinanceSource:
    """Implements `market.source.MarketSource`. Needs a running event loop when it is made.

    `rest_url` and `stream_url` replace Binance's public addresses (`http://host:port`, `ws://host:port`).
    """

    def __init__(self, rest_url: str | None = None, stream_url: str | None = None) -> None:
        self._rest = Rest(rest_url)
        self._streams = Streams(self._rest._client, stream_url)
        # The exchange's time as it was last told: by it a candle is closed, whatever the clock here.
        self._told_ms = 0

    async def symbols(self) -> list[SymbolInfo]:
        """All symbols, whatever their status, in the exchange's order."""
        symbols, weight_limit = parse_exchange_info(await self._rest.get("exchangeInfo", INFO_WEIGHT))
        if weight_limit:
            self._rest.gate.limit = weight_limit
        return symbols

    async def candles(
        self,
        symbol: str,
        interval: str,
        limit: int = 1000,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> list[Candle]:
        """See `MarketSource.candles`."""
        return (await self.candle_block(symbol, interval, limit, start_ms, end_ms)).candles()

    async def candle_block(
        self,
        symbol: str,
        interval: str,
        limit: int = 1000,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> CandleBlock:
        """See `MarketSource.candle_block`. More than 1,000 candles take several requests.

        With `start_ms` the oldest `limit` candles from there on, else the newest `limit` up to `end_ms`.
        """
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        parts: list[CandleBlock] = []
        left = limit
        while left > 0:
            size = min(left, KLINES_PER_REQUEST)
            part, rows = await self._page(symbol, interval, size, start_ms, end_ms)
            if len(part):
                parts.append(part)
            if rows < size:
                break
            left -= max(len(part), 1)
            if start_ms is None:
                end_ms = int(part.open_times[0]) - 1 if len(part) else None
            else:
                start_ms = int(part.open_times[-1]) + 1 if len(part) else None
            if end_ms is None and start_ms is None:
                break
        if start_ms is None:
            parts.reverse()
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return parse_klines(b"[]", symbol, interval)
        return CandleBlock(
            symbol,
            interval,
            np.concatenate([part.open_times for part in parts]),
            np.concatenate([part.values for part in parts]),
        )

    async def _page(
        self, symbol: str, interval: str, size: int, start_ms: int | None, end_ms: int | None
    ) -> tuple[CandleBlock, int]:
        """One request: its closed candles, and how many rows the answer had."""
        step = interval_ms(interval)
        if end_ms is None or open_of(end_ms, interval) + step > self._told_ms:
            # Before the klines, so that a candle which closes between the two answers counts as forming.
            await self.server_time_ms()
        told = self._told_ms
        params: dict[str, str | int] = {"symbol": symbol, "interval": interval, "limit": size}
        if start_ms is not None:
            params["startTime"] = start_ms
        if end_ms is not None:
            params["endTime"] = end_ms
        raw = await self._rest.get("klines", KLINES_WEIGHT, **params)
        block = parse_klines(raw, symbol, interval)
        rows = len(block)
        closed = block.open_times + step <= told
        if not closed.all():
            block = CandleBlock(symbol, interval, block.open_times[closed], block.values[closed])
        return block, rows

    def stream_candles(self, symbols: Sequence[str], interval: str) -> AsyncGenerator[Candle, None]:
        """See `MarketSource.stream_candles`; one connection, at most 1,024 symbols."""
        return self._streams.candles(symbols, interval)

    def stream_prices(self) -> AsyncGenerator[Price, None]:
        """See `MarketSource.stream_prices`."""
        return self._streams.prices()

    async def server_time_ms(self) -> int:
        """The exchange's time, ms UTC."""
        self._told_ms = parse_server_time(await self._rest.get("time", 1))
        return self._told_ms

    async def aclose(self) -> None:
        """Close the REST connections; streams close when their iteration ends."""
        await self._rest.aclose()
