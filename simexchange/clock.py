"""Exchange time: starts at a given moment and runs at a given speed, or stands still until it is moved."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Final

FASTEST: Final = 3_600.0
SLOWEST: Final = 0.01


class VirtualClock:
    """`now_ms()` is `start_ms` when made and advances `speed` milliseconds for each real one; speed 0 is a clock
    that moves only by `advance`.

    `skew_ms` is how far off the time is that clients are told (`told_ms`); candles close by `now_ms`.
    """

    def __init__(self, start_ms: int, speed: float) -> None:
        self._at_ms = start_ms
        self._began = self._anchor = time.monotonic()
        self._moved = asyncio.Event()
        self.start_ms = start_ms
        self.speed = speed
        self.skew_ms = 0

    @property
    def manual(self) -> bool:
        """True for a clock that stands still until it is moved."""
        return self.speed == 0.0

    def now_ms(self) -> int:
        """Exchange time, ms UTC."""
        return self._at_ms + int((time.monotonic() - self._anchor) * 1000.0 * self.speed)

    def told_ms(self) -> int:
        """Exchange time as clients are told it, ms UTC: off by `skew_ms`."""
        return self.now_ms() + self.skew_ms

    def paced_ms(self) -> int:
        """What a client shows, ms UTC, whose clock was set when the exchange started and runs at real pace."""
        return self.start_ms + int((time.monotonic() - self._began) * 1000.0) + self.skew_ms

    def real_seconds_until(self, exchange_ms: int) -> float:
        """Real seconds until exchange time reaches `exchange_ms`; negative where it has passed, infinite where a
        clock that stands still has not.
        """
        left_s = (exchange_ms - self.now_ms()) / 1000.0
        if self.manual:
            return left_s if left_s <= 0 else float("inf")
        return left_s / self.speed

    def real_seconds(self, exchange_seconds: float) -> float:
        """How long so many seconds of exchange time last; on a clock that stands still, as long as they would in
        real time.
        """
        return exchange_seconds / (self.speed or 1.0)

    def advance(self, by_ms: int) -> None:
        """Jump ahead. Raises ValueError for a jump back."""
        if by_ms < 0:
            raise ValueError(f"exchange time does not go back: advance by 0 ms or more, not {by_ms}")
        self._at_ms += by_ms
        self._tell()

    def set_speed(self, speed: float) -> None:
        """Run at another speed from now on; 0 stands still. Raises ValueError for one out of range."""
        if speed != 0.0 and not SLOWEST <= speed <= FASTEST:
            raise ValueError(f"speed must be 0 (manual) or {SLOWEST:g} to {FASTEST:g}, not {speed:g}")
        self._at_ms, self._anchor = self.now_ms(), time.monotonic()
        self.speed = speed
        self._tell()

    async def pause(self, seconds: float) -> None:
        """Sleep for so many real seconds, less where the clock is moved meanwhile."""
        # Not `wait_for`: in Python 3.11 it swallows a cancellation that comes together with the event.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._moved.wait()

    def _tell(self) -> None:
        # Whoever waits now is woken; whoever waits from now on waits for the next move.
        self._moved.set()
        self._moved = asyncio.Event()
