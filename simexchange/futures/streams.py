"""WebSocket market streams of the perpetuals.

1. They are served at /market, /public and /private, each with /ws/<stream> and /stream?streams=a/b, and the same under
   /fstream for a client that takes one base address. All names work at all of them, so that a client that mixes the
   categories is not refused here where Binance is lenient too.
2. `PerpetualHub` is spot's hub with the perpetuals' messages: `_close` and `_update` send candles, `_tickers` the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
from aiohttp import web

from simexchange.candles import TRADES, Candles
from simexchange.clock import VirtualClock
from simexchange.faults.injector import FaultInjector
from simexchange.futures import funding, wire
from simexchange.futures.contracts import Contract, text
from simexchange.futures.market import MarketData
from simexchange.intervals import INTERVAL_SECONDS, index_of, offset_of, open_of
from simexchange.streams import Hub
from simexchange.tape import aggregates

BASES: Final = ("/market", "/public", "/private", "/fstream", "/fstream/market", "/fstream/public", "/fstream/private")
_KLINE: Final = re.compile(r"([a-z0-9]+)(@kline|_perpetual@continuousKline)_(\w+)")
_DEPTH: Final = re.compile(r"([a-z0-9]+)@depth(5|10|20)(?:@(?:100|250|500)ms)?")
_ONE: Final = re.compile(r"([a-z0-9]+)@(markPrice|markPrice@1s|miniTicker|ticker|bookTicker)")
_ALL: Final = re.compile(r"!(markPrice|miniTicker|ticker)@arr(@1s)?")
_PRINTS: Final = re.compile(r"([a-z0-9]+)@(aggTrade|trade)")
_CHANGES: Final = re.compile(r"([a-z0-9]+)@depth(?:@(?:100|250|500)ms)?")
_SLOW_MARK_SECONDS: Final = 3
_LEVELS: Final = 1_000
Sides = tuple[dict[int, int], dict[int, int]]


class PerpetualHub(Hub):
    """Streams of the perpetuals to their connections."""

    def __init__(self, data: MarketData, clock: VirtualClock, faults: FaultInjector) -> None:
        super().__init__(data.live, clock, faults, "usdm")
        self._data = data
        self._contracts = {contract.symbol.lower(): contract for contract in data.contracts}
        self._sent: dict[str, tuple[int, dict[str, int]]] = {}
        self._turn = 0
        self._printed: dict[str, int] = {}
        self._books: dict[str, tuple[int, Sides]] = {}

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
        self._say(key, payload, "", kind, False)

    def _close(self, end: int) -> None:
        for interval, contracts in self._candles_wanted().items():
            length = INTERVAL_SECONDS[interval]
            if (end - offset_of(length)) % length == 0:
                candles = self._market.closed(length, end)
                self._candles(interval, contracts, candles, end - length, end * 1000, closed=True)

    def _update(self, now: int) -> None:
        for interval, contracts in self._candles_wanted().items():
            length = INTERVAL_SECONDS[interval]
            begin = open_of(index_of(now, length), length)
            candles = self._market.forming(length, now)
            if candles is None:
                continue
            trades = candles.fields[TRADES, :, 0]
            opened, sent = self._sent.get(interval, (begin, {}))
            before = sent if opened == begin else {}
            # A forming candle is sent when it traded since it was last sent.
            moved = [one for one in contracts if int(trades[one.row]) > before.get(one.symbol, 0)]
            self._sent[interval] = (begin, before | {one.symbol: int(trades[one.row]) for one in moved})
            self._candles(interval, moved, candles, begin, now * 1000, closed=False)

    def _candles(
        self, interval: str, contracts: list[Contract], candles: Candles, begin: int, event_ms: int, *, closed: bool
    ) -> None:
        if not contracts:
            return
        taken = candles.take(np.array([contract.row for contract in contracts], dtype=np.int64))
        events = wire.kline_events(taken, contracts, interval, begin, closed, event_ms)
        for contract, event in zip(contracts, events, strict=True):
            if event is not None:
                symbol = contract.symbol.lower()
                self._say(f"{symbol}@kline_{interval}", event[0], contract.symbol, "kline", closed)
                name = f"{symbol}_perpetual@continuousKline_{interval}"
                self._say(name, event[1], contract.symbol, "continuousKline", closed)

    def _tickers(self, now: int) -> None:
        self._turn += 1
        self._prints(now)
        self._changes(now)
        singles = [(name, match[1], match[2]) for name in self._readers if (match := _ONE.fullmatch(name))]
        everyone = [(name, match[1], match[2]) for name in self._readers if (match := _ALL.fullmatch(name))]
        depths = [(name, match[1], int(match[2])) for name in self._readers if (match := _DEPTH.fullmatch(name))]
        if not singles and not everyone and not depths and "!bookTicker" not in self._readers:
            return
        makers = self._makers(now)
        for name, symbol, kind in singles:
            contract = self._contracts.get(symbol)
            if contract is not None and self._due(kind, name):
                self._one(name, contract, kind, makers[kind.partition("@")[0]])
        for name, kind, fast in everyone:
            if self._due(f"{kind}{fast or ''}", name):
                events = [event for event in map(makers[kind], self._data.contracts) if event is not None]
                if events:
                    self._say(name, _json(events), "", kind, False)
        if "!bookTicker" in self._readers:
            for contract in self._data.contracts:
                self._one("!bookTicker", contract, "bookTicker", makers["bookTicker"])
        for name, symbol, count in depths:
            contract = self._contracts.get(symbol)
            if contract is not None:
                self._say(name, _json(self._depth(contract, now, count)), contract.symbol, "depth", False)

    def _wanted(self, pattern: re.Pattern[str]) -> dict[Contract, list[str]]:
        """Contracts of the streams of a pattern that have readers, with the streams' names."""
        found: dict[Contract, list[str]] = {}
        for name in self._readers:
            match = pattern.fullmatch(name)
            if match and match[1] in self._contracts:
                found.setdefault(self._contracts[match[1]], []).append(name)
        return found

    def _prints(self, now: int) -> None:
        """Trades since the last ones sent."""
        wanted, tape = self._wanted(_PRINTS), self._data.tape
        for contract, names in wanted.items():
            coming = tape.number_at(contract.row, now)
            first = self._printed.get(contract.symbol, coming)
            self._printed[contract.symbol] = coming
            trades = list(tape.walk(contract.row, first, now)) if first < coming else []
            for name in names:
                if name.endswith("@trade"):
                    messages = [wire.trade_event(one, contract) for one in trades]
                else:
                    messages = [wire.aggregate_event(one, contract) for one in aggregates(trades)]
                for message in messages:
                    self._say(name, _json(message), contract.symbol, message["e"], False)
        for symbol in self._printed.keys() - {contract.symbol for contract in wanted}:
            del self._printed[symbol]

    def _changes(self, now: int) -> None:
        """What changed in books since the last message."""
        wanted = self._wanted(_CHANGES)
        for contract, names in wanted.items():
            book = self._data.books.depth(contract.row, now, _LEVELS)
            sides = dict(book.bids), dict(book.asks)
            before, known = self._books.get(contract.symbol, (now - 1, sides))
            if before == now:
                continue
            self._books[contract.symbol] = now, sides
            price, lot = contract.listing.price_decimals, contract.listing.lot_decimals
            bids, asks = (
                [
                    [text(ticks, price), text(new.get(ticks, 0), lot)]
                    for ticks in sorted(old.keys() | new.keys())
                    if old.get(ticks) != new.get(ticks)
                ]
                for old, new in zip(known, sides, strict=True)
            )
            message = {
                "e": "depthUpdate", "E": now * 1000, "T": now * 1000, "s": contract.symbol, "U": before + 1, "u": now,
                "pu": before, "b": bids, "a": asks,
            }  # fmt: skip
            for name in names:
                self._say(name, _json(message), contract.symbol, "depth", False)
        for symbol in self._books.keys() - {contract.symbol for contract in wanted}:
            del self._books[symbol]

    def _due(self, kind: str, name: str) -> bool:
        """Mark prices come every three seconds unless every second is asked for."""
        return kind != "markPrice" or name.endswith("@1s") or self._turn % _SLOW_MARK_SECONDS == 0

    def _one(self, name: str, contract: Contract, kind: str, make: Callable[[Contract], Any]) -> None:
        event = make(contract)
        if event is not None:
            self._say(name, _json(event), contract.symbol, kind.partition("@")[0], False)

    def _makers(self, now: int) -> dict[str, Callable[[Contract], dict[str, Any] | None]]:
        """What makes each kind of message at a moment; None where a symbol does not trade."""
        day, event_ms, coming = self._market.day(now), now * 1000, funding.next_time(now)
        tops = self._data.books.tops(now)

        def ticker(contract: Contract) -> dict[str, Any] | None:
            return wire.day_ticker(day, contract, event_ms) if day.present[contract.row, 0] else None

        def full(contract: Contract) -> dict[str, Any] | None:
            found = ticker(contract)
            return None if found is None else wire.ticker_event(found, event_ms)

        def mini(contract: Contract) -> dict[str, Any] | None:
            found = ticker(contract)
            return None if found is None else wire.mini_event(found, event_ms)

        def mark(contract: Contract) -> dict[str, Any] | None:
            ticks = int(tops.last[contract.row])
            if not ticks:
                return None
            price = f"{contract.price(ticks):.8f}"
            rate = str(funding.rate(contract.symbol, coming))
            return {
                "e": "markPriceUpdate", "E": event_ms, "s": contract.symbol, "p": price, "ap": price, "P": price,
                "i": price, "r": rate, "T": coming * 1000,
            }  # fmt: skip

        def best(contract: Contract) -> dict[str, Any] | None:
            row, listing = contract.row, contract.listing
            if not tops.last[row]:
                return None
            return {
                "e": "bookTicker", "u": now, "s": contract.symbol,
                "b": text(int(tops.bid[row]), listing.price_decimals),
                "B": text(int(tops.bid_lots[row]), listing.lot_decimals),
                "a": text(int(tops.ask[row]), listing.price_decimals),
                "A": text(int(tops.ask_lots[row]), listing.lot_decimals),
                "T": event_ms, "E": event_ms,
            }  # fmt: skip

        return {"ticker": full, "miniTicker": mini, "markPrice": mark, "bookTicker": best}

    def _depth(self, contract: Contract, now: int, count: int) -> dict[str, Any]:
        levels = self._data.levels(contract, now, count)
        return {
            "e": "depthUpdate", "E": now * 1000, "T": now * 1000, "s": contract.symbol, "U": now, "u": now,
            "pu": now - 1, "b": levels["bids"], "a": levels["asks"],
        }  # fmt: skip

    def _say(self, stream: str, payload: str, symbol: str, kind: str, closed: bool) -> None:
        if stream in self._readers:
            self._send(stream, payload, symbol, kind, closed)

    def _candles_wanted(self) -> dict[str, list[Contract]]:
        """Contracts by interval; names that no symbol or interval has are carried, and stay silent."""
        found: dict[str, dict[str, Contract]] = {}
        for name in self._readers:
            match = _KLINE.fullmatch(name)
            if match and match[3] in INTERVAL_SECONDS and match[1] in self._contracts:
                found.setdefault(match[3], {})[match[1]] = self._contracts[match[1]]
        return {interval: list(contracts.values()) for interval, contracts in found.items()}


def _json(value: dict[str, Any] | Iterable[dict[str, Any]]) -> str:
    return json.dumps(value, separators=(",", ":"))
