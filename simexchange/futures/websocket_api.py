"""The WebSocket API of futures at /ws-fapi/v1: spot's protocol with the methods that futures have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from aiohttp import web

from simexchange.clock import VirtualClock
from simexchange.faults.injector import FaultInjector
from simexchange.futures.endpoints import OPEN, Endpoint
from simexchange.futures.parameters import Parameters
from simexchange.futures.user import ListenKeys
from simexchange.spot.operations import Operation
from simexchange.spot.userdata import UserData
from simexchange.spot.websocket_api import WebSocketApi
from simexchange.trading.account import Account
from simexchange.trading.ids import Ids
from simexchange.trading.order_limit import OrderLimit
from simexchange.trading.signing import check_api_key
from simexchange.weights import WeightLimit

#: The REST endpoint that each method is.
_METHODS: Final = {
    "depth": "GET /fapi/v1/depth",
    "ticker.price": "GET /fapi/v1/ticker/price",
    "ticker.book": "GET /fapi/v1/ticker/bookTicker",
    "order.place": "POST /fapi/v1/order",
    "order.modify": "PUT /fapi/v1/order",
    "order.cancel": "DELETE /fapi/v1/order",
    "order.status": "GET /fapi/v1/order",
    "algoOrder.place": "POST /fapi/v1/algoOrder",
    "algoOrder.cancel": "DELETE /fapi/v1/algoOrder",
    "account.position": "GET /fapi/v2/positionRisk",
    "v2/account.position": "GET /fapi/v3/positionRisk",
    "account.balance": "GET /fapi/v2/balance",
    "v2/account.balance": "GET /fapi/v3/balance",
    "account.status": "GET /fapi/v2/account",
    "v2/account.status": "GET /fapi/v3/account",
}


class FuturesApi(WebSocketApi):
    """Serves connections; user data comes on listen keys here, not on these connections."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        keys: ListenKeys,
        before: Callable[[], None],
        account: Account,
        clock: VirtualClock,
        weights: WeightLimit,
        orders: OrderLimit,
        faults: FaultInjector,
    ) -> None:
        known = {f"{endpoint.method} {endpoint.path}": endpoint for endpoint in endpoints}
        operations = [_operation(method, known[name]) for method, name in _METHODS.items()]
        nobody = UserData(clock, Ids(), lambda stream, payload: None)
        super().__init__(operations, nobody, account, clock, weights, orders, faults)
        self._keys = keys
        self._before = before

    def install(self, application: web.Application) -> None:
        """Add the route."""
        application.router.add_get("/ws-fapi/v1", self.serve)

    def _run(self, operation: Operation, session: Any, sent: dict[str, str]) -> Any:
        if operation.signed:
            self._before()
            if operation.orders:
                self._limit.spend(1)
            return super()._run(operation, session, sent)
        self._weights.spend(session.remote, operation.weighs(sent))
        return operation.run(sent)

    def _listen(self, method: str, sent: dict[str, str]) -> Any:
        check_api_key(self._account, sent.get("apiKey", ""))
        if method == "userDataStream.start":
            return {"listenKey": self._keys.open()}
        if method == "userDataStream.ping":
            return {"listenKey": self._keys.extend()}
        self._keys.close()
        return {}


def _operation(method: str, endpoint: Endpoint) -> Operation:
    def weight(parameters: Mapping[str, str]) -> int:
        return endpoint.weighs(Parameters(parameters))

    def run(parameters: Mapping[str, str]) -> Any:
        return endpoint.handler(Parameters(parameters))

    # Every request may ask for the limits in its answer, which has them anyway.
    names = frozenset((*endpoint.names, "returnRateLimits"))
    return Operation(run, names, weight, method=method, signed=endpoint.security != OPEN, orders=bool(endpoint.orders))
