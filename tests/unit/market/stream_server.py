"""A WebSocket server on loopback whose connections a test plays by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed


def kline(symbol: str = "BTCUSDT", open_time: int = 60_000, **changes: Any) -> str:
    """A combined kline message of a closed minute."""
    k = {
        "t": open_time, "T": open_time + 59_999, "s": symbol, "i": "1m", "o": "1", "c": "2", "h": "3", "l": "1",
        "v": "10", "n": 3, "x": True, "q": "15", "V": "4", "Q": "7",
    } | changes  # fmt: skip
    return json.dumps({"stream": f"{symbol.lower()}@kline_1m", "data": {"e": "kline", "E": 1, "s": symbol, "k": k}})


class Peer:
    """One connection as the server sees it."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        address = urlsplit(socket.request.path if socket.request else "")
        self.path = address.path
        self.streams = parse_qs(address.query).get("streams", [""])[0].split("/")
        self.over = asyncio.Event()

    async def send(self, *messages: str | bytes) -> None:
        for message in messages:
            await self.socket.send(message)

    async def drop(self) -> None:
        """End the connection without a word."""
        self.socket.transport.abort()
        await self.over.wait()


class StreamServer:
    """Connections in the order they came; `refuse` answers the handshakes to come with a status."""

    def __init__(self) -> None:
        self.peers: list[Peer] = []
        self.refuse: Callable[[], tuple[int, dict[str, str]] | None] = lambda: None
        self.port = 0
        self.attempts = 0
        self._server: Server | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def live(self) -> list[Peer]:
        return [peer for peer in self.peers if not peer.over.is_set()]

    async def start(self) -> None:
        self._server = await serve(self._serve, "127.0.0.1", self.port, process_request=self._check, compression=None)
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _check(self, socket: ServerConnection, _: Any) -> Any:
        self.attempts += 1
        if (refusal := self.refuse()) is None:
            return None
        status, headers = refusal
        answer = socket.respond(status, "refused\n")
        for name, value in headers.items():
            answer.headers[name] = value
        return answer

    async def _serve(self, socket: ServerConnection) -> None:
        peer = Peer(socket)
        self.peers.append(peer)
        try:
            async for _ in socket:
                pass
        except ConnectionClosed:
            pass
        finally:
            peer.over.set()


async def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for something to come true."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)
