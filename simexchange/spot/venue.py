"""Spot trading put together, and what keeps it going."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aiohttp import web

from simexchange.book import Books
from simexchange.clock import VirtualClock
from simexchange.faults.injector import FaultInjector
from simexchange.live import LiveMarket
from simexchange.market import Market
from simexchange.spot.accounts import Accounts
from simexchange.spot.engine import Engine
from simexchange.spot.list_requests import ListRequests
from simexchange.spot.lists import Lists
from simexchange.spot.operations import operations
from simexchange.spot.rest import Rest
from simexchange.spot.trade import Trade
from simexchange.spot.userdata import UserData
from simexchange.spot.websocket_api import WebSocketApi
from simexchange.trading.account import Account
from simexchange.trading.ids import Ids
from simexchange.trading.order_limit import OrderLimit
from simexchange.weights import SPOT_WEIGHT, WeightLimit

#: Real seconds between looks at the market, at least and at most.
_SOONEST: Final = 0.05
_LATEST: Final = 1.0


class Spot:
    """Spot trading of one account; `install`, then `run` beside the server."""

    def __init__(
        self,
        market: Market,
        live: LiveMarket,
        clock: VirtualClock,
        account: Account,
        faults: FaultInjector,
        weights: WeightLimit,
        put: Callable[[str, str], None],
    ) -> None:
        self._clock = clock
        self._users = UserData(clock, Ids(), put)
        self.engine = Engine(market, Books(live), clock, account.spot, self._users.publish)
        limit = OrderLimit(weights.limit / SPOT_WEIGHT)
        trade = Trade(self.engine, Lists(self.engine), live, limit)
        accounts = Accounts(trade, account, market.listings, self._users.publish)
        every = operations(trade, ListRequests(trade), accounts)
        self._rest = Rest(every, weights, limit)
        self._api = WebSocketApi(every, self._users, account, clock, weights, limit, faults)

    def install(self, application: web.Application) -> None:
        """Add the routes."""
        self._rest.install(application, self._users)
        self._api.install(application)

    async def run(self) -> None:
        """Let orders trade as the market goes on, until cancelled."""
        while True:
            self.engine.advance()
            following = (self._clock.now_ms() // 1000 + 1) * 1000
            seconds = self._clock.real_seconds_until(following)
            await self._clock.pause(min(max(seconds, _SOONEST), _LATEST))

    async def close(self) -> None:
        """End all connections."""
        await self._api.close()
