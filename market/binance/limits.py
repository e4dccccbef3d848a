"""Keeping under the exchange's limits: one gate for the weight of REST requests, one for connection attempts.

1. `WeightGate.enter` waits while the gate is closed and adds the request's weight to what is under way.
2. `leave` takes the weight that the answer's header tells; close to the limit the gate closes until the
   minute turns at the exchange, whose `Date` header (`set_time`) tells when that is.
3. `close_for` closes it for the time that a 429 or 418 answer asks for.
4. `AttemptGate.enter` waits until one more connection may be opened.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

DEFAULT_LIMIT = 6000
NEAR_LIMIT = 0.9
ATTEMPTS = 250
ATTEMPTS_WINDOW_S = 300.0
# `Date` tells whole seconds; less than this is no news.
_DATE_STEP_S = 1.5


class WeightGate:
    """Request weight of one IP at one venue: spot and futures count apart.

    Times are real seconds: the exchange counts real minutes whatever the market's speed.
    """

    def __init__(
        self,
        limit: int = DEFAULT_LIMIT,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.limit = limit
        self._clock = clock
        self._sleep = sleep
        self._shift = 0.0
        self._used = 0
        self._under_way = 0
        self._minute = 0
        self._closed_until = 0.0

    @property
    def closed_for_s(self) -> float:
        """Seconds until requests are let through again; 0 when open."""
        return max(0.0, self._closed_until - self._clock())

    @property
    def used(self) -> int:
        """Weight used in this minute, as far as it was told."""
        self._turn()
        return self._used

    def set_time(self, epoch_s: float) -> None:
        """The exchange's own time, whole seconds: its minutes count, whatever this machine's clock shows."""
        shift = epoch_s - self._clock()
        if abs(shift - self._shift) > _DATE_STEP_S:
            self._turn()
            self._shift = shift
            # No time has passed: what was used stays used.
            self._minute = self._minute_now

    async def enter(self, weight: int) -> int:
        """Wait until a request of this weight may be sent; returns the minute it belongs to, for `leave`."""
        while True:
            self._turn()
            if (left := self.closed_for_s) > 0:
                await self._sleep(left)
                continue
            total = self._used + self._under_way + weight
            if total <= self.limit * NEAR_LIMIT or self._used + self._under_way == 0:
                break
            self.close_for(60.0 - (self._clock() + self._shift) % 60.0)
        self._under_way += weight
        return self._minute

    def leave(self, weight: int, used: int | None, minute: int | None = None) -> None:
        """A request of this weight ended; `used` is the header's count for its minute, None when there was no
        answer. The count of a `minute` that is over says nothing of this one.
        """
        self._under_way -= weight
        self._turn()
        if used is None or minute not in (None, self._minute):
            self._used += weight
        else:
            self._used = max(self._used, used)

    def close_for(self, seconds: float) -> None:
        """Let nothing through for this long."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)

    @property
    def _minute_now(self) -> int:
        return int((self._clock() + self._shift) // 60)

    def _turn(self) -> None:
        if self._minute_now != self._minute:
            self._minute = self._minute_now
            self._used = 0


class AttemptGate:
    """At most `attempts` connections opened in any `window_s` real seconds, by all streams of a source together.

    The exchange allows an address 300 in five minutes; the rest is left for other programs there.
    """

    def __init__(
        self,
        attempts: int = ATTEMPTS,
        window_s: float = ATTEMPTS_WINDOW_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._attempts = attempts
        self._window_s = window_s
        self._clock = clock
        self._sleep = sleep
        self._recent: deque[float] = deque()

    @property
    def used(self) -> int:
        """Attempts within the window that ends now."""
        while self._recent and self._clock() - self._recent[0] >= self._window_s:
            self._recent.popleft()
        return len(self._recent)

    async def enter(self) -> None:
        """Wait until a connection may be opened."""
        while self.used >= self._attempts:
            await self._sleep(max(self._recent[0] + self._window_s - self._clock(), 0.001))
        self._recent.append(self._clock())
