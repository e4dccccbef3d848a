"""The doors through which faults enter: one for REST, one for the stream messages of each venue.

1. A hub asks once, when it is made, for its door: `faults.streams("spot", self._put)`, where `_put(stream,
   payload)` queues a message to that stream's readers without asking again.
2. It makes its sockets with `door.socket(request)` and, once it knows them, sets `socket.streams`.
3. For each outgoing message it calls `door.message(...)` in one place and queues what comes back. What is held
   back comes later by itself, through `_put`.
4. The server's outermost middleware calls `rest` before a request and `answer` after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiohttp import web

from simexchange.clock import VirtualClock
from simexchange.faults.sockets import FaultySocket

Put = Callable[[str, str], None]
"""Queues a payload to the readers of a stream."""


class StreamFaults:
    """The door of one venue's stream hub."""

    def __init__(self, venue: str, put: Put) -> None:
        self.venue = venue
        self.put = put
        self.sockets: set[FaultySocket] = set()

    def message(self, stream: str, symbol: str, payload: str, kind: str, closed: bool) -> Sequence[str]:
        """What to queue now in place of one message: usually itself, nothing while it is held back.

        `kind` is the stream's (kline, trade, miniTicker, ...), `symbol` in capitals or empty where a message is
        about many, `closed` true for the last message of a candle.
        """
        return (payload,)

    def socket(self, request: web.Request) -> FaultySocket:
        """A WebSocket for this request, which pings by itself and may go silent."""
        socket = FaultySocket(self.sockets.discard)
        self.sockets.add(socket)
        return socket


class FaultInjector:
    """All faults of an exchange; without any, everything passes as it is."""

    def __init__(self, clock: VirtualClock, seed: int = 7) -> None:
        self._clock = clock
        self._seed = seed
        self.doors: list[StreamFaults] = []

    def streams(self, venue: str, put: Put) -> StreamFaults:
        """The door of a hub; `venue` is spot or usdm."""
        door = StreamFaults(venue, put)
        self.doors.append(door)
        return door

    async def rest(self, request: web.Request) -> web.StreamResponse | None:
        """An answer in place of the exchange's own; None to carry the request out."""
        return None

    async def answer(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """What is sent for the answer that a request has; may never return an answer, when the connection is cut."""
        return response
