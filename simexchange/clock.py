"""Exchange time: starts at a given moment and runs at a given speed."""

from __future__ import annotations

import time


class VirtualClock:
    """`now_ms()` is `start_ms` when made and advances `speed` milliseconds for each real one."""

    def __init__(self, start_ms: int, speed: float) -> None:
        self._start_ms = start_ms
        self._anchor = time.monotonic()
        self.speed = speed

    def now_ms(self) -> int:
        """Exchange time, ms UTC."""
        return self._start_ms + int((time.monotonic() - self._anchor) * 1000.0 * self.speed)

    def real_seconds_until(self, exchange_ms: int) -> float:
        """Real seconds until exchange time reaches `exchange_ms`; negative where it has passed."""
        return (exchange_ms - self.now_ms()) / 1000.0 / self.speed
