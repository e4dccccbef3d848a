"""Places for work of which only so much may be under way at once.

1. `Places` counts what is under way by key, and lets wait who finds no place.
2. `PlacedModel` takes a place of its model for each call, whoever makes it.
3. `Turns` says when work that may not even wait comes back.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final, TypeVar

from pydantic import BaseModel

from llm.models import LanguageModel, ModelAnswer, ModelError, ModelRequest

Schema = TypeVar("Schema", bound=BaseModel)
# Work is taken to last so long, in seconds, before any of its kind has ended.
FIRST_GUESS: Final = 1.0
# Nobody comes back later than this, in seconds: what took long may be quick by then.
LONGEST_TURN: Final = 30.0


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

    def waiting(self, key: str | None = None) -> int:
        """How many wait for a place of a key, or at all."""
        return sum(key is None or key in limits for limits, granted in self._waiting if not granted.cancelled())

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


class PlacedModel:
    """`model`, of which at most `at_once` calls are under way in the process whose `places` these are.

    The time a call waits is taken from its own.
    """

    def __init__(self, model: LanguageModel, places: Places, at_once: int) -> None:
        self._model = model
        self._places = places
        self._limits = {f"model {model.name}": at_once}

    @property
    def name(self) -> str:
        """The wrapped model's name."""
        return self._model.name

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        """Answer the request when there is a place; raises `ModelError`."""
        began = time.monotonic()
        async with self._places.take(self._limits):
            if request.timeout_s is not None:
                left = request.timeout_s - (time.monotonic() - began)
                if left <= 0:
                    reason = f"So many others were asking {self.name} that no time was left."
                    raise ModelError(reason, kind="timeout", model=self.name, calls=0)
                request = replace(request, timeout_s=left)
            return await self._model.complete(request)


class Turns:
    """When work that found no place comes back, by key: one after another, twice as often as places become free, so
    that none stays free and few come in vain.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._took: dict[str, float] = {}
        self._last: dict[str, float] = {}

    def took(self, key: str, seconds: float) -> None:
        """Work of a key ended after so long."""
        self._took[key] = seconds if key not in self._took else 0.8 * self._took[key] + 0.2 * seconds

    def next(self, key: str, at_once: int) -> float:
        """Seconds until the next who found no place comes back; `at_once` is how many places the key has."""
        now = self._clock()
        step = self._took.get(key, FIRST_GUESS) / (2 * at_once)
        due = min(max(self._last.get(key, now), now) + step, now + LONGEST_TURN)
        self._last[key] = due
        return due - now
