"""The WebSocket API at /ws-api/v3: the same requests as REST, and the account's events.

1. A request is `{"id", "method", "params"}`; its answer carries the same id, a status as of HTTP, and `result` or
   `error`, with what was used of the limits.
2. Signed requests carry apiKey, timestamp and signature; the signature is over all other parameters, sorted.
3. After `userDataStream.subscribe.signature` the account's events come on the same connection, under a
   subscription's number.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import WSMsgType, web

from simexchange import errors
from simexchange.clock import VirtualClock
from simexchange.connections import Connection
from simexchange.errors import ExchangeError
from simexchange.faults.injector import FaultInjector
from simexchange.faults.sockets import FaultySocket
from simexchange.spot.operations import Operation
from simexchange.spot.trade import FailedReplace
from simexchange.spot.userdata import UserData
from simexchange.trading.account import Account
from simexchange.trading.order_limit import OrderLimit
from simexchange.trading.signing import check_api_key, check_signature, check_time, only
from simexchange.weights import WeightLimit

_CONNECTION_WEIGHT: Final = 2
_SUBSCRIBE_WEIGHT: Final = 2
_SIGNING: Final = ("apiKey", "timestamp", "recvWindow", "signature")
_MOST_BYTES: Final = 1 << 18


class _Number(str):
    """A number of a request as it was written, which is what a signature is over."""

    __slots__ = ()


class _Session:
    """One connection: who reads it, since when, and the numbers of its subscriptions."""

    def __init__(self, connection: Connection, remote: str, now_ms: int) -> None:
        self.connection = connection
        self.remote = remote
        self.since_ms = now_ms
        self.subscriptions: list[int] = []
        self.started = 0


class WebSocketApi:
    """Serves connections of the WebSocket API."""

    def __init__(
        self,
        operations: Iterable[Operation],
        users: UserData,
        account: Account,
        clock: VirtualClock,
        weights: WeightLimit,
        limit: OrderLimit,
        faults: FaultInjector,
    ) -> None:
        self._operations = {operation.method: operation for operation in operations if operation.method}
        self._users = users
        self._account = account
        self._clock = clock
        self._weights = weights
        self._limit = limit
        self._door = faults.streams("spot-api", lambda stream, payload: None)
        self._sockets: set[FaultySocket] = set()

    def install(self, application: web.Application) -> None:
        """Add the route."""
        application.router.add_get("/ws-api/v3", self.serve)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection from opening to close."""
        socket = self._door.socket(request)
        self._weights.spend(request.remote or "", _CONNECTION_WEIGHT)
        await socket.prepare(request)
        session = _Session(Connection(socket, False), request.remote or "", self._clock.now_ms())
        self._sockets.add(socket)
        sender = asyncio.create_task(session.connection.send())
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    session.connection.reply(self._answer(session, message.data))
        finally:
            sender.cancel()
            self._users.unsubscribe(session)
            self._sockets.discard(socket)
        return socket

    async def close(self) -> None:
        """End all connections."""
        for socket in list(self._sockets):
            await socket.close(code=1001, message=b"Server shutdown")

    def _answer(self, session: _Session, text: str) -> str:
        number: Any = None
        operation: Operation | None = None
        try:
            request = _parsed(text)
            number = request["id"]
            operation = self._operations.get(request["method"])
            if operation is not None:
                result = self._run(operation, session, request["params"])
            else:
                result = self._manage(session, request["method"], request["params"])
        except FailedReplace as error:
            failure = {"code": error.code, "msg": error.message, "data": error.data}
            return self._frame(session, number, error.status, {"error": failure}, operation)
        except ExchangeError as error:
            failure = {"code": error.code, "msg": error.message}
            return self._frame(session, number, error.status, {"error": failure}, operation)
        return self._frame(session, number, 200, {"result": result}, operation)

    def _run(self, operation: Operation, session: _Session, sent: dict[str, str]) -> Any:
        self._weights.spend(session.remote, operation.weighs(sent))
        parameters = self._signed(sent)
        return operation.run(only(parameters, operation.names))

    def _manage(self, session: _Session, method: str, sent: dict[str, str]) -> Any:
        """Requests about the connection itself."""
        if method == "ping":
            self._weights.spend(session.remote, 1)
            return {}
        if method == "time":
            self._weights.spend(session.remote, 1)
            return {"serverTime": self._clock.told_ms()}
        if method in ("userDataStream.subscribe.signature", "userDataStream.subscribe"):
            self._weights.spend(session.remote, _SUBSCRIBE_WEIGHT)
            return self._subscribe(session, method, sent)
        if method == "userDataStream.unsubscribe":
            self._weights.spend(session.remote, _SUBSCRIBE_WEIGHT)
            return self._unsubscribe(session, sent)
        if method.startswith("userDataStream."):
            self._weights.spend(session.remote, _SUBSCRIBE_WEIGHT)
            return self._listen(method, sent)
        if method.startswith("session."):
            self._weights.spend(session.remote, 2)
            return self._session(session, method, sent)
        raise ExchangeError(-1020, "This operation is not supported.")

    def _subscribe(self, session: _Session, method: str, sent: dict[str, str]) -> Any:
        if method == "userDataStream.subscribe":
            # It needs a session that is logged on, which takes an Ed25519 key.
            raise ExchangeError(-1002, "You are not authorized to execute this request.", status=401)
        only(self._signed(sent), ())
        if session.subscriptions:
            raise ExchangeError(-2035, "User Data Stream subscription already active.")
        number, session.started = session.started, session.started + 1
        session.subscriptions.append(number)
        self._users.subscribe(session, number, session.connection.reply)
        return {"subscriptionId": number}

    def _unsubscribe(self, session: _Session, sent: dict[str, str]) -> Any:
        text = only(sent, ("subscriptionId",)).get("subscriptionId")
        if text is not None and not (text.isascii() and text.isdigit() and len(text) < 10):
            raise errors.illegal_characters("subscriptionId", "^[0-9]{1,9}$")
        ended = [number for number in session.subscriptions if text is None or number == int(text)]
        if not ended:
            raise ExchangeError(-2036, "User Data Stream subscription not active.")
        for number in ended:
            session.subscriptions.remove(number)
            self._users.unsubscribe(session, number)
            event = {"e": "eventStreamTerminated", "E": self._clock.now_ms()}
            session.connection.reply(json.dumps({"subscriptionId": number, "event": event}))
        return {}

    def _listen(self, method: str, sent: dict[str, str]) -> Any:
        """Listen keys, as they were before subscriptions."""
        check_api_key(self._account, sent.get("apiKey", ""))
        key = only({name: value for name, value in sent.items() if name != "apiKey"}, ("listenKey",)).get("listenKey")
        if method == "userDataStream.start":
            return {"listenKey": self._users.start_key()}
        if method not in ("userDataStream.ping", "userDataStream.stop"):
            raise ExchangeError(-1020, "This operation is not supported.")
        if not key:
            raise errors.missing_parameter("listenKey")
        if not (self._users.keep_key(key) if method == "userDataStream.ping" else self._users.stop_key(key)):
            raise ExchangeError(-1125, "This listenKey does not exist.")
        return {}

    def _session(self, session: _Session, method: str, sent: dict[str, str]) -> Any:
        if method == "session.logon":
            self._signed(sent)
            raise ExchangeError(-4056, "HMAC_SHA256 API key is not supported.")
        if method == "session.subscriptions":
            return [{"subscriptionId": number} for number in session.subscriptions]
        if method in ("session.status", "session.logout"):
            return {
                "apiKey": None,
                "authorizedSince": None,
                "connectedSince": session.since_ms,
                "returnRateLimits": True,
                "serverTime": self._clock.told_ms(),
                "userDataStream": bool(session.subscriptions),
            }
        raise ExchangeError(-1020, "This operation is not supported.")

    def _signed(self, sent: dict[str, str]) -> dict[str, str]:
        """Parameters of a signed request without those of the signature. Raises as `signing.signed` does."""
        if not sent.get("apiKey"):
            raise errors.missing_parameter("apiKey")
        check_api_key(self._account, sent["apiKey"])
        for name in ("timestamp", "signature"):
            if not sent.get(name):
                raise errors.missing_parameter(name)
        pairs = sorted((name, value) for name, value in sent.items() if name != "signature")
        plain = "&".join(f"{name}={value}" for name, value in pairs)
        try:
            check_signature(self._account, urlencode(pairs), sent["signature"])
        except (ExchangeError, UnicodeEncodeError):
            # Clients differ in whether they encode what they sign; the values travel as they are.
            check_signature(self._account, plain, sent["signature"])
        check_time(sent, self._clock)
        return {name: value for name, value in sent.items() if name not in _SIGNING}

    def _frame(
        self, session: _Session, number: Any, status: int, content: dict[str, Any], operation: Operation | None
    ) -> str:
        used = {
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": self._weights.limit or 6_000,
            "count": self._weights.used(session.remote),
        }
        orders = self._limit.state() if operation is not None and operation.orders else []
        return json.dumps({"id": number, "status": status, **content, "rateLimits": [*orders, used]})


def _parsed(text: str) -> dict[str, Any]:
    """id, method and params (all text). Raises -1135, -1102."""
    if len(text) > _MOST_BYTES:
        raise _invalid()
    try:
        request = json.loads(text, parse_float=_Number, parse_int=_Number)
    except (json.JSONDecodeError, RecursionError) as error:
        raise _invalid() from error
    if not isinstance(request, dict):
        raise _invalid()
    number, method, params = request.get("id"), request.get("method"), request.get("params")
    if number is not None and not isinstance(number, str):
        raise _invalid()
    if isinstance(number, _Number):
        number = int(number) if number.lstrip("-").isdigit() and len(number) < 20 else str(number)
    if not isinstance(method, str) or isinstance(method, _Number):
        raise errors.missing_parameter("method")
    if params is not None and not isinstance(params, dict):
        raise _invalid()
    return {"id": number, "method": method, "params": {name: _text(value) for name, value in (params or {}).items()}}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    return json.dumps(value, separators=(",", ":"))


def _invalid() -> ExchangeError:
    return ExchangeError(-1135, "Invalid JSON Request")
