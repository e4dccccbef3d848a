"""How requests under /fapi reach their handlers: weight, security, parameters, answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from simexchange import errors
from simexchange.futures.parameters import Parameters
from simexchange.trading.order_limit import OrderLimit
from simexchange.trading.signing import keyed, only, signed
from simexchange.weights import WeightLimit

Count = int | Callable[[Parameters], int]
OPEN, KEY, SIGNED = "open", "key", "signed"
_MOST_QUERY: Final = 16_384


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path.

    `handler` takes the parameters and gives what JSON can hold, or the JSON text itself; `weight` and `orders` (how
    many it counts as) are numbers, or what the parameters make them; `names` are the parameters it reads.
    """

    method: str
    path: str
    handler: Callable[[Parameters], Any]
    weight: Count
    names: Collection[str] = ()
    security: str = OPEN
    orders: Count = 0

    def weighs(self, parameters: Parameters) -> int:
        """Request weight."""
        return self.weight if isinstance(self.weight, int) else self.weight(parameters)

    def counts(self, parameters: Parameters) -> int:
        """Orders."""
        return self.orders if isinstance(self.orders, int) else self.orders(parameters)


class Endpoints:
    """Serves endpoints under one weight limit and one of orders; `before` is called before each that trades or looks
    at the account.
    """

    def __init__(self, limit: WeightLimit, orders: OrderLimit, before: Callable[[], None]) -> None:
        self._limit = limit
        self._orders = orders
        self._before = before

    def install(self, application: web.Application, endpoints: Iterable[Endpoint]) -> None:
        """Add their routes."""
        for endpoint in endpoints:
            application.router.add_route(endpoint.method, endpoint.path, self._handler(endpoint))

    def middleware(self) -> Any:
        """What puts the used weight on answers under /fapi; it belongs outside of spot's, which puts its own."""

        @web.middleware
        async def weigh(request: web.Request, handler: Any) -> web.StreamResponse:
            response: web.StreamResponse = await handler(request)
            if request.path.startswith("/fapi/") and not response.prepared:
                used = str(self._limit.used(request.remote or ""))
                response.headers["X-MBX-USED-WEIGHT-1M"] = used
                response.headers.pop("X-MBX-USED-WEIGHT", None)
            return response

        return weigh

    def _handler(self, endpoint: Endpoint) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            parameters = Parameters(await _read(request, endpoint))
            self._limit.spend(request.remote or "", endpoint.weighs(parameters))
            headers: dict[str, str] = {}
            if endpoint.orders:
                self._orders.spend(endpoint.counts(parameters))
                headers = self._orders.headers()
            if endpoint.security != OPEN:
                self._before()
            answer = endpoint.handler(parameters)
            body = answer if isinstance(answer, str) else json.dumps(answer, separators=(",", ":"))
            return web.Response(text=body, content_type="application/json", headers=headers)

        return handle


async def _read(request: web.Request, endpoint: Endpoint) -> dict[str, str]:
    if len(request.query_string) > _MOST_QUERY:
        raise errors.ExchangeError(-1101, "Too many parameters sent for this endpoint.")
    if endpoint.security == SIGNED:
        return await signed(request, endpoint.names)
    if endpoint.security == KEY:
        return await keyed(request, (*endpoint.names, "timestamp", "recvWindow", "signature"))
    query = request.query
    if len(set(query)) != len(query):
        raise errors.duplicate_parameter()
    return only(dict(query), endpoint.names)
