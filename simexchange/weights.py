"""Request weight per client and real minute, as Binance counts it."""

from __future__ import annotations

import time

from simexchange.errors import too_much_weight


class WeightLimit:
    """Counts weights by client address; `limit` 0 counts without refusing."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._minute = 0
        self._used: dict[str, int] = {}

    def used(self, client: str) -> int:
        """What a client used in the current minute."""
        return self._used.get(client, 0)

    def spend(self, client: str, weight: int) -> None:
        """Add a request's weight. Raises ExchangeError (429) beyond."""
        minute = int(time.time()) // 60
        if minute != self._minute:
            self._minute = minute
            self._used.clear()
        used = self._used[client] = self._used.get(client, 0) + weight
        if self.limit and used > self.limit:
            raise too_much_weight(self.limit)

    @staticmethod
    def retry_after() -> int:
        """Real seconds until the next minute."""
        return 60 - int(time.time()) % 60
