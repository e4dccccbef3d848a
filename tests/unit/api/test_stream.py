"""The stream of events: a reader that goes away in the moment of an event."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from api.stream import Broadcaster
from store.session import Database


@pytest.mark.parametrize("turns", range(8))
async def test_a_reader_cancelled_together_with_an_event_ends(turns: int) -> None:
    broadcaster = Broadcaster(cast(Database, None))
    told: list[str] = []

    async def read() -> None:
        async for text in broadcaster.events(None):
            told.append(text)

    reader = asyncio.create_task(read())
    async with asyncio.timeout(10):
        while not broadcaster._readers:
            await asyncio.sleep(0)
        for _ in range(5):
            await asyncio.sleep(0)
        broadcaster._send("run", {"id": "1"}, None)
        # The event passes from queue to reader within a few turns of the loop: it is cancelled at each of them.
        for _ in range(turns):
            await asyncio.sleep(0)
        reader.cancel()
        done, _ = await asyncio.wait([reader], timeout=5)
    assert reader in done and reader.cancelled()
    assert len(told) <= 2
