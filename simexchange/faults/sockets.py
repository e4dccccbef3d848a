"""A server's WebSocket that can be made to fail as networks do.

It pings by itself and answers pings itself (`receive`), so that both can stop while TCP lives on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

PING_SECONDS = 20.0


class FaultySocket(web.WebSocketResponse):
    """`mute` sends nothing of what is given to it; `deaf` neither answers pings nor reads; `drop` cuts the
    connection without a closing frame.
    """

    def __init__(self, forget: Callable[[FaultySocket], None]) -> None:
        super().__init__(compress=False, autoping=False)
        self.streams: Collection[str] = ()
        self._forget = forget
        self._pinging: asyncio.Task[None] | None = None
        self._mute = False
        self._hearing = asyncio.Event()
        self._hearing.set()
        self._request: web.BaseRequest | None = None

    async def prepare(self, request: web.BaseRequest) -> Any:
        """See aiohttp; pinging begins."""
        self._request = request
        writer = await super().prepare(request)
        self._pinging = asyncio.create_task(self._ping())
        return writer

    async def receive(self, timeout: float | None = None) -> WSMessage:
        """The next message that is no ping or pong."""
        while True:
            await self._hearing.wait()
            message = await super().receive(timeout)
            if message.type is WSMsgType.PING:
                if self._hearing.is_set():
                    with contextlib.suppress(ConnectionError):
                        await self.pong(message.data)
            elif message.type is not WSMsgType.PONG:
                if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                    self.end()
                return message

    async def send_str(self, data: str, compress: int | None = None) -> None:
        """Send a text, or lose it while mute."""
        if not self._mute:
            await super().send_str(data, compress)

    def silence(self, *, pings: bool) -> None:
        """Send nothing from now on; without `pings`, neither ping, answer pings nor read."""
        self._mute = True
        if not pings:
            self._hearing.clear()

    def recover(self) -> None:
        """Be as usual again."""
        self._mute = False
        self._hearing.set()

    def drop(self) -> None:
        """Cut the connection."""
        if self._request is not None and self._request.transport is not None:
            self._request.transport.abort()
        self.end()
        self._hearing.set()

    def end(self) -> None:
        """Stop pinging; the registry forgets it."""
        if self._pinging is not None:
            self._pinging.cancel()
        self._forget(self)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            if self._hearing.is_set() and not self.closed:
                with contextlib.suppress(ConnectionError):
                    await self.ping()
