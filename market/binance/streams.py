"""Market streams through python-binance, one connection each.

Its sockets reconnect by themselves five times and then give up, and whatever was in their queue is lost
without a word. So a socket here lives for one connection: the first error ends the iteration with
`SourceUnavailable`, and `market.subscriptions`, which must see to the gap anyway, opens the next one.

1. `Streams._iterate` waits for an attempt (`AttemptGate`), connects, and counts into the caller's `Traffic`.
2. `StreamSocket._read_loop` reads without a timer for each message, parses at once and keeps what the reader
   wants: a closed candle is one message in hundreds, so most end there.
3. `_take` hands over what gathered, and looks each second whether the connection is silent (`Silence`), or the
   reader so slow that messages were thrown away.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import websockets
from binance.ws.constants import WSListenerState
from binance.ws.reconnecting_websocket import ReconnectingWebsocket
from binance.ws.streams import BinanceSocketManager

from market.binance.limits import AttemptGate
from market.binance.rest import LONGEST_BAN_S, RATE_STATUSES, RawClient, Venue, is_loopback
from market.binance.wire import UNREADABLE, is_shutdown, parse_kline_message, parse_price_message
from market.source import Traffic
from market.types import Candle, Price, RateLimited, SourceUnavailable

log = logging.getLogger(__name__)
_silent = logging.getLogger(f"{__name__}.socket")
_silent.setLevel(logging.CRITICAL + 1)

MOST_STREAMS = 1024
MOST_ADDRESS = 8000
"""Characters of an address that the exchange takes; a few more are known to be refused."""
QUEUE_SIZE = 20_000
PING_S = 20.0
MOST_MESSAGE = 8 * 2**20
SHORTEST_SILENCE_S = 15.0
LONGEST_SILENCE_S = 600.0
SILENT_MESSAGES = 30.0
CANDLES_PER_SECOND = 1 / 60
"""Messages of a symbol's candles that are expected before its traffic is known: one trade a minute."""
PRICES_PER_SECOND = 0.5
T = TypeVar("T")


class Silence:
    """How long a connection may say nothing, by what it said so far.

    Messages that come at a mean rate come `SILENT_MESSAGES` intervals apart once in 10^13 times; then
    something is broken, whatever the pings say. The rate is that of the last five minutes or so.
    """

    MEMORY_S = 300.0

    def __init__(self, expected_per_s: float, now: float) -> None:
        # Weighs as much as ten seconds of traffic.
        self._count = 10.0 * expected_per_s
        self._seconds = 10.0
        self.last = now
        """When the newest message was seen."""
        self._messages = 0

    def look(self, messages: int, now: float) -> None:
        """So many messages came until now."""
        fade = 0.5 ** ((now - self.last) / self.MEMORY_S)
        if new := messages - self._messages:
            self._count = self._count * fade + new
            self._seconds = self._seconds * fade + now - self.last
            self.last, self._messages = now, messages

    @property
    def longest_s(self) -> float:
        """Seconds without a message that are no accident any more."""
        rate = self._count / self._seconds
        return min(max(SILENT_MESSAGES / rate, SHORTEST_SILENCE_S), LONGEST_SILENCE_S)


class StreamSocket(ReconnectingWebsocket, Generic[T]):  # type: ignore[misc] # the package has no types
    """One connection whose messages are parsed by `parse`; what it returns as None or empty is left out. What is
    kept gathers in `ready`, at most `QUEUE_SIZE`; `changed` is set with it, and at the end, which `reason` tells.
    """

    MAX_RECONNECTS = 0

    def __init__(self, parse: Callable[[bytes], T | None], traffic: Traffic, **settings: Any) -> None:
        super().__init__(**settings)
        # It logs as an error what ends here as a reason, and is logged as such.
        self._log = _silent
        self.ready: list[T] = []
        self.changed = asyncio.Event()
        self.reason: str | None = None
        self._parse = parse
        self._traffic = traffic
        self._ended = asyncio.Event()

    async def _read_loop(self) -> None:
        traffic, ready = self._traffic, self.ready
        try:
            while True:
                message: bytes = await self.ws.recv(decode=False)
                traffic.messages += 1
                try:
                    parsed = self._parse(message)
                except UNREADABLE as error:
                    self._refuse(message, error)
                    continue
                if not parsed:
                    continue
                if len(ready) < self.max_queue_size:
                    ready.append(parsed)
                else:
                    traffic.lost += 1
                self.changed.set()
        except websockets.exceptions.ConnectionClosed as closed:
            self.reason = f"ended: {closed}"
        finally:
            self.reason = self.reason or "ended by a fault of the reader"
            self._handle_read_loop = None
            self._ended.set()
            self.changed.set()

    def _refuse(self, message: bytes, error: Exception) -> None:
        if is_shutdown(message):
            self._traffic.ending = True
            self.changed.set()
            return
        self._traffic.unreadable += 1
        count = self._traffic.unreadable
        if count in (1, 10, 100) or count % 1000 == 0:
            log.warning("unreadable stream message (%d so far): %s: %.120r", count, error, message)

    async def _kill_read_loop(self) -> None:
        # The base class waits for the loop to look up; closing the connection ends it at once.
        self.ws_state = WSListenerState.EXITING
        if self.ws is not None:
            await self.ws.close()
        await self._ended.wait()

    def take(self) -> list[T]:
        """Remove and return what gathered."""
        taken = self.ready[:]
        self.ready.clear()
        self.changed.clear()
        return taken


class Streams(BinanceSocketManager):  # type: ignore[misc] # the package has no types
    """Combined streams of a venue at one address."""

    def __init__(self, client: RawClient, venue: Venue = "spot", stream_url: str | None = None) -> None:
        if stream_url is not None:
            base = stream_url.rstrip("/") + "/"
            self.STREAM_URL = self.FSTREAM_URL = self.DSTREAM_URL = base
        super().__init__(client, max_queue_size=QUEUE_SIZE)
        # Where python-binance's own multiplex sockets go.
        self.address: str = self.STREAM_URL if venue == "spot" else f"{self.FSTREAM_URL}market/"
        self.attempts = AttemptGate()
        self.ws_kwargs: dict[str, Any] = {"max_size": MOST_MESSAGE, "ping_interval": PING_S, "ping_timeout": PING_S}
        if is_loopback(self.address):
            # A proxy from the environment has no business with a server on this machine.
            self.ws_kwargs["proxy"] = None

    async def candles(
        self, symbols: Sequence[str], interval: str, traffic: Traffic | None = None
    ) -> AsyncGenerator[Candle, None]:
        """Closed candles of at most `MOST_STREAMS` symbols, fewer where their names are long.

        Raises `SourceUnavailable` when the stream ends, ValueError when there are too many symbols.
        """
        names = [f"{symbol.lower()}@kline_{interval}" for symbol in symbols]
        expected = CANDLES_PER_SECOND * len(names)
        async with aclosing(self._iterate(names, parse_kline_message, expected, traffic or Traffic())) as candles:
            async for candle in candles:
                yield candle

    async def prices(self, traffic: Traffic | None = None) -> AsyncGenerator[Price, None]:
        """Last prices of all symbols. Raises `SourceUnavailable` when the stream ends."""
        stream = self._iterate(["!miniTicker@arr"], parse_price_message, PRICES_PER_SECOND, traffic or Traffic())
        async with aclosing(stream) as messages:
            async for prices in messages:
                for price in prices:
                    yield price

    async def _iterate(
        self, names: list[str], parse: Callable[[bytes], T | None], expected: float, traffic: Traffic
    ) -> AsyncGenerator[T, None]:
        path = f"streams={'/'.join(quote(name, safe='!@_') for name in names)}"
        if not 0 < len(names) <= MOST_STREAMS or len(self.address) + len(path) > MOST_ADDRESS:
            raise ValueError(
                f"a connection carries 1 to {MOST_STREAMS} streams in an address of at most {MOST_ADDRESS} characters, "
                f"not {len(names)} in {len(self.address) + len(path)}"
            )
        await self.attempts.enter()
        socket: StreamSocket[T] = StreamSocket(
            parse, traffic, url=self.address, path=path, prefix="stream?", max_queue_size=QUEUE_SIZE, **self.ws_kwargs
        )
        try:
            await self._connect(socket)
            now = time.monotonic()
            silence = Silence(expected, now)
            traffic.opened = traffic.last = now
            while True:
                for item in await self._take(socket, traffic, silence):
                    yield item
        finally:
            await socket.close()

    async def _connect(self, socket: StreamSocket[T]) -> None:
        try:
            await socket.connect()
        except websockets.exceptions.InvalidStatus as error:
            headers = error.response.headers
            text = f"stream {self.address} cannot be reached: {error}"
            if error.response.status_code not in RATE_STATUSES:
                raise SourceUnavailable(text) from error
            wait = headers.get("Retry-After", "")
            raise RateLimited(text, min(float(wait), LONGEST_BAN_S) if wait.isdecimal() else 60.0) from error
        except (TimeoutError, OSError, EOFError, websockets.exceptions.WebSocketException) as error:
            text = str(error) or type(error).__name__
            raise SourceUnavailable(f"stream {self.address} cannot be reached: {text}") from error

    async def _take(self, socket: StreamSocket[T], traffic: Traffic, silence: Silence) -> list[T]:
        """What gathered since the last time, perhaps nothing, within a second."""
        if not socket.ready and socket.reason is None:
            # Not `wait_for`: in Python 3.11 it swallows a cancellation that comes together with the event.
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await socket.changed.wait()
        now = time.monotonic()
        silence.look(traffic.messages, now)
        traffic.last = silence.last
        if taken := socket.take():
            return taken
        if socket.reason is not None:
            raise SourceUnavailable(f"stream {self.address} {socket.reason}")
        if traffic.lost:
            # What was thrown away is fetched once the next connection is open.
            raise SourceUnavailable(f"stream {self.address} was read too slowly: {traffic.lost} messages lost")
        if now - silence.last > silence.longest_s:
            raise SourceUnavailable(f"stream {self.address} was silent for {now - silence.last:.0f} s")
        return []
