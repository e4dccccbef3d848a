"""What passes over the wire during a call: a bound on what a provider may send, and what its reply's head said.

litellm hides both behind its own types, differently for each provider. `watch_transports` gives each HTTP client that
litellm makes a `handle_async_request` that counts bytes and notes status and Retry-After for the call at hand.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import math
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

MAX_REPLY_BYTES = 8_000_000
"""Bytes of one reply, streamed or not. A streamed token takes some 300 of them."""

SLICE_BYTES = 4_096
"""Bytes that litellm takes apart before others get a turn: a server that sends without a pause, even events without any
text, holds up nobody else."""


@dataclass
class Wire:
    """One call's replies so far: the last one's HTTP status, content type, the wait it asked for in seconds, bytes
    received, and whether it was read to its end."""

    status: int | None = None
    content_type: str = ""
    retry_after_s: float | None = None
    received: int = 0
    ended: bool = False
    too_large: bool = False


_current: ContextVar[Wire | None] = ContextVar("wire", default=None)


@contextmanager
def watched() -> Iterator[Wire]:
    """The wire of the calls made inside the block."""
    wire = Wire()
    token = _current.set(wire)
    try:
        yield wire
    finally:
        _current.reset(token)


class ReplyTooLarge(Exception):
    """A provider sent more than `MAX_REPLY_BYTES`."""


def watch_transports(handler: Any) -> None:
    """Make `handler` (litellm's AsyncHTTPHandler) create transports that are watched. Does nothing the second time."""
    create = handler.create_async_transport
    if not isinstance(create, _Watching):
        handler.create_async_transport = handler._create_async_transport = staticmethod(_Watching(create))


class _Watching:
    """Creates transports by `create`, and watches them."""

    def __init__(self, create: Callable[..., Any]) -> None:
        self._create = create

    def __call__(self, *args: Any, **options: Any) -> Any:
        transport = self._create(*args, **options)
        if transport is not None:
            _watch(transport)
        return transport


def _watch(transport: Any) -> None:
    import httpx

    send = transport.handle_async_request

    class Bounded(httpx.AsyncByteStream):
        def __init__(self, stream: Any, wire: Wire) -> None:
            self._stream = stream
            self._wire = wire

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for piece in self._stream:
                self._wire.received += len(piece)
                if self._wire.received > MAX_REPLY_BYTES:
                    self._wire.too_large = True
                    raise ReplyTooLarge
                for begin in range(0, len(piece), SLICE_BYTES):
                    yield piece[begin : begin + SLICE_BYTES]
                    await asyncio.sleep(0)
            self._wire.ended = True

        async def aclose(self) -> None:
            await self._stream.aclose()

    async def handle(request: httpx.Request) -> httpx.Response:
        wire = _current.get()
        if wire is None:
            response: httpx.Response = await send(request)
            return response
        # Counted as sent: a compressed reply would unpack to any size.
        request.headers["accept-encoding"] = "identity"
        response = await send(request)
        wire.status = response.status_code
        wire.content_type = response.headers.get("content-type", "")
        wire.retry_after_s = retry_after(response.headers.get("retry-after"))
        wire.received, wire.ended = 0, False
        response.stream = Bounded(response.stream, wire)
        return response

    transport.handle_async_request = handle


def retry_after(text: str | None, now: dt.datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks to wait (a number or an HTTP date), None where it says nothing."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        at = at if at.tzinfo is not None else at.replace(tzinfo=dt.UTC)
        seconds = (at - (now or dt.datetime.now(dt.UTC))).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None
