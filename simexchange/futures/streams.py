"""WebSocket market streams of the perpetuals.

1. They are served at /market, /public and /private, each with /ws/<stream> and /stream?streams=a/b, and the same under
   /fstream for a client that takes one base address. All names work at all of them, so that a client that mixes the
   categories is not refused here where Binance is lenient too.
2. When candles are sent is spot's matter (`SpotHub._close`, `_update`); `_opened` knows the perpetuals' names for them,
   `_send_candles` their form.
3. `_tickers` sends the rest, each real second: prices, statistics, trades, books.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import numpy as np
from aiohttp import web

from simexchange.book import MOST_PASSING
from simexchange.candles import Candles
from simexchange.clock import VirtualClock
from simexchange.connections import StreamOptions
from simexchange.faults.injector import FaultInjector
from simexchange.futures import funding, wire
from simexchange.futures.contracts import Contract, text
from simexchange.futures.market import MarketData
from simexchange.intervals import INTERVAL_SECONDS
from simexchange.market_streams import SpotHub
from simexchange.tape import aggregates

BASES: Final = ("/market", "/public", "/private", "/fstream", "/fstream/market", "/fstream/public", "/fstream/private")
_KLINE: Final = re.compile(r"([a-z0-9]+)(?:@kline|_perpetual@continuousKline)_(\w+)")
_DEPTH: Final = re.compile(r"([a-z0-9]+)@depth(5|10|20)(?:@(?:100|250|500)ms)?")
_ONE: Final = re.compile(r"([a-z0-9]+)@(markPrice|markPrice@1s|miniTicker|ticker|bookTicker)")
_ALL: Final = re.compile(r"!(markPrice|miniTicker|ticker)@arr(@1s)?")
_PRINTS: Final = re.compile(r"([a-z0-9]+)@(aggTrade|trade)")
_CHANGES: Final = re.compile(r"([a-z0-9]+)@depth(?:@(?:100|250|500)ms)?")
_SLOW_MARK_SECONDS: Final = 3
_LEVELS: Final = 1_000
#: Trades are followed this many seconds back in a fast market, no further.
_MOST_SECONDS: Final = 300
Sides = tuple[dict[int, int], dict[int, int]]
Maker = Callable[[Contract], dict[str, Any] | None]


class PerpetualHub(SpotHub):
    """Streams of the perpetuals to their connections."""

    def __init__(
        self, data: MarketData, clock: VirtualClock, faults: FaultInjector, options: StreamOptions | None = None
    ) -> None:
        super().__init__(data.live, clock, faults, options, "usdm")
        self._data = data
        self._contracts = {contract.symbol.lower(): contract for contract in data.contracts}
        self._of_row = {contract.row: contract for contract in data.contracts}
        self._turn = 0
        self._printed: dict[Contract, int] = {}
        self._seen: dict[Contract, tuple[int, Sides]] = {}

    def install(self, application: web.Application) -> None:
        """Add the stream routes."""
        for base in BASES:
            application.router.add_get(f"{base}/stream", self.serve)
            application.router.add_get(f"{base}/ws", self.serve_private)
            application.router.add_get(f"{base}/ws/{{streams:.+}}", self.serve)

    async def serve_private(self, request: web.Request) -> web.WebSocketResponse:
        """A connection that may name a listen key, which is the name of the private stream."""
        if "listenKey" in request.query:
            request.match_info["streams"] = request.query["listenKey"]
        return await self.serve(request)

    def publish(self, key: str, payload: str, kind: str) -> None:
        """Send a user data event."""
        self._tell(key, payload, "", kind)

    def _opened(self, stream: str) -> None:
        match = _KLINE.fullmatch(stream)
        if match and match[1] in self._contracts and match[2] in INTERVAL_SECONDS:
            self._candles.setdefault(match[2], {})[self._contracts[match[1]].row] = stream
        match = _CHANGES.fullmatch(stream)
        if match and (contract := self._contracts.get(match[1])) is not None and contract not in self._seen:
            # Changes are told from this moment on: a snapshot asked for right after must find nothing missing.
            now = self._clock.now_ms() // 1000
            book = self._data.books.depth(contract.row, now, _LEVELS)
            self._seen[contract] = now, (dict(book.bids), dict(book.asks))

    def _abandoned(self, stream: str) -> None:
        match = _KLINE.fullmatch(stream)
        if not match or match[1] not in self._contracts or match[2] not in INTERVAL_SECONDS:
            return
        if not any(name in self._readers for name in _candle_names(match[1], match[2])):
            row = self._contracts[match[1]].row
            self._candles[match[2]].pop(row, None)
            self._late.get(match[2], {}).pop(row, None)

    def _send_candles(
        self, interval: str, rows: list[int], candles: Candles, begin: int, event_ms: int, *, closed: bool
    ) -> None:
        if not rows:
            return
        chosen = np.array(rows, dtype=np.int64)
        contracts = [self._of_row[row] for row in rows]
        last = self._market.last_numbers(event_ms // 1000)[chosen]
        events = wire.kline_events(candles.take(chosen), contracts, interval, begin, closed, event_ms, last)
        for contract, pair in zip(contracts, events, strict=True):
            if pair is not None:
                names = _candle_names(contract.symbol.lower(), interval)
                for name, event, kind in zip(names, pair, ("kline", "continuousKline"), strict=True):
                    self._tell(name, event, contract.symbol, kind, closed=closed)

    def _tickers(self, now: int) -> None:
        self._turn += 1
        silent = self._market.silent(now)
        self._send_prints(now)
        self._send_changes(now, silent)
        singles, everyone = self._wanting(_ONE), [match for name in self._readers if (match := _ALL.fullmatch(name))]
        if singles or everyone or "!bookTicker" in self._readers:
            whole = any(match[1] != "markPrice" for match in everyone)
            counted = {contract for contract, match in singles if match[2] in ("ticker", "miniTicker")}
            makers = self._makers(self._data.contracts if whole else list(counted), now)
            for contract, match in singles:
                kind = match[2].partition("@")[0]
                if contract.row not in silent and self._due(match[2]):
                    self._tell_one(match[0], contract, kind, makers[kind])
            for match in everyone:
                self._send_all(match, makers[match[1]], now)
            if "!bookTicker" in self._readers:
                for contract in self._data.contracts:
                    self._tell_one("!bookTicker", contract, "bookTicker", makers["bookTicker"])
        for contract, match in self._wanting(_DEPTH):
            if contract.row not in silent:
                self._tell(match[0], _json(self._partial(contract, now, int(match[2]))), contract.symbol, "depth")

    def _send_all(self, match: re.Match[str], make: Maker, now: int) -> None:
        kind = match[1]
        if not self._due(f"{kind}{match[2] or ''}"):
            return
        contracts = self._data.contracts
        if kind != "markPrice":
            changed = self._changed(match[0], now)
            contracts = [contract for contract in contracts if changed[contract.row]]
        events = [event for event in map(make, contracts) if event is not None]
        if events:
            self._tell(match[0], _json(events), "", kind)

    def _due(self, kind: str) -> bool:
        """Mark prices come every three seconds unless every second is asked for."""
        return kind != "markPrice" or self._turn % _SLOW_MARK_SECONDS == 0

    def _makers(self, counted: Sequence[Contract], now: int) -> dict[str, Maker]:
        """What makes each kind of message at a moment, statistics for `counted` alone; None where a symbol does not
        trade.
        """
        event_ms, coming = now * 1000, funding.next_time(now)
        tops, tickers = self._data.books.tops(now), self._data.tickers(counted, now, event_ms)

        def full(contract: Contract) -> dict[str, Any] | None:
            return wire.ticker_event(tickers[contract], event_ms) if contract in tickers else None

        def mini(contract: Contract) -> dict[str, Any] | None:
            return wire.mini_event(tickers[contract], event_ms) if contract in tickers else None

        def mark(contract: Contract) -> dict[str, Any] | None:
            ticks = int(tops.last[contract.row])
            if not ticks:
                return None
            price, rate = f"{contract.price(ticks):.8f}", str(funding.rate(contract.symbol, coming))
            prices = dict.fromkeys(("p", "ap", "P", "i"), price)
            return {
                "e": "markPriceUpdate",
                "E": event_ms,
                "s": contract.symbol,
                **prices,
                "r": rate,
                "T": coming * 1000,
            }

        def best(contract: Contract) -> dict[str, Any] | None:
            if not tops.last[contract.row]:
                return None
            price, lot = contract.listing.price_decimals, contract.listing.lot_decimals
            levels = (tops.bid, price), (tops.bid_lots, lot), (tops.ask, price), (tops.ask_lots, lot)
            texts = [text(int(column[contract.row]), decimals) for column, decimals in levels]
            body = dict(zip("bBaA", texts, strict=True))
            return {"e": "bookTicker", "u": now, "s": contract.symbol, **body, "T": event_ms, "E": event_ms}

        return {"ticker": full, "miniTicker": mini, "markPrice": mark, "bookTicker": best}

    def _send_prints(self, now: int) -> None:
        """Trades since the last ones sent."""
        wanted, tape = self._wanting(_PRINTS), self._data.tape
        made: dict[Contract, list[Any]] = {}
        for contract in {contract for contract, _ in wanted}:
            coming = tape.number_at(contract.row, now)
            first = self._printed.get(contract, coming)
            if first < coming:
                first = max(first, tape.number_at(contract.row, now - _MOST_SECONDS))
            self._printed[contract] = coming
            made[contract] = list(tape.walk(contract.row, first, now)) if first < coming else []
        for contract, match in wanted:
            if match[2] == "trade":
                events = [wire.trade_event(one, contract) for one in made[contract]]
            else:
                events = [wire.aggregate_event(one, contract) for one in aggregates(made[contract])]
            for event in events:
                self._tell(match[0], _json(event), contract.symbol, match[2])
        for contract in self._printed.keys() - made.keys():
            del self._printed[contract]

    def _send_changes(self, now: int, silent: frozenset[int]) -> None:
        """What changed in books since the last message."""
        wanted = self._wanting(_CHANGES)
        events: dict[Contract, str] = {}
        for contract in {contract for contract, _ in wanted}:
            book = self._data.books.depth(contract.row, now, _LEVELS)
            sides = dict(book.bids), dict(book.asks)
            before, known = self._seen.get(contract, (now - 1, sides))
            if before < now and contract.row not in silent:
                self._seen[contract] = now, sides
                between = range(max(before + 1, now - MOST_PASSING), now)
                books = (self._data.books.depth(contract.row, second, _LEVELS) for second in between)
                passing = [(dict(one.bids), dict(one.asks)) for one in books]
                events[contract] = _json(_update_event(contract, (before, known), (now, sides), passing))
        for contract, match in wanted:
            if contract in events:
                self._tell(match[0], events[contract], contract.symbol, "depth")
        for contract in self._seen.keys() - {contract for contract, _ in wanted}:
            del self._seen[contract]

    def _partial(self, contract: Contract, now: int, count: int) -> dict[str, Any]:
        levels = self._data.levels(contract, now, count)
        head = {"e": "depthUpdate", "E": now * 1000, "T": now * 1000, "s": contract.symbol, "U": now, "u": now}
        return head | {"pu": now - 1, "b": levels["bids"], "a": levels["asks"]}

    def _wanting(self, pattern: re.Pattern[str]) -> list[tuple[Contract, re.Match[str]]]:
        """The streams of a pattern that have readers; names that no contract has are carried, and stay silent."""
        matches = (pattern.fullmatch(name) for name in self._readers)
        return [(self._contracts[match[1]], match) for match in matches if match and match[1] in self._contracts]

    def _tell_one(self, name: str, contract: Contract, kind: str, make: Maker) -> None:
        event = make(contract)
        if event is not None:
            self._tell(name, _json(event), contract.symbol, kind)

    def _tell(self, stream: str, payload: str, symbol: str, kind: str, *, closed: bool = False) -> None:
        if stream in self._readers:
            self._send(stream, payload, symbol, kind, closed)


def _candle_names(symbol: str, interval: str) -> tuple[str, str]:
    return f"{symbol}@kline_{interval}", f"{symbol}_perpetual@continuousKline_{interval}"


def _update_event(
    contract: Contract, old: tuple[int, Sides], new: tuple[int, Sides], passing: Sequence[Sides] = ()
) -> dict[str, Any]:
    """`depthUpdate`: levels that are not what they were, at the last message or in the books `passing` between, with
    quantity 0 where there is none any more."""
    (before, known), (now, sides) = old, new
    price, lot = contract.listing.price_decimals, contract.listing.lot_decimals
    bids, asks = (
        [
            [text(ticks, price), text(there.get(ticks, 0), lot)]
            for ticks in sorted({ticks for one in (*shown, there) for ticks in one})
            if any(one.get(ticks) != there.get(ticks) for one in shown)
        ]
        for there, *shown in zip(sides, known, *passing, strict=True)
    )
    head = {"e": "depthUpdate", "E": now * 1000, "T": now * 1000, "s": contract.symbol, "U": before + 1, "u": now}
    return head | {"pu": before, "b": bids, "a": asks}


def _json(value: dict[str, Any] | Iterable[dict[str, Any]]) -> str:
    return json.dumps(value, separators=(",", ":"))
