"""The futures venue as one thing to install."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import web

from simexchange.clock import VirtualClock
from simexchange.faults.injector import FaultInjector
from simexchange.futures.endpoints import Endpoints
from simexchange.futures.market import MarketData
from simexchange.futures.streams import PerpetualHub
from simexchange.live import LiveMarket
from simexchange.weights import LIMITS, WeightLimit

#: Of spot's limit: 2,400 a minute beside 6,000.
_WEIGHT_SHARE = 0.4


def install(
    application: web.Application, market: LiveMarket, clock: VirtualClock, faults: FaultInjector, spot_limit: int
) -> None:
    """Serve USD-M perpetuals of the market's symbols beside spot.

    It belongs before spot's REST, whose middleware puts spot's used weight on answers. `spot_limit` is spot's
    request weight a minute, 0 for none; futures have the usual share of it for themselves.
    """
    limit = application[LIMITS]["usdm"] = WeightLimit(int(spot_limit * _WEIGHT_SHARE), clock)
    data = MarketData(market, clock, limit.limit)
    hub = PerpetualHub(data, clock, faults)
    endpoints = Endpoints(limit, lambda: None)
    application.middlewares.append(endpoints.middleware())
    endpoints.install(application, data.endpoints())
    hub.install(application)

    async def running(_: web.Application) -> AsyncIterator[None]:
        sending = asyncio.create_task(hub.run())
        yield
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending

    async def closing(_: web.Application) -> None:
        await hub.close()

    application.cleanup_ctx.append(running)
    application.on_shutdown.append(closing)
