"""Keeping under the exchange's request weight: one gate that every REST request passes.

1. `enter` waits while the gate is closed and adds the request's weight to what is under way.
2. `leave` takes the weight that the answer's header tells; close to the limit the gate closes until the
   minute turns.
3. `close_for` closes it for the time that a 429 or 418 answer asks for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

DEFAULT_LIMIT = 6000
NEAR_LIMIT = 0.9


class WeightGate:
    """Request weight of one IP.

    Times are real seconds: the exchange counts real minutes whatever the market's speed.
    """

    def __init__(
        self,
        limit: int = DEFAULT_LIMIT,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.limit = limit
        self._wall = wall
        self._sleep = sleep
        self._used = 0
        self._under_way = 0
        self._minute = 0
        self._closed_until = 0.0

    @property
    def closed_for_s(self) -> float:
        """Seconds until requests are let through again; 0 when open."""
        return max(0.0, self._closed_until - self._wall())

    async def enter(self, weight: int) -> None:
        """Wait until a request of this weight may be sent."""
        while True:
            self._turn()
            if (left := self.closed_for_s) > 0:
                await self._sleep(left)
                continue
            total = self._used + self._under_way + weight
            if total <= self.limit * NEAR_LIMIT or self._used + self._under_way == 0:
                break
            self.close_for(60.0 - self._wall() % 60.0)
        self._under_way += weight

    def leave(self, weight: int, used: int | None) -> None:
        """A request of this weight ended; `used` is the header's count for this minute, None when there was
        no answer.
        """
        self._under_way -= weight
        self._turn()
        self._used = self._used + weight if used is None else max(self._used, used)

    def close_for(self, seconds: float) -> None:
        """Let nothing through for this long."""
        self._closed_until = max(self._closed_until, self._wall() + seconds)

    def _turn(self) -> None:
        minute = int(self._wall() // 60)
        if minute != self._minute:
            self._minute = minute
            self._used = 0
