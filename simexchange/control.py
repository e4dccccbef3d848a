"""Control of the exchange itself under /sim, for clients on this machine only: faults, clock, state, truth.

| request | does |
|---|---|
| GET /sim/state | clock, faults and how often each struck, connections, weights and bans |
| POST /sim/faults | adds faults (one, a list, or a script's object); `at` counts from now |
| DELETE /sim/faults, /sim/faults/N | takes back all, or fault N |
| POST /sim/clock | `{"speed": 60}`, `{"speed": 0}` (stand still), `{"advance_ms": 60000}` |
| GET /sim/truth/SYMBOL/INTERVAL?start=&end= | closed candles in REST form, open times in [start, end] ms |

Nothing here weighs, nothing here is touched by faults.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from simexchange import wire
from simexchange.clock import VirtualClock
from simexchange.faults.injector import FaultInjector
from simexchange.faults.script import ScriptError, parse_faults
from simexchange.intervals import INTERVAL_SECONDS, first_from, index_of
from simexchange.live import LiveMarket
from simexchange.weights import WeightLimit

_MOST_CANDLES: Final = 20_000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Refused(Exception):
    """A control request that cannot be carried out."""


class Control:
    """Handlers of /sim; `install` adds them to an application."""

    def __init__(
        self, market: LiveMarket, clock: VirtualClock, faults: FaultInjector, limits: Mapping[str, WeightLimit]
    ) -> None:
        self._market = market
        self._clock = clock
        self._faults = faults
        self._limits = limits
        self._rows = {listing.symbol: row for row, listing in enumerate(market.listings)}

    def install(self, application: web.Application) -> None:
        """Add the routes."""
        for method, path, handler in (
            ("GET", "/sim/state", self.state),
            ("POST", "/sim/faults", self.add),
            ("DELETE", "/sim/faults", self.clear),
            ("DELETE", "/sim/faults/{number}", self.clear),
            ("POST", "/sim/clock", self.move),
            ("GET", "/sim/truth/{symbol}/{interval}", self.truth),
        ):
            application.router.add_route(method, path, _local(handler))

    async def state(self, request: web.Request) -> web.Response:
        """Everything at once."""
        clock = {
            "now": self._clock.now_ms(),
            "told": self._clock.told_ms(),
            "started": self._clock.start_ms,
            "speed": self._clock.speed,
            "manual": self._clock.manual,
        }
        weights = {venue: limit.state() for venue, limit in self._limits.items()}
        return web.json_response({"clock": clock, **self._faults.state(), "weights": weights})

    async def add(self, request: web.Request) -> web.Response:
        """More faults; answers their numbers."""
        try:
            faults = parse_faults(await _body(request), self._clock.now_ms())
        except ScriptError as error:
            raise _Refused(str(error)) from error
        return web.json_response({"added": self._faults.add(faults)})

    async def clear(self, request: web.Request) -> web.Response:
        """Fewer faults; answers how many were taken back."""
        text = request.match_info.get("number")
        if text is not None and not text.isdecimal():
            raise _Refused(f"a fault has a number, as /sim/state shows it, not {text}")
        return web.json_response({"cleared": self._faults.clear(None if text is None else int(text))})

    async def move(self, request: web.Request) -> web.Response:
        """Another speed, a jump ahead, or both; answers the time and the speed."""
        body = await _body(request)
        if not isinstance(body, dict) or not body or set(body) - {"speed", "advance_ms"}:
            raise _Refused('send {"speed": N} (0 stands still), {"advance_ms": N}, or both')
        speed, advance = body.get("speed"), body.get("advance_ms", 0)
        if isinstance(speed, bool) or not isinstance(speed, int | float | None):
            raise _Refused(f"speed must be a number, not {speed!r}")
        if isinstance(advance, bool) or not isinstance(advance, int) or advance < 0:
            raise _Refused(f"advance_ms must be a whole number of ms from 0 on, not {advance!r}")
        try:
            if speed is not None:
                self._clock.set_speed(float(speed))
        except ValueError as error:
            raise _Refused(str(error)) from error
        self._clock.advance(advance)
        return web.json_response({"now": self._clock.now_ms(), "speed": self._clock.speed})

    async def truth(self, request: web.Request) -> web.Response:
        """Closed candles as they truly are."""
        symbol, interval = request.match_info["symbol"], request.match_info["interval"]
        row, length = self._rows.get(symbol), INTERVAL_SECONDS.get(interval)
        if row is None or length is None:
            raise _Refused(f"there is no {symbol} {interval}; see /api/v3/exchangeInfo, and intervals 1m to 1w")
        now = self._clock.now_ms() // 1000
        now = now if self._market.last is None else min(now, self._market.last)
        newest = index_of(now, length) - 1
        end = _moment(request, "end")
        last = newest if end is None else min(newest, index_of(end // 1000, length))
        start = _moment(request, "start")
        first = last - 999 if start is None else first_from(-(-start // 1000), length)
        first = max(first_from(self._market.first, length), first)
        if last - first >= _MOST_CANDLES:
            raise _Refused(f"asks for {last - first + 1} candles; ask for {_MOST_CANDLES} at most")
        if last < first:
            return web.json_response([])
        candles = self._market.history(row, length, first, last - first + 1, now)
        body = wire.klines(candles, self._market.listings[row], length, first)
        return web.Response(text=body, content_type="application/json")


def _local(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            local = ipaddress.ip_address(request.remote or "").is_loopback
        except ValueError:
            local = False
        # A page in a browser on this machine can post here too, but not without naming itself.
        if not local or "Origin" in request.headers:
            return web.json_response({"error": "control is for programs on this machine"}, status=403)
        try:
            return await handler(request)
        except _Refused as error:
            return web.json_response({"error": str(error)}, status=400)

    return guarded


async def _body(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        raise _Refused(f"the body must be JSON: {error}") from error


def _moment(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 15:
        raise _Refused(f"{name} must be a time in ms UTC, not {text}")
    return int(text)
