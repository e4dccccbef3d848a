"""One client of a stream hub: its messages, its requests, its limits.

A message a client sends is a request in JSON (`read_request`); what is wrong with it is answered as the exchange
answers, an `error` with code and message beside the request's id.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from simexchange.errors import too_many_connections
from simexchange.faults.sockets import FaultySocket

MOST_STREAMS: Final = 1_024
_MOST_WAITING: Final = 50_000
_MOST_REQUESTS: Final = 5
_METHODS: Final = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_NAME: Final = re.compile(r"[A-Za-z0-9_!@.:+-]+")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,36}")
_ATTEMPTS_SECONDS: Final = 300.0

Id = int | str | None


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """How the exchange treats stream clients.

    lifetime: real seconds after which a connection is ended; attempts: connections an address may open in five
    real minutes, 0 for any number; quiet_closes: whether a candle without trades is told closed on time, which the
    real exchange does not promise; pace: real seconds from one look at the market to the next, forming candles take
    two.
    """

    lifetime: float = 86_400.0
    attempts: int = 0
    quiet_closes: bool = False
    pace: float = 1.0


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, code: int, message: str, number: Id = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.number = number

    def text(self) -> str:
        """The answer."""
        return json.dumps({"error": {"code": self.code, "msg": self.message}, "id": self.number})


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks: method, params, and the id its answer is to bear."""

    method: str
    params: list[Any]
    number: Id


def read_request(text: str) -> Request:
    """Read a client's message. Raises Refused."""
    try:
        found: Any = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"at line {error.lineno} column {error.colno}"
        raise Refused(3, f"Invalid JSON: expected value {place}") from error
    except RecursionError as error:
        raise Refused(3, "Invalid JSON: recursion limit exceeded at line 1 column 128") from error
    if not isinstance(found, dict):
        raise Refused(2, "Invalid request: request must be an object")
    number = found.get("id")
    if isinstance(number, bool) or not (number is None or isinstance(number, int | str)):
        raise Refused(2, "Invalid request: request ID must be an unsigned integer")
    if isinstance(number, str) and not _ID.fullmatch(number):
        raise Refused(2, "Invalid request: request ID must be an unsigned integer")
    if "method" not in found:
        raise Refused(2, f"Invalid request: missing field `method` at line 1 column {len(text)}", number)
    method, params = found["method"], found.get("params", [])
    if method not in _METHODS:
        known = ", ".join(f"`{one}`" for one in _METHODS)
        column = text.find(str(method)) + len(str(method)) + 1
        message = f"unknown variant `{method}`, expected one of {known} at line 1 column {column}"
        raise Refused(2, f"Invalid request: {message}", number)
    if not isinstance(params, list):
        raise Refused(2, "Invalid request: params must be an array", number)
    return Request(method, params, number)


class Connection:
    """One client: its streams, and the messages it has yet to be sent."""

    def __init__(self, socket: FaultySocket, combined: bool) -> None:
        self.streams: dict[str, None] = {}
        self.combined = combined
        self._socket = socket
        self._waiting: deque[str] = deque()
        self._wake = asyncio.Event()
        self._recent: deque[float] = deque(maxlen=_MOST_REQUESTS)

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

    async def expire(self, seconds: float) -> None:
        """End the connection after so many real seconds."""
        await asyncio.sleep(seconds)
        await self._socket.close(code=1001, message=b"Connections end after their time")

    def hurries(self) -> bool:
        """Count a message; true where it is one too many for this second."""
        now = time.monotonic()
        hurried = len(self._recent) == _MOST_REQUESTS and now - self._recent[0] < 1.0
        self._recent.append(now)
        return hurried

    def set_property(self, request: Request) -> None:
        """Carry out SET_PROPERTY. Raises Refused."""
        rest = request.params[1:]
        self._property(request.params[0] if request.params else None, request)
        if len(rest) > 1:
            raise Refused(2, "Invalid request: too many parameters", request.number)
        if len(rest) != 1 or not isinstance(rest[0], bool):
            raise Refused(1, "Invalid value type: expected Boolean", request.number)
        self.combined = rest[0]

    def get_property(self, request: Request) -> bool:
        """Carry out GET_PROPERTY. Raises Refused."""
        if len(request.params) > 1:
            raise Refused(2, "Invalid request: too many parameters", request.number)
        self._property(request.params[0] if request.params else None, request)
        return self.combined

    @staticmethod
    def _property(name: Any, request: Request) -> None:
        if not isinstance(name, str):
            raise Refused(2, "Invalid request: property name must be a string", request.number)
        if name != "combined":
            raise Refused(0, "Unknown property", request.number)


def stream_names(request: Request) -> list[str]:
    """The names in a request's params. Raises Refused."""
    if not all(isinstance(name, str) and _NAME.fullmatch(name) for name in request.params):
        raise Refused(2, "Invalid request: invalid stream", request.number)
    return request.params


class Attempts:
    """Counts attempts to connect by client address."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._made: dict[str, deque[float]] = {}

    def count(self, client: str) -> None:
        """Add an attempt. Raises ExchangeError (429) for one too many in five minutes."""
        if not self._limit:
            return
        now = time.monotonic()
        made = self._made.setdefault(client, deque())
        while made and now - made[0] > _ATTEMPTS_SECONDS:
            made.popleft()
        if len(made) >= self._limit:
            raise too_many_connections(self._limit, "5 MINUTES")
        made.append(now)
