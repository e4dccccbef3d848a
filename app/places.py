"""Places for work of which only so much may be under way at once."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager


class Places:
    """Counts what is under way by key. Who waits gets a place in the order of asking, passed only by those whose keys
    have room while its own have not.
    """

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._waiting: deque[tuple[Mapping[str, int], asyncio.Future[None]]] = deque()

    def taken(self, key: str) -> int:
        """How many places of a key are taken."""
        return self._taken[key]

    @asynccontextmanager
    async def take(self, limits: Mapping[str, int]) -> AsyncIterator[None]:
        """Hold one place of each key while the block runs; `limits` are the keys and how many may be taken of each."""
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((limits, granted))
        self._grant()
        try:
            await granted
            yield
        finally:
            if granted.done() and not granted.cancelled():
                self._taken.subtract(limits.keys())
                self._taken += Counter()
            else:
                granted.cancel()
            self._grant()

    def _grant(self) -> None:
        waiting, self._waiting = self._waiting, deque()
        for limits, granted in waiting:
            if granted.cancelled():
                continue
            if all(self._taken[key] < limit for key, limit in limits.items()):
                self._taken.update(limits.keys())
                granted.set_result(None)
            else:
                self._waiting.append((limits, granted))
