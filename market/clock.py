"""Market time. In production it is the real time; the simulated exchange runs faster, and all who wait for
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


class SystemClock:
    """The machine's own time, corrected by a fixed offset (server time minus ours, ms)."""

    def __init__(self, offset_ms: int = 0) -> None:
        self.offset_ms = offset_ms

    @property
    def speed(self) -> float:
        """Always 1.0."""
        return 1.0

    def now_ms(self) -> int:
        """The machine's time plus the offset, ms UTC."""
        return time.time_ns() // 1_000_000 + self.offset_ms

    def anchor(self, market_ms: int) -> None:
        """Set the offset, so that it is `market_ms` now."""
        self.offset_ms = market_ms - time.time_ns() // 1_000_000

    async def sleep_until(self, time_ms: int) -> None:
        """Sleep until the given time, in steps, so that a changed machine clock is noticed."""
        await _sleep_until(self, time_ms)


class ScaledClock:
    """A clock that shows `anchor_market_ms` now and runs `speed` times as fast as real time."""

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
        await _sleep_until(self, time_ms)


async def _sleep_until(clock: Clock, time_ms: int) -> None:
    # At most a second of real time per step: a clock that is anchored anew must not oversleep.
    while (left_ms := time_ms - clock.now_ms()) > 0:  # noqa: ASYNC110 - nothing to be notified by
        await asyncio.sleep(min(left_ms / 1000 / clock.speed, 1.0))
