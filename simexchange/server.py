"""The exchange as one HTTP server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from simexchange.clock import VirtualClock
from simexchange.connections import StreamOptions
from simexchange.control import Control
from simexchange.faults.injector import FaultInjector
from simexchange.faults.running import venue_of
from simexchange.futures import install as install_futures
from simexchange.live import LiveMarket
from simexchange.market import Market
from simexchange.market_streams import SpotHub
from simexchange.rest import Rest
from simexchange.spot import Spot
from simexchange.trading.account import ACCOUNT, Account
from simexchange.trading.signing import CLOCK
from simexchange.weights import LIMITS, WeightLimit

#: 1,024 stream names in an address.
_LONGEST_LINE = 65_536


class Exchange:
    """REST and streams over a market; `start`, then `stop`."""

    def __init__(
        self,
        market: Market,
        clock: VirtualClock,
        weight_limit: int = 0,
        account: Account | None = None,
        faults: FaultInjector | None = None,
        options: StreamOptions | None = None,
    ) -> None:
        live = LiveMarket(market)
        application = web.Application()
        application[ACCOUNT] = account or Account()
        application[CLOCK] = clock
        self._faults = faults or FaultInjector(clock)
        self._faults.on_restart = self._restart
        spot = WeightLimit(weight_limit, clock)
        limits = {"spot": spot}
        application[LIMITS] = limits
        # Outermost: a fault may keep a request from everything else, or an answer from the client.
        application.middlewares.append(_middleware(self._faults, limits))
        self._futures = install_futures(application, market, live, clock, self._faults, weight_limit, options)
        self._hub = SpotHub(live, clock, self._faults, options)
        Rest(live, clock, spot).install(application)
        self._hub.install(application)
        self._spot = Spot(market, live, clock, application[ACCOUNT], self._faults, spot, self._hub.put)
        self._spot.install(application)
        Control(live, clock, self._faults, limits).install(application)
        self._runner = web.AppRunner(
            application,
            access_log=None,
            max_line_size=_LONGEST_LINE,
            handle_signals=False,
            shutdown_timeout=1.0,
        )
        self._site: web.SockSite | None = None
        self._address = ("", 0)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, host: str, port: int) -> int:
        """Listen, and start sending; gives the port, chosen by the system for 0. Raises OSError where it is
        in use.
        """
        listener = _bind(host, port)
        await self._runner.setup()
        try:
            await self._listen(listener)
        except OSError:
            listener.close()
            await self._runner.cleanup()
            raise
        self._address = (host, int(listener.getsockname()[1]))
        self._tasks = [
            asyncio.create_task(self._hub.run()),
            asyncio.create_task(self._spot.run()),
            asyncio.ensure_future(self._futures.run()),
            asyncio.create_task(self._faults.run()),
        ]
        return self._address[1]

    async def stop(self) -> None:
        """Close connections and stop listening."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # A connection whose peer answers nothing would be waited for.
        self._faults.clear()
        await self._hub.close()
        await self._spot.close()
        await self._futures.close()
        await self._runner.cleanup()

    async def failed(self) -> None:
        """Return never: not when a recorded market has merely ended. Raises what failed while sending."""
        assert self._tasks, "start first"
        await asyncio.gather(*self._tasks)

    async def _listen(self, listener: socket.socket) -> None:
        self._site = web.SockSite(self._runner, listener)
        await self._site.start()

    async def _restart(self, seconds: float) -> None:
        """Be gone for so many real seconds, as a server that is started again: connections are cut, new ones
        refused. What it knows stays.
        """
        if self._site is not None:
            await self._site.stop()
        # Bound and not listening: connections are refused, and nobody else takes the port.
        reserved = _bind(*self._address)
        try:
            self._faults.cut()
            server = self._runner.server
            for connection in server.connections if server is not None else ():
                if connection.transport is not None:
                    connection.transport.abort()
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            reserved.close()
            raise
        await self._listen(reserved)


def _bind(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen. Raises OSError where the address is in use or not ours."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _middleware(faults: FaultInjector, limits: dict[str, WeightLimit]) -> Any:
    @web.middleware
    async def fault(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        instead = await faults.rest(request)
        if instead is not None:
            return instead
        response = await handler(request)
        if response.prepared:
            return response
        limit = limits.get(venue_of(request.path))
        if response.status in (418, 429) and limit is not None:
            response.headers["Retry-After"] = str(limit.retry_after(request.remote or ""))
        return await faults.answer(request, response)

    return fault
