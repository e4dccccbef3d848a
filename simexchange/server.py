"""The exchange as one HTTP server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiohttp import web

from simexchange.clock import VirtualClock
from simexchange.faults.injector import FaultInjector
from simexchange.futures import install as install_futures
from simexchange.live import LiveMarket
from simexchange.market import Market
from simexchange.rest import Rest
from simexchange.streams import Hub
from simexchange.trading.account import ACCOUNT, Account
from simexchange.trading.signing import CLOCK
from simexchange.weights import WeightLimit

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
    ) -> None:
        live = LiveMarket(market)
        application = web.Application()
        application[ACCOUNT] = account or Account()
        application[CLOCK] = clock
        self._faults = faults or FaultInjector(clock)
        # Outermost: a fault may keep a request from everything else, or an answer from the client.
        application.middlewares.append(_middleware(self._faults))
        install_futures(application, live, clock, self._faults, weight_limit)
        self._hub = Hub(live, clock, self._faults)
        Rest(live, clock, WeightLimit(weight_limit)).install(application)
        self._hub.install(application)
        self._runner = web.AppRunner(
            application,
            access_log=None,
            max_line_size=_LONGEST_LINE,
            handle_signals=False,
            shutdown_timeout=1.0,
        )
        self._sending: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and start sending; gives the port, chosen by the system for 0. Raises OSError where it is
        in use.
        """
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, reuse_address=True)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._sending = asyncio.create_task(self._hub.run())
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close connections and stop listening."""
        if self._sending is not None:
            self._sending.cancel()
            with suppress(asyncio.CancelledError):
                await self._sending
        await self._hub.close()
        await self._runner.cleanup()

    async def failed(self) -> None:
        """Return when sending fails, raising what failed; never when a recorded market has merely ended."""
        assert self._sending is not None, "start first"
        await self._sending
        await asyncio.Event().wait()


def _middleware(faults: FaultInjector) -> Any:
    @web.middleware
    async def fault(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        instead = await faults.rest(request)
        if instead is not None:
            return instead
        response = await handler(request)
        return response if response.prepared else await faults.answer(request, response)

    return fault
