"""Market time. In production it is the exchange's time; the simulated exchange runs faster, and all who wait for
a close or judge an age ask a `Clock`, never the machine. Leases and retries use real time instead.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Where market time comes from."""

    @property
    def speed(self) -> float:
        """Market seconds per real second; 1.0 on a real exchange."""
        ...

    def now_ms(self) -> int:
        """The market's time, ms UTC."""
        ...

    def anchor(self, market_ms: int) -> None:
        """Make it `market_ms` now, as after the source was asked for its time. Time may go back by this."""
        ...

    async def sleep_until(self, time_ms: int) -> None:
        """Return when the market's time is `time_ms` or later; at once when it already is."""
        ...


class ScaledClock:
    """A clock that shows `anchor_market_ms` now and runs `speed` times as fast as real time.

    It counts on from there by the machine's monotonic clock, which nobody sets: a machine whose date is an hour
    off, or is corrected meanwhile, changes nothing.
    """

    def __init__(self, anchor_market_ms: int, speed: float) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self._speed = speed
        self._anchor_ms = anchor_market_ms
        self._anchor_real_s = time.monotonic()

    @property
    def speed(self) -> float:
        """Market seconds per real second."""
        return self._speed

    def now_ms(self) -> int:
        """The market's time, ms UTC."""
        return self._anchor_ms + int((time.monotonic() - self._anchor_real_s) * 1000 * self._speed)

    def anchor(self, market_ms: int) -> None:
        """Set the market's time to `market_ms` now, as after the server was asked for it or was started
        again.
        """
        self._anchor_ms = market_ms
        self._anchor_real_s = time.monotonic()

    async def sleep_until(self, time_ms: int) -> None:
        """Sleep until the market shows `time_ms`."""
        # At most a second of real time per step: a clock that is anchored anew must not oversleep.
        while (left_ms := time_ms - self.now_ms()) > 0:  # noqa: ASYNC110 - nothing to be notified by
            await asyncio.sleep(min(left_ms / 1000 / self._speed, 1.0))


class SystemClock(ScaledClock):
    """Real time: the machine's until the source has told its own."""

    def __init__(self) -> None:
        super().__init__(time.time_ns() // 1_000_000, 1.0)
