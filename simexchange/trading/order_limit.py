"""How many orders the account may place in windows of real time."""

from __future__ import annotations

import time
from typing import Any, Final

from simexchange.errors import ExchangeError

#: Interval letter, seconds, words, orders.
Window = tuple[str, int, tuple[str, int], int]
SPOT_WINDOWS: Final[tuple[Window, ...]] = (("10S", 10, ("SECOND", 10), 100), ("1D", 86_400, ("DAY", 1), 200_000))
FUTURES_WINDOWS: Final[tuple[Window, ...]] = (("10S", 10, ("SECOND", 10), 300), ("1M", 60, ("MINUTE", 1), 1_200))


class OrderLimit:
    """Counts orders; `factor` multiplies the limits, as a market that runs faster is traded faster; 0 refuses
    none.
    """

    def __init__(self, factor: float = 1.0, windows: tuple[Window, ...] = SPOT_WINDOWS) -> None:
        self._factor = factor
        self._of = windows
        self._limits = {letter: most for letter, _, _, most in windows}
        self._windows: dict[str, tuple[int, int]] = {}

    def spend(self, orders: int) -> None:
        """Count orders. Raises -1015 (429) beyond a limit."""
        now = int(time.time())
        for letter, seconds, (word, number), _ in self._of:
            used = self._used(letter, seconds, now) + orders
            self._windows[letter] = (now // seconds, used)
            limit = self.limit(letter)
            if self._factor and used > limit:
                raise ExchangeError(
                    -1015, f"Too many new orders; current limit is {limit} orders per {number} {word}.", status=429
                )

    def limit(self, letter: str) -> int:
        """Orders allowed in a window, by its letter."""
        return int(self._limits[letter] * max(1.0, self._factor))

    def headers(self) -> dict[str, str]:
        """What the account used, as answers to orders tell it."""
        now = int(time.time())
        return {
            f"X-MBX-ORDER-COUNT-{letter}": str(self._used(letter, seconds, now)) for letter, seconds, _, _ in self._of
        }

    def limits(self) -> list[dict[str, Any]]:
        """The limits, as `exchangeInfo` gives them."""
        return [
            {"rateLimitType": "ORDERS", "interval": word, "intervalNum": number, "limit": self.limit(letter)}
            for letter, _, (word, number), _ in self._of
        ]

    def state(self) -> list[dict[str, Any]]:
        """What the account used, as `rateLimit/order` answers."""
        now = int(time.time())
        used = (self._used(letter, seconds, now) for letter, seconds, _, _ in self._of)
        return [{**one, "count": count} for one, count in zip(self.limits(), used, strict=True)]

    def _used(self, letter: str, seconds: int, now: int) -> int:
        window, used = self._windows.get(letter, (0, 0))
        return used if window == now // seconds else 0
