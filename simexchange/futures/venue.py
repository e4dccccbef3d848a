"""The futures venue as one thing to install."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from simexchange.clock import VirtualClock
from simexchange.connections import StreamOptions
from simexchange.faults.injector import FaultInjector
from simexchange.futures import events
from simexchange.futures.balances import Balances
from simexchange.futures.course import Course
from simexchange.futures.endpoints import SIGNED, Endpoint, Endpoints
from simexchange.futures.engine import Engine
from simexchange.futures.market import MarketData
from simexchange.futures.settings import AccountSettings
from simexchange.futures.streams import PerpetualHub
from simexchange.futures.trade import Trading
from simexchange.futures.user import ListenKeys
from simexchange.futures.websocket_api import FuturesApi
from simexchange.live import LiveMarket
from simexchange.market import Market
from simexchange.trading.account import ACCOUNT
from simexchange.trading.ids import Ids
from simexchange.trading.order_limit import FUTURES_WINDOWS, OrderLimit
from simexchange.trading.walk import Walker
from simexchange.weights import FUTURES_WEIGHT, LIMITS, SPOT_WEIGHT, WeightLimit

#: How often prices are brought to the account's orders, in real seconds.
_BEAT: Final = 0.2


@dataclass(frozen=True, slots=True)
class Futures:
    """What keeps the venue going: `run` until cancelled, beside the server; `close` ends its connections."""

    run: Callable[[], Awaitable[Any]]
    close: Callable[[], Awaitable[None]]


def install(
    application: web.Application,
    market: Market,
    live: LiveMarket,
    clock: VirtualClock,
    faults: FaultInjector,
    spot_limit: int,
    options: StreamOptions | None = None,
) -> Futures:
    """Serve USD-M perpetuals of the market's symbols beside spot.

    It belongs before spot's REST, whose middleware puts spot's used weight on answers. The application holds the
    account already. `spot_limit` is spot's request weight a minute, 0 for none; futures have the usual share of it.
    """
    limit = WeightLimit(spot_limit * FUTURES_WEIGHT // SPOT_WEIGHT, clock)
    application[LIMITS]["usdm"] = limit
    orders = OrderLimit(limit.limit / FUTURES_WEIGHT, FUTURES_WINDOWS)
    data = MarketData(live, clock, limit.limit, orders)
    ids = Ids()
    keys = ListenKeys(lambda: ids.token(64), time.monotonic)
    hub = PerpetualHub(data, clock, faults, options)

    def emit(event: dict[str, Any]) -> None:
        if keys.key is not None:
            hub.publish(keys.key, json.dumps(event, separators=(",", ":")), event["e"])

    engine = Engine(data.books, application[ACCOUNT].futures, ids, emit)
    course = Course(engine, Walker(market), data.now())

    def advance() -> None:
        course.advance(data.now(), clock.now_ms())

    endpoints = Endpoints(limit, orders, advance)
    application.middlewares.append(endpoints.middleware())
    handlers = (
        data,
        Trading(data, engine, course, clock.now_ms),
        Balances(data, engine),
        AccountSettings(data, engine, keys, clock.now_ms),
    )
    every = [endpoint for handler in handlers for endpoint in handler.endpoints()]
    every.append(Endpoint("GET", "/fapi/v1/rateLimit/order", lambda _: orders.state(), 1, (), SIGNED))
    endpoints.install(application, every)
    hub.install(application)
    api = FuturesApi(every, keys, advance, application[ACCOUNT], clock, limit, orders, faults)
    api.install(application)

    async def beat() -> None:
        while True:
            advance()
            ended = keys.expire()
            if ended is not None:
                event = json.dumps(events.expired(ended, clock.now_ms()), separators=(",", ":"))
                hub.publish(ended, event, "listenKeyExpired")
            await asyncio.sleep(_BEAT)

    async def close() -> None:
        await hub.close()
        await api.close()

    return Futures(lambda: asyncio.gather(hub.run(), beat()), close)
