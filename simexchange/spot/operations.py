"""Every signed request of spot: its path, its method on the WebSocket API, what it reads, and what it weighs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from simexchange.spot.accounts import Accounts
from simexchange.spot.drafts import ORDER_NAMES
from simexchange.spot.list_requests import ListRequests, names
from simexchange.spot.trade import Parameters, Trade

Weight = int | Callable[[Parameters], int]


@dataclass(frozen=True, slots=True)
class Operation:
    """One request.

    verb and path: of REST, none where only the WebSocket API has it; method: of the WebSocket API, none where
    only REST has it; orders: true where answers tell how many orders were placed.
    """

    run: Callable[[Parameters], Any]
    names: frozenset[str]
    weight: Weight
    verb: str = ""
    path: str = ""
    method: str = ""
    orders: bool = False
    signed: bool = True

    def weighs(self, parameters: Mapping[str, str]) -> int:
        """Request weight."""
        return self.weight if isinstance(self.weight, int) else self.weight(dict(parameters))


_PLACE: Final = ("symbol", *ORDER_NAMES, "newOrderRespType")
_WHICH: Final = ("symbol", "orderId", "origClientOrderId")
_CANCEL: Final = (*_WHICH, "newClientOrderId", "cancelRestrictions")
_REPLACE: Final = (
    *_PLACE,
    "cancelReplaceMode",
    "cancelRestrictions",
    "cancelNewClientOrderId",
    "cancelOrderId",
    "cancelOrigClientOrderId",
    "orderRateLimitExceededMode",
)
_SPAN: Final = ("startTime", "endTime", "limit")
_LIST: Final = ("symbol", "listClientOrderId", "newOrderRespType", "selfTradePreventionMode")
_PAIR: Final = {"side": "side", "quantity": "quantity"}
_PENDING: Final = {"side": "pendingSide", "quantity": "pendingQuantity"}
_OLD_OCO: Final = (
    *_LIST,
    "side",
    "quantity",
    "limitClientOrderId",
    "price",
    "limitStrategyId",
    "limitStrategyType",
    "limitIcebergQty",
    "trailingDelta",
    "stopClientOrderId",
    "stopPrice",
    "stopStrategyId",
    "stopStrategyType",
    "stopLimitPrice",
    "stopIcebergQty",
    "stopLimitTimeInForce",
)
_OCO: Final = (*_LIST, *names({"above": _PAIR, "below": _PAIR}))
_OTO: Final = (*_LIST, *names({"working": {}, "pending": {}}))
_OTOCO: Final = (*_LIST, *names({"working": {}, "pendingAbove": _PENDING, "pendingBelow": _PENDING}))


def operations(trade: Trade, lists: ListRequests, accounts: Accounts) -> list[Operation]:
    """All of them."""
    made: list[Operation] = []

    def add(
        run: Callable[[Parameters], Any],
        route: str,
        method: str,
        read: tuple[str, ...],
        weight: Weight,
        *,
        orders: bool = False,
        signed: bool = True,
    ) -> None:
        verb, _, path = route.partition(" ")
        made.append(Operation(run, frozenset(read), weight, verb, path, method, orders, signed))

    add(trade.place, "POST /api/v3/order", "order.place", _PLACE, 1, orders=True)
    add(trade.test, "POST /api/v3/order/test", "order.test", (*_PLACE, "computeCommissionRates"), _test_weight)
    add(trade.query, "GET /api/v3/order", "order.status", _WHICH, 4)
    add(trade.cancel, "DELETE /api/v3/order", "order.cancel", _CANCEL, 1)
    add(trade.cancel_replace, "POST /api/v3/order/cancelReplace", "order.cancelReplace", _REPLACE, 1, orders=True)
    amend = (*_WHICH, "newClientOrderId", "newQty")
    add(trade.amend, "PUT /api/v3/order/amend/keepPriority", "order.amend.keepPriority", amend, 4)
    add(trade.open_orders, "GET /api/v3/openOrders", "openOrders.status", ("symbol",), _open_weight)
    add(trade.cancel_all, "DELETE /api/v3/openOrders", "openOrders.cancelAll", ("symbol",), 1)
    add(accounts.all_orders, "GET /api/v3/allOrders", "allOrders", ("symbol", "orderId", *_SPAN), 20)
    history = ("symbol", "orderId", "fromId", *_SPAN)
    add(accounts.trades, "GET /api/v3/myTrades", "myTrades", history, _trades_weight)
    add(accounts.account, "GET /api/v3/account", "account.status", ("omitZeroBalances",), 20)
    add(accounts.commission, "GET /api/v3/account/commission", "account.commission", ("symbol",), 20)
    add(accounts.order_use, "GET /api/v3/rateLimit/order", "account.rateLimits.orders", (), 40)
    prevented = ("symbol", "preventedMatchId", "orderId", "fromPreventedMatchId", "limit")
    add(accounts.nothing, "GET /api/v3/myPreventedMatches", "myPreventedMatches", prevented, 20)
    allocations = (*history, "fromAllocationId")
    add(accounts.nothing, "GET /api/v3/myAllocations", "myAllocations", allocations, 20)

    add(lists.oco, "POST /api/v3/orderList/oco", "orderList.place.oco", _OCO, 1, orders=True)
    add(lists.old_oco, "POST /api/v3/order/oco", "orderList.place", _OLD_OCO, 1, orders=True)
    add(lists.oto, "POST /api/v3/orderList/oto", "orderList.place.oto", _OTO, 1, orders=True)
    add(lists.otoco, "POST /api/v3/orderList/otoco", "orderList.place.otoco", _OTOCO, 1, orders=True)
    which = ("orderListId", "origClientOrderId")
    add(lists.query, "GET /api/v3/orderList", "orderList.status", which, 4)
    ended = ("symbol", "orderListId", "listClientOrderId", "newClientOrderId")
    add(lists.cancel, "DELETE /api/v3/orderList", "orderList.cancel", ended, 1)
    add(lists.all, "GET /api/v3/allOrderList", "allOrderLists", ("fromId", *_SPAN), 20)
    add(lists.open, "GET /api/v3/openOrderList", "openOrderLists.status", (), 6)

    add(accounts.system, "GET /sapi/v1/system/status", "", (), 1, signed=False)
    add(accounts.coins, "GET /sapi/v1/capital/config/getall", "", (), 10)
    add(accounts.status, "GET /sapi/v1/account/status", "", (), 1)
    add(accounts.restrictions, "GET /sapi/v1/account/apiRestrictions", "", (), 1)
    add(accounts.fees, "GET /sapi/v1/asset/tradeFee", "", ("symbol",), 1)
    add(accounts.assets, "POST /sapi/v3/asset/getUserAsset", "", ("asset", "needBtcValuation"), 5)
    add(accounts.transfer, "POST /sapi/v1/asset/transfer", "", ("type", "asset", "amount"), 900)
    add(accounts.nothing, "GET /sapi/v1/margin/allPairs", "", ("symbol",), 1)
    add(accounts.nothing, "GET /sapi/v1/margin/isolated/allPairs", "", ("symbol",), 10)
    return made


def _test_weight(parameters: Parameters) -> int:
    return 20 if parameters.get("computeCommissionRates") == "true" else 1


def _open_weight(parameters: Parameters) -> int:
    return 6 if "symbol" in parameters else 80


def _trades_weight(parameters: Parameters) -> int:
    return 5 if "orderId" in parameters else 20
