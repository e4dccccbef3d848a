"""Request weight per client and minute, and bans, as Binance has them.

1. Weight is counted in real minutes, since clients pace themselves in real time; a market that runs at some
   speed is given that many times the weight (the command line does so).
2. Beyond the limit a request is refused with 429 and Retry-After. Some requests are under way when the first
   refusal arrives; whoever goes on after `GRACE` more in the same minute is banned: 418.
3. A ban lasts 2 minutes, each further one four times as long, 3 days at most, in exchange time, so that a fast
   market's bans are short. Retry-After is always in real seconds.
"""

from __future__ import annotations

import math
import time
from typing import Any, Final

from aiohttp import web

from simexchange.clock import VirtualClock
from simexchange.errors import banned, too_much_weight

SPOT_WEIGHT: Final = 6_000
FUTURES_WEIGHT: Final = 2_400
GRACE: Final = 20
FIRST_BAN_MS: Final = 120_000
LONGEST_BAN_MS: Final = 3 * 86_400_000
_GROWTH: Final = 4


class WeightLimit:
    """Counts weights by client address; `limit` 0 counts without refusing. Without a clock bans are in real
    time.
    """

    def __init__(self, limit: int, clock: VirtualClock | None = None) -> None:
        self.limit = limit
        self._clock = clock or VirtualClock(int(time.time() * 1000), 1.0)
        self._minute = 0
        self._used: dict[str, int] = {}
        self._refused: dict[str, int] = {}
        self._bans: dict[str, int] = {}
        self._banned_until: dict[str, int] = {}

    def used(self, client: str) -> int:
        """What a client used in the current minute."""
        self._turn()
        return self._used.get(client, 0)

    def spend(self, client: str, weight: int) -> None:
        """Add a request's weight. Raises ExchangeError: 429 beyond the limit, 418 for who is banned."""
        self._turn()
        until = self._banned_until.get(client, 0)
        if until > self._clock.now_ms():
            raise banned(until)
        used = self._used[client] = self._used.get(client, 0) + weight
        if not self.limit or used <= self.limit:
            return
        self._refused[client] = self._refused.get(client, 0) + 1
        if self._refused[client] > GRACE:
            raise banned(self._ban(client))
        raise too_much_weight(self.limit)

    def retry_after(self, client: str = "") -> int:
        """Real seconds until a client may come back: the end of its ban, or the next minute."""
        left_ms = self._banned_until.get(client, 0) - self._clock.now_ms()
        if left_ms > 0:
            return max(1, math.ceil(self._clock.real_seconds(left_ms / 1000)))
        return 60 - int(time.time()) % 60

    def state(self) -> dict[str, Any]:
        """Limit, use and bans in JSON; bans end at ms of exchange time."""
        self._turn()
        now = self._clock.now_ms()
        bans = {client: until for client, until in self._banned_until.items() if until > now}
        return {"limit": self.limit, "used": dict(self._used), "banned_until": bans, "bans": dict(self._bans)}

    def _ban(self, client: str) -> int:
        bans = self._bans[client] = self._bans.get(client, 0) + 1
        self._refused.pop(client, None)
        until = self._clock.now_ms() + min(FIRST_BAN_MS * int(_GROWTH ** min(bans - 1, 10)), LONGEST_BAN_MS)
        self._banned_until[client] = until
        return until

    def _turn(self) -> None:
        minute = int(time.time()) // 60
        if minute != self._minute:
            self._minute = minute
            self._used.clear()
            self._refused.clear()


#: Where an application holds its limits, by venue.
LIMITS: Final[web.AppKey[dict[str, WeightLimit]]] = web.AppKey("limits", dict)
