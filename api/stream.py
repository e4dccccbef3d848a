"""Server-sent events: one database listener, many readers.

1. `Broadcaster.run` follows the database's `events` channel.
2. Each reader has a bounded queue (`Broadcaster.subscribe`); one that does not keep up is told to reload.
3. A row is announced by kind and id only: what a reader may see of it, the next request decides under its own rights.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from store.session import Database

QUEUE = 256
HEARTBEAT_SECONDS = 15.0


class Broadcaster:
    """Fans the database's notifications out to readers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._readers: dict[asyncio.Queue[tuple[str, dict[str, Any]]], UUID | None] = {}

    async def run(self) -> None:
        """Follow the channel until cancelled."""
        async for note in self._database.listen("events"):
            if note.payload is None:
                self._send("reload", {}, None)
                continue
            row = json.loads(note.payload)
            owner = UUID(row["owner_id"]) if row.get("owner_id") else None
            self._send(str(row["kind"]), {"id": row["id"]}, owner)

    def _send(self, kind: str, data: dict[str, Any], owner: UUID | None) -> None:
        for queue, reader in self._readers.items():
            if owner is not None and owner != reader:
                continue
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(("reload", {}))
            else:
                queue.put_nowait((kind, data))

    @contextmanager
    def subscribe(self, user: UUID | None) -> Iterator[asyncio.Queue[tuple[str, dict[str, Any]]]]:
        """A queue of (kind, data) for one reader, until the block ends."""
        queue: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(QUEUE)
        self._readers[queue] = user
        try:
            yield queue
        finally:
            del self._readers[queue]

    async def events(self, user: UUID | None) -> AsyncIterator[str]:
        """The text of a `text/event-stream` answer, with a comment as heartbeat."""
        with self.subscribe(user) as queue:
            yield "retry: 2000\n\n"
            while True:
                try:
                    # Not `wait_for`: in Python 3.11 it swallows a cancellation that comes together with an event.
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        kind, data = await queue.get()
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                yield sse(kind, data)


def sse(event: str, data: Any) -> str:
    """One server-sent event; the data is one line of JSON."""
    return f"event: {event}\ndata: {json.dumps(data, default=str)}\n\n"
