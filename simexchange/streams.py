"""WebSocket market streams, raw (/ws/<stream>) and combined (/stream?streams=a/b).

1. `Hub.run` waits for the next real second or the next minute of exchange time, whichever is sooner.
2. At each minute `_close` sends the final message of every subscribed candle that ended then.
3. Each real second `_tickers` sends mini tickers; every two real seconds `_update` sends forming candles
   that traded, at the pace Binance has.
4. A message is made once however many connections want it; each connection has its own queue
   (`Connection`), so a slow reader holds up nobody and is cut off when it falls too far behind.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from aiohttp import WSMsgType, web

from simexchange import wire
from simexchange.candles import TRADES
from simexchange.clock import VirtualClock
from simexchange.faults.injector import FaultInjector
from simexchange.faults.sockets import FaultySocket
from simexchange.intervals import INTERVAL_SECONDS, MINUTE, index_of, offset_of, open_of
from simexchange.live import LiveMarket

_MOST_STREAMS: Final = 1_024
_MOST_WAITING: Final = 50_000
_MOST_REQUESTS: Final = 5
_UPDATE_SECONDS: Final = 2
_ALL_TICKERS: Final = "!miniTicker@arr"
_STREAM: Final = re.compile(r"([a-z0-9]+)@(?:kline_(\w+)|miniTicker)")


class Connection:
    """One client: its streams, and the messages it has yet to be sent."""

    def __init__(self, socket: FaultySocket, combined: bool) -> None:
        self.streams: dict[str, None] = {}
        self.combined = combined
        self._socket = socket
        self._waiting: deque[str] = deque()
        self._wake = asyncio.Event()

    def put(self, stream: str, payload: str) -> None:
        """Queue a message of a stream."""
        self.reply(f'{{"stream":"{stream}","data":{payload}}}' if self.combined else payload)

    def reply(self, text: str) -> None:
        """Queue an answer to a request."""
        self._waiting.append(text)
        self._wake.set()

    async def send(self) -> None:
        """Send what is queued until the connection ends, or close it when its reader is too slow."""
        while not self._socket.closed:
            await self._wake.wait()
            self._wake.clear()
            if len(self._waiting) > _MOST_WAITING:
                await self._socket.close(code=1008, message=b"Client is too slow")
                return
            try:
                while self._waiting:
                    await self._socket.send_str(self._waiting.popleft())
            except ConnectionError:
                return


class Hub:
    """Streams of a market to its connections."""

    def __init__(self, market: LiveMarket, clock: VirtualClock, faults: FaultInjector, venue: str = "spot") -> None:
        self._market = market
        self._faults = faults.streams(venue, self.put)
        self._clock = clock
        self._rows = {listing.symbol.lower(): row for row, listing in enumerate(market.listings)}
        self._readers: dict[str, set[Connection]] = {}
        self._connections: dict[Connection, FaultySocket] = {}
        self._traded: dict[str, tuple[int, list[int]]] = {}

    def install(self, application: web.Application) -> None:
        """Add the stream routes."""
        application.router.add_get("/stream", self.serve)
        application.router.add_get("/ws", self.serve)
        application.router.add_get("/ws/{streams:.+}", self.serve)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection from opening to close."""
        socket = self._faults.socket(request)
        await socket.prepare(request)
        combined = request.path.endswith("/stream")
        names = request.query.get("streams", "") if combined else request.match_info.get("streams", "")
        connection = Connection(socket, combined)
        socket.streams = connection.streams
        self._connections[connection] = socket
        sender = asyncio.create_task(connection.send())
        recent: deque[float] = deque(maxlen=_MOST_REQUESTS)
        try:
            if self._subscribe(connection, [name for name in names.split("/") if name]):
                async for message in socket:
                    if message.type is not WSMsgType.TEXT:
                        continue
                    if len(recent) == _MOST_REQUESTS and time.monotonic() - recent[0] < 1.0:
                        await socket.close(code=1008, message=b"Too many requests")
                        break
                    recent.append(time.monotonic())
                    connection.reply(self._request(connection, message.data))
            else:
                await socket.close(code=1008, message=b"Too many streams")
        finally:
            sender.cancel()
            self._unsubscribe(connection, list(connection.streams))
            del self._connections[connection]
        return socket

    async def close(self) -> None:
        """End all connections."""
        for socket in list(self._connections.values()):
            await socket.close(code=1001, message=b"Server shutdown")

    async def run(self) -> None:
        """Send until cancelled, or until a recorded market ends."""
        last = self._market.last
        closed = self._clock.now_ms() // 1000 // MINUTE * MINUTE
        beat = time.monotonic()
        turn = 0
        while True:
            now = self._clock.now_ms() // 1000
            if last is not None:
                now = min(now, last)
            while closed + MINUTE <= now:
                closed += MINUTE
                self._close(closed)
                await asyncio.sleep(0)
            if last is not None and now >= last:
                print(
                    "simexchange: the recorded candles have ended; no more are sent",
                    file=sys.stderr,
                    flush=True,
                )
                return
            if time.monotonic() >= beat:
                beat = max(beat + 1.0, time.monotonic())
                turn += 1
                self._tickers(now)
                if turn % _UPDATE_SECONDS == 0:
                    self._update(now)
            until_minute = self._clock.real_seconds_until((closed + MINUTE) * 1000)
            await self._clock.pause(max(0.001, min(beat - time.monotonic(), until_minute + 0.001)))

    def _close(self, end: int) -> None:
        for interval, rows in self._subscribed().items():
            length = INTERVAL_SECONDS[interval]
            if (end - offset_of(length)) % length == 0:
                self._send_candles(interval, rows, end - length, end * 1000, closed=True)

    def _update(self, now: int) -> None:
        for interval, rows in self._subscribed().items():
            length = INTERVAL_SECONDS[interval]
            begin = open_of(index_of(now, length), length)
            self._send_candles(interval, rows, begin, now * 1000, closed=False)

    def _send_candles(self, interval: str, rows: list[int], begin: int, event_ms: int, *, closed: bool) -> None:
        length = INTERVAL_SECONDS[interval]
        if closed:
            candles = self._market.closed(length, begin + length)
        else:
            forming = self._market.forming(length, event_ms // 1000)
            if forming is None:
                return
            candles = forming
            trades = candles.fields[TRADES, :, 0].tolist()
            # A forming candle is sent when it traded since it was last sent.
            opened, sent = self._traded.get(interval, (begin, [0] * len(trades)))
            before = sent if opened == begin else [0] * len(trades)
            rows = [row for row in rows if trades[row] > before[row]]
            self._traded[interval] = (begin, trades)
            if not rows:
                return
        listings = [self._market.listings[row] for row in rows]
        chosen = np.array(rows, dtype=np.int64)
        last = self._market.last_numbers(event_ms // 1000)[chosen]
        events = wire.kline_events(candles.take(chosen), listings, interval, begin, closed, event_ms, last)
        for listing, event in zip(listings, events, strict=True):
            if event is not None:
                self._send(f"{listing.symbol.lower()}@kline_{interval}", event, listing.symbol, "kline", closed)

    def _tickers(self, now: int) -> None:
        single = [name for name in self._readers if name.endswith("@miniTicker") and name[:-11] in self._rows]
        everyone = self._readers.get(_ALL_TICKERS)
        if not single and not everyone:
            return
        events = wire.mini_tickers(self._market.day(now), self._market.listings, now * 1000)
        for name in single:
            event = events[self._rows[name[:-11]]]
            if event is not None:
                self._send(name, event, name[:-11].upper())
        if everyone:
            self._send(_ALL_TICKERS, "[" + ",".join([event for event in events if event is not None]) + "]")

    def _send(
        self, stream: str, payload: str, symbol: str = "", kind: str = "miniTicker", closed: bool = False
    ) -> None:
        for one in self._faults.message(stream, symbol, payload, kind, closed):
            self.put(stream, one)

    def put(self, stream: str, payload: str) -> None:
        """Queue a payload to the readers of a stream."""
        for connection in self._readers.get(stream, ()):
            connection.put(stream, payload)

    def _subscribed(self) -> dict[str, list[int]]:
        """Rows subscribed by interval; names that no symbol or interval has are carried, and stay silent."""
        found: dict[str, list[int]] = {}
        for name in self._readers:
            match = _STREAM.fullmatch(name)
            if match and match[2] in INTERVAL_SECONDS and match[1] in self._rows:
                found.setdefault(match[2], []).append(self._rows[match[1]])
        return found

    def _subscribe(self, connection: Connection, names: Iterable[str]) -> bool:
        fresh = dict.fromkeys(name for name in names if name not in connection.streams)
        if len(connection.streams) + len(fresh) > _MOST_STREAMS:
            return False
        connection.streams |= fresh
        for name in fresh:
            self._readers.setdefault(name, set()).add(connection)
        return True

    def _unsubscribe(self, connection: Connection, names: Iterable[str]) -> None:
        for name in names:
            if connection.streams.pop(name, "") is None:
                readers = self._readers[name]
                readers.discard(connection)
                if not readers:
                    del self._readers[name]

    def _request(self, connection: Connection, text: str) -> str:
        try:
            request: Any = json.loads(text)
        except json.JSONDecodeError as error:
            return _refusal(3, f"Invalid JSON: {error.msg.lower()} at line {error.lineno} column {error.colno}", None)
        if not isinstance(request, dict):
            return _refusal(2, "Invalid request: request must be an object", None)
        number, method, names = request.get("id"), request.get("method"), request.get("params", [])
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | str)):
            return _refusal(2, "Invalid request: request ID must be an unsigned integer", None)
        if method == "LIST_SUBSCRIPTIONS":
            return json.dumps({"result": list(connection.streams), "id": number})
        if method not in ("SUBSCRIBE", "UNSUBSCRIBE"):
            known = "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`"
            return _refusal(2, f"Invalid request: unknown variant `{method}`, expected one of {known}", number)
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return _refusal(2, "Invalid request: params must be an array of stream names", number)
        if method == "UNSUBSCRIBE":
            self._unsubscribe(connection, names)
        elif not self._subscribe(connection, names):
            return _refusal(2, f"Invalid request: at most {_MOST_STREAMS} streams on one connection", number)
        return json.dumps({"result": None, "id": number})


def _refusal(code: int, message: str, number: int | str | None) -> str:
    return json.dumps({"error": {"code": code, "msg": message}, "id": number})
