"""An answer that takes a while: whole, or told step by step; given up when whoever asked goes away.

1. `Told` collects what happens while the answer is made.
2. `whole` answers JSON, and watches for the caller's leaving, which stops the work.
3. `streaming` answers server-sent events: `progress`, then one `result` or one `error`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from api.problems import filter_errors, market_problem, not_generated
from api.schemas import Problem, StepOut
from api.schemas.base import Shape
from api.stream import HEARTBEAT_SECONDS, sse
from app.asking import CannotGenerate
from app.market_client import MarketRefused, MarketUnavailable
from screener import FilterError

log = logging.getLogger(__name__)
Answer = TypeVar("Answer", bound=Shape)
LEFT = 499
"""The status of an answer that nobody waits for; it is seen in logs only."""

_working: set[asyncio.Task[Any]] = set()


class Told:
    """What happens while an answer is made, in order; None ends it."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Shape | None] = asyncio.Queue()

    async def step(self, name: str, seconds: float) -> None:
        """A step has ended."""
        self.queue.put_nowait(StepOut(step=name, seconds=seconds))

    def text(self, piece: str) -> None:
        """A piece of the model's answer; an empty one says that it begins anew."""
        self.queue.put_nowait(StepOut(step="", kind="text", text=piece))

    def happened(self, what: Shape) -> None:
        """Anything else that is worth telling."""
        self.queue.put_nowait(what)

    def close(self, _: object = None) -> None:
        """Nothing more will happen."""
        self.queue.put_nowait(None)


def wants_events(request: Request) -> bool:
    """Whether the caller accepts an event stream."""
    return "text/event-stream" in request.headers.get("accept", "")


async def whole(request: Request, make: Callable[[], Awaitable[Answer]]) -> Answer | Response:
    """The answer itself; its errors are raised. The work ends with the caller's connection."""
    task = _begun(make)
    leaving = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return await task
        return Response(status_code=LEFT)
    finally:
        leaving.cancel()
        task.cancel()


def streaming(told: Told, make: Callable[[], Awaitable[Shape]]) -> StreamingResponse:
    """The events of the answer; the work ends with the caller's connection."""

    async def events() -> AsyncIterator[str]:
        task = _begun(make)
        task.add_done_callback(told.close)
        try:
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        happened = await told.queue.get()
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if happened is None:
                    break
                yield sse("progress", happened.model_dump(mode="json"))
            yield _last(task)
        finally:
            task.cancel()

    return StreamingResponse(events(), media_type="text/event-stream", headers={"cache-control": "no-store"})


def _last(task: asyncio.Task[Shape]) -> str:
    """The event with the answer, or with why there is none."""
    error = task.exception()
    if error is None:
        return sse("result", task.result().model_dump(mode="json"))
    if isinstance(error, CannotGenerate):
        found = not_generated(error)
    elif isinstance(error, MarketUnavailable | MarketRefused):
        found = market_problem(error)
    elif isinstance(error, FilterError):
        rows = tuple(filter_errors(error))
        found = Problem(title="The filter does not compile", status=422, detail=rows[0].message, errors=rows)
    else:
        # The status is sent already: the stream's end must say it. The log has the traceback.
        log.error("a streamed answer failed", exc_info=error)
        found = Problem(title="An error of ours", status=500, detail="the log of the API says why")
    absent = {name for name in ("findings", "again_at") if not getattr(found, name)}
    return sse("error", found.model_dump(mode="json", exclude=absent))


def _begun(make: Callable[[], Awaitable[Answer]]) -> asyncio.Task[Answer]:
    """The work as a task that outlives a cancelled response for as long as it takes to store what became of it."""

    async def work() -> Answer:
        return await make()

    task = asyncio.create_task(work())
    _working.add(task)
    task.add_done_callback(_finished)
    return task


def _finished(task: asyncio.Task[Any]) -> None:
    _working.discard(task)
    if not task.cancelled():
        task.exception()


async def _gone(request: Request) -> None:
    """Returns when the caller has left."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
