"""Market streams through python-binance.

Its sockets reconnect by themselves five times and then give up, and whatever was in their queue is lost
without a word. So a socket here lives for one connection: the first error ends the iteration with
`SourceUnavailable`, and the feed, which must fill the gap anyway, opens the next one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import msgspec
import websockets
from binance.exceptions import ReadLoopClosed
from binance.ws.reconnecting_websocket import ReconnectingWebsocket
from binance.ws.streams import BinanceSocketManager

from market.binance.rest import RawClient
from market.binance.wire import parse_kline_message, parse_price_message
from market.types import Candle, Price, SourceUnavailable

log = logging.getLogger(__name__)

STREAMS_PER_CONNECTION = 1024
QUEUE_SIZE = 20_000
SILENCE_S = 90.0
T = TypeVar("T")


class StreamSocket(ReconnectingWebsocket, Generic[T]):  # type: ignore[misc]
    """One connection whose messages are parsed by `parse`; what it returns as None or empty never enters
    the queue.
    """

    MAX_RECONNECTS = 0
    # Closing waits for the read loop, which looks up this often.
    TIMEOUT = 0.25

    def __init__(self, parse: Callable[[str | bytes], T | None], **settings: Any) -> None:
        super().__init__(**settings)
        self._parse = parse
        self.unreadable = 0

    def json_loads(self, msg: str | bytes) -> T | None:
        """Parse one message; one that cannot be read is counted, logged and dropped, and does not end the
        connection.
        """
        try:
            return self._parse(msg)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self.unreadable += 1
            if self.unreadable in (1, 10, 100) or self.unreadable % 1000 == 0:
                log.warning("unreadable stream message (%d so far): %s: %.120r", self.unreadable, error, msg)
            return None


class Streams(BinanceSocketManager):  # type: ignore[misc]
    """Combined streams at one address."""

    def __init__(self, client: RawClient, stream_url: str | None) -> None:
        if stream_url is not None:
            base = stream_url.rstrip("/") + "/"
            self.STREAM_URL = self.FSTREAM_URL = self.DSTREAM_URL = base
        super().__init__(client, max_queue_size=QUEUE_SIZE)
        self.address: str = self.STREAM_URL
        if urlsplit(self.address).hostname in ("127.0.0.1", "localhost", "::1"):
            # A proxy from the environment has no business with a server on this machine.
            self.ws_kwargs = {"proxy": None}

    async def candles(self, symbols: Sequence[str], interval: str) -> AsyncGenerator[Candle, None]:
        """Closed candles of at most `STREAMS_PER_CONNECTION` symbols.

        Raises `SourceUnavailable` when the stream ends.
        """
        if not 0 < len(symbols) <= STREAMS_PER_CONNECTION:
            raise ValueError(f"a connection carries 1 to {STREAMS_PER_CONNECTION} streams, not {len(symbols)}")
        names = [f"{symbol.lower()}@kline_{interval}" for symbol in symbols]
        async with aclosing(self._iterate(names, parse_kline_message)) as candles:
            async for candle in candles:
                yield candle

    async def prices(self) -> AsyncGenerator[Price, None]:
        """Last prices of all symbols. Raises `SourceUnavailable` when the stream ends."""
        async with aclosing(self._iterate(["!miniTicker@arr"], parse_price_message)) as messages:
            async for prices in messages:
                for price in prices:
                    yield price

    async def _iterate(self, names: list[str], parse: Callable[[str | bytes], T | None]) -> AsyncGenerator[T, None]:
        socket: StreamSocket[T] = StreamSocket(
            parse,
            url=self.address,
            path=f"streams={'/'.join(names)}",
            prefix="stream?",
            max_queue_size=QUEUE_SIZE,
            **self.ws_kwargs,
        )
        try:
            await self._connect(socket)
            while True:
                yield await self._receive(socket)
        finally:
            await socket.close()

    async def _connect(self, socket: StreamSocket[T]) -> None:
        try:
            await socket.connect()
        except (TimeoutError, OSError, websockets.exceptions.WebSocketException) as error:
            text = str(error) or type(error).__name__
            raise SourceUnavailable(f"stream {self.address} cannot be reached: {text}") from error

    async def _receive(self, socket: StreamSocket[T]) -> T:
        try:
            message = await asyncio.wait_for(socket.recv(), SILENCE_S)
        except ReadLoopClosed as error:
            raise SourceUnavailable(f"stream {self.address} ended") from error
        except TimeoutError as error:
            raise SourceUnavailable(f"stream {self.address} was silent for {SILENCE_S:.0f} s") from error
        if isinstance(message, dict):
            raise SourceUnavailable(f"stream {self.address} ended: {message.get('type')} {message.get('m')}")
        result: T = message
        return result
