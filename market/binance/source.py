"""`BinanceSource`: the market source over Binance's public REST and streams, or over a server of the same
shape.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

import numpy as np

from market.binance.rest import Rest, Venue
from market.binance.streams import Streams
from market.binance.wire import Klines, parse_day_tickers, parse_exchange_info, parse_klines, parse_server_time
from market.source import CandleBlock, Traffic
from market.types import Candle, Price, SymbolInfo
from screener.intervals import interval_ms, open_of

log = logging.getLogger(__name__)

KLINES_PER_REQUEST: dict[Venue, int] = {"spot": 1000, "usdm": 1500}
# Futures weigh klines by the rows asked for: the most rows for each weight.
USDM_KLINES_WEIGHTS = ((99, 1), (499, 2), (1000, 5), (1500, 10))
SPOT_KLINES_WEIGHT = 2
INFO_WEIGHT: dict[Venue, int] = {"spot": 20, "usdm": 1}
DAY_TICKERS_WEIGHT: dict[Venue, int] = {"spot": 80, "usdm": 40}


class BinanceSource:
    """Implements `market.source.MarketSource` for Binance spot (`venue` "spot") or USD-M futures ("usdm"). Needs a
    running event loop when it is made.

    `rest_url` and `stream_url` replace Binance's public addresses (`http://host:port`, `ws://host:port`).
    """

    def __init__(self, rest_url: str | None = None, stream_url: str | None = None, *, venue: Venue = "spot") -> None:
        self.venue: Venue = venue
        self.rest = Rest(venue, rest_url)
        self.streams = Streams(self.rest.client, venue, stream_url)
        self._unreadable: dict[str, str] = {}
        self.refused_candles = 0
        """Candles of REST answers that no market makes, as at a price of zero; they are left out."""
        self._listed: dict[str, int] = {}
        # The exchange's time as it was last told: by it a candle is closed, whatever the clock here.
        self._told_ms = 0

    @property
    def unreadable_symbols(self) -> Mapping[str, str]:
        """See `MarketSource.unreadable_symbols`."""
        return self._unreadable

    async def symbols(self) -> list[SymbolInfo]:
        """All symbols that can be read, whatever their status, in the exchange's order."""
        listing = parse_exchange_info(await self.rest.get("exchangeInfo", INFO_WEIGHT[self.venue]))
        if listing.weight_limit:
            self.rest.gate.limit = listing.weight_limit
        if listing.unreadable.keys() - self._unreadable.keys():
            names = ", ".join(list(listing.unreadable)[:5])
            log.warning("%d symbols cannot be read: %s", len(listing.unreadable), names)
        self._unreadable = listing.unreadable
        return listing.symbols

    async def day_volumes(self) -> dict[str, float]:
        """See `MarketSource.day_volumes`. Heavy: 80 of the weight at spot, 40 at futures."""
        params = {"type": "MINI"} if self.venue == "spot" else {}
        return parse_day_tickers(await self.rest.get("ticker/24hr", DAY_TICKERS_WEIGHT[self.venue], **params))

    async def listed_ms(self, symbol: str) -> int | None:
        """The open time of its first daily candle, ms UTC; asked once, and remembered. None where it has none."""
        if symbol not in self._listed:
            raw = await self.rest.get("klines", self._weight(1), symbol=symbol, interval="1d", limit=1, startTime=0)
            if not len(block := parse_klines(raw, symbol, "1d").block):
                return None
            self._listed[symbol] = int(block.open_times[0])
        return self._listed[symbol]

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
        """See `MarketSource.candle_block`. More candles than fit one answer take several requests.

        With `start_ms` the oldest `limit` candles from there on, else the newest `limit` up to `end_ms`.
        """
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        parts: list[CandleBlock] = []
        left = limit
        while left > 0:
            size = self._page_size(left)
            part, answer = await self._page(symbol, interval, size, start_ms, end_ms)
            if len(part):
                parts.append(part)
            if answer.rows < size or answer.span is None:
                break
            left -= len(part)
            # Past all rows, also where none of them can be a candle: who gets fewer takes it that there are no more.
            first, last = answer.span
            if start_ms is None:
                if end_ms is not None and first > end_ms:
                    break
                end_ms = first - 1
            else:
                if last < start_ms or last + interval_ms(interval) > self._told_ms:
                    break
                start_ms = last + 1
        if start_ms is None:
            parts.reverse()
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return parse_klines(b"[]", symbol, interval).block
        return CandleBlock(
            symbol,
            interval,
            np.concatenate([part.open_times for part in parts]),
            np.concatenate([part.values for part in parts]),
        )

    async def _page(
        self, symbol: str, interval: str, size: int, start_ms: int | None, end_ms: int | None
    ) -> tuple[CandleBlock, Klines]:
        """One request: its closed candles, and the whole answer."""
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
        answer = parse_klines(await self.rest.get("klines", self._weight(size), **params), symbol, interval)
        block = answer.block
        if refused := answer.rows - len(block):
            self.refused_candles += refused
            log.warning("%d of %d candles of %s %s cannot be", refused, answer.rows, symbol, interval)
        closed = block.open_times + step <= told
        if not closed.all():
            block = CandleBlock(symbol, interval, block.open_times[closed], block.values[closed])
        return block, answer

    def _page_size(self, left: int) -> int:
        """Rows of the next request: what weighs least for each row where many are left."""
        if self.venue == "usdm" and left > 1000:
            return 499
        return min(left, KLINES_PER_REQUEST[self.venue])

    def _weight(self, rows: int) -> int:
        if self.venue == "spot":
            return SPOT_KLINES_WEIGHT
        return next(weight for most, weight in USDM_KLINES_WEIGHTS if rows <= most)

    def stream_candles(
        self, symbols: Sequence[str], interval: str, traffic: Traffic | None = None
    ) -> AsyncGenerator[Candle, None]:
        """See `MarketSource.stream_candles`; one connection, at most `streams.MOST_STREAMS` symbols."""
        return self.streams.candles(symbols, interval, traffic)

    def stream_prices(self, traffic: Traffic | None = None) -> AsyncGenerator[Price, None]:
        """See `MarketSource.stream_prices`."""
        return self.streams.prices(traffic)

    def report(self) -> dict[str, Any]:
        """See `MarketSource.report`; the weight is that of the exchange's minute, pauses are in real seconds."""
        rest = self.rest
        return {
            "venue": self.venue,
            "rest": rest.address,
            "streams": self.streams.address,
            "requests": rest.requests,
            "failures": rest.failures,
            "used_weight": rest.gate.used,
            "weight_limit": rest.gate.limit,
            "closed_for_s": round(rest.gate.closed_for_s, 1),
            "refusal": rest.refusal or None,
            "refused_candles": self.refused_candles,
            "unreadable_symbols": len(self._unreadable),
            "first_unreadable_symbols": list(self._unreadable)[:10],
            "connection_attempts_5m": self.streams.attempts.used,
        }

    async def server_time_ms(self) -> int:
        """The exchange's time, ms UTC."""
        self._told_ms = parse_server_time(await self.rest.get("time", 1))
        return self._told_ms

    async def aclose(self) -> None:
        """Close the REST connections; streams close when their iteration ends."""
        await self.rest.aclose()
