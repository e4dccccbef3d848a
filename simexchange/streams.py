"""WebSocket streams, raw (/ws/<stream>) and combined (/stream?streams=a/b): who gets what, and when.

1. `Hub.run` waits for the next real second or the next minute of exchange time, whichever is sooner.
2. At each minute `_close` sends what ended then.
3. Each real second `_tickers` sends what has that pace; every two real seconds `_update` sends forming candles, at
   the pace Binance has.
4. A message is made once however many connections want it; each connection has its own queue
   (`connections.Connection`), so a slow reader holds up nobody and is cut off when it falls too far behind.

What the messages are is a matter of the venue: `market_streams.SpotHub`, `futures.streams.PerpetualHub`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterable
from typing import Final

from aiohttp import WSMsgType, web

from simexchange.clock import VirtualClock
from simexchange.connections import (
    MOST_STREAMS,
    Attempts,
    Connection,
    Refused,
    StreamOptions,
    read_request,
    stream_names,
)
from simexchange.faults.injector import FaultInjector
from simexchange.faults.sockets import FaultySocket
from simexchange.intervals import MINUTE
from simexchange.live import LiveMarket

_UPDATE_TURNS: Final = 2


class Hub:
    """Streams of a market to its connections; a venue fills in `_close`, `_update` and `_tickers`."""

    def __init__(
        self,
        market: LiveMarket,
        clock: VirtualClock,
        faults: FaultInjector,
        venue: str = "spot",
        options: StreamOptions | None = None,
    ) -> None:
        self._market = market
        self._faults = faults.streams(venue, self.put)
        self._clock = clock
        self._options = options or StreamOptions()
        self._attempts = Attempts(self._options.attempts)
        self._readers: dict[str, set[Connection]] = {}
        self._connections: dict[Connection, FaultySocket] = {}

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection from opening to close. Raises ExchangeError (429) for one attempt too many."""
        self._attempts.count(request.remote or "")
        socket = self._faults.socket(request)
        await socket.prepare(request)
        combined = request.path.endswith("/stream")
        names = request.query.get("streams", "") if combined else request.match_info.get("streams", "")
        connection = Connection(socket, combined)
        socket.streams = connection.streams
        self._connections[connection] = socket
        tasks = [asyncio.create_task(connection.send())]
        tasks.append(asyncio.create_task(connection.expire(self._options.lifetime)))
        try:
            if self._subscribe(connection, [name for name in names.split("/") if name]):
                async for message in socket:
                    if message.type is not WSMsgType.TEXT:
                        continue
                    if connection.hurries():
                        await socket.close(code=1008, message=b"Too many requests")
                        break
                    connection.reply(self._request(connection, message.data))
            else:
                await socket.close(code=1008, message=b"Too many streams")
        finally:
            for task in tasks:
                task.cancel()
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
                beat = max(beat + self._options.pace, time.monotonic())
                turn += 1
                self._tickers(now)
                if turn % _UPDATE_TURNS == 0:
                    self._update(now)
            until_minute = self._clock.real_seconds_until((closed + MINUTE) * 1000)
            await self._clock.pause(max(0.001, min(beat - time.monotonic(), until_minute + 0.001)))

    def _close(self, end: int) -> None:
        """Send what ended at the whole minute `end` (UTC seconds)."""

    def _update(self, now: int) -> None:
        """Send what is sent every two seconds."""

    def _tickers(self, now: int) -> None:
        """Send what is sent every second."""

    def _opened(self, stream: str) -> None:
        """A stream has its first reader."""

    def _abandoned(self, stream: str) -> None:
        """A stream has lost its last reader."""

    def _send(
        self, stream: str, payload: str, symbol: str = "", kind: str = "miniTicker", closed: bool = False
    ) -> None:
        for one in self._faults.message(stream, symbol, payload, kind, closed):
            self.put(stream, one)

    def put(self, stream: str, payload: str) -> None:
        """Queue a message to a stream's readers, without asking the faults."""
        for connection in self._readers.get(stream, ()):
            connection.put(stream, payload)

    def _subscribe(self, connection: Connection, names: Iterable[str]) -> bool:
        fresh = dict.fromkeys(name for name in names if name not in connection.streams)
        if len(connection.streams) + len(fresh) > MOST_STREAMS:
            return False
        connection.streams |= fresh
        for name in fresh:
            if name not in self._readers:
                self._readers[name] = set()
                self._opened(name)
            self._readers[name].add(connection)
        return True

    def _unsubscribe(self, connection: Connection, names: Iterable[str]) -> None:
        for name in names:
            if connection.streams.pop(name, "") is None:
                readers = self._readers[name]
                readers.discard(connection)
                if not readers:
                    del self._readers[name]
                    self._abandoned(name)

    def _request(self, connection: Connection, text: str) -> str:
        try:
            request = read_request(text)
            result: object = None
            match request.method:
                case "LIST_SUBSCRIPTIONS":
                    result = list(connection.streams)
                case "SET_PROPERTY":
                    connection.set_property(request)
                case "GET_PROPERTY":
                    result = connection.get_property(request)
                case "UNSUBSCRIBE":
                    self._unsubscribe(connection, stream_names(request))
                case _:
                    if not self._subscribe(connection, stream_names(request)):
                        raise Refused(4, "Too many subscriptions", request.number)
        except Refused as refused:
            return refused.text()
        return json.dumps({"result": result, "id": request.number})
