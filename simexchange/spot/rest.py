"""Signed spot requests over REST, and listen keys as they were before the WebSocket API had user data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from simexchange.errors import ExchangeError
from simexchange.spot.operations import Operation
from simexchange.spot.trade import FailedReplace
from simexchange.spot.userdata import UserData
from simexchange.trading.order_limit import OrderLimit
from simexchange.trading.signing import keyed, only, signed
from simexchange.weights import WeightLimit

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_KEY_PATH = "/api/v3/userDataStream"
_KEY_WEIGHT = 2


class Rest:
    """Routes of operations; errors become answers in the middleware that public routes share."""

    def __init__(self, operations: Iterable[Operation], weights: WeightLimit, limit: OrderLimit) -> None:
        self._operations = list(operations)
        self._weights = weights
        self._limit = limit

    def install(self, application: web.Application, users: UserData) -> None:
        """Add the routes."""
        for operation in self._operations:
            if operation.path:
                application.router.add_route(operation.verb, operation.path, self._handler(operation))
        application.router.add_post(_KEY_PATH, self._listen(users, "start"))
        application.router.add_put(_KEY_PATH, self._listen(users, "keep"))
        application.router.add_delete(_KEY_PATH, self._listen(users, "stop"))

    def _handler(self, operation: Operation) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            # What is refused weighs too.
            self._weights.spend(request.remote or "", operation.weighs(request.query))
            if not operation.signed:
                return web.json_response(operation.run(only(dict(request.query), operation.names)))
            parameters = await signed(request, operation.names)
            try:
                response = web.json_response(operation.run(parameters))
            except FailedReplace as error:
                body = {"code": error.code, "msg": error.message, "data": error.data}
                response = web.json_response(body, status=error.status)
            if operation.orders:
                response.headers.update(self._limit.headers())
            return response

        return handle

    def _listen(self, users: UserData, what: str) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            self._weights.spend(request.remote or "", _KEY_WEIGHT)
            parameters = await keyed(request, () if what == "start" else ("listenKey",))
            if what == "start":
                return web.json_response({"listenKey": users.start_key()})
            key = parameters.get("listenKey", "")
            if not (users.keep_key(key) if what == "keep" else users.stop_key(key)):
                raise ExchangeError(-1125, "This listenKey does not exist.")
            return web.json_response({})

        return handle
