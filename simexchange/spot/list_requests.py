"""Order lists by request parameters: OCO (new and old form), OTO, OTOCO."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simexchange import errors
from simexchange.errors import ExchangeError
from simexchange.spot import shapes
from simexchange.spot.drafts import ORDER_NAMES, Fields, prefixed, read_order
from simexchange.spot.engine import rejected
from simexchange.spot.trade import Parameters, Trade
from simexchange.trading.orders import BUY, LOSSES, SELL, STOPS, Order, OrderList

_LIMITS: Final = ("LIMIT", "LIMIT_MAKER")
_PAIRED: Final = ("LIMIT_MAKER", *STOPS)
_SHARED: Final = {"side": "side", "quantity": "quantity"}
_MOST: Final = 1_000
_USUAL: Final = 500


class ListRequests:
    """Places, finds and cancels order lists."""

    def __init__(self, trade: Trade) -> None:
        self._trade = trade
        self._engine = trade.engine

    def oco(self, parameters: Parameters) -> Any:
        """An OCO of an order above the price and one below it."""
        legs = [prefixed(parameters, side, _SHARED) for side in ("above", "below")]
        return self._pair(parameters, legs)

    def old_oco(self, parameters: Parameters) -> Any:
        """An OCO as it was asked for before: a limit maker, and a stop loss with or without a limit."""
        side = Fields(parameters).need("side")
        if side not in (BUY, SELL):
            raise ExchangeError(-1117, "Invalid side.")
        sent = dict(parameters)
        if "stopLimitPrice" in sent:
            if "stopLimitTimeInForce" not in sent:
                raise errors.missing_parameter("stopLimitTimeInForce")
            stop_kind = "STOP_LOSS_LIMIT"
        else:
            stop_kind = "STOP_LOSS"
        sent |= {"limitType": "LIMIT_MAKER", "stopType": stop_kind}
        limit = prefixed(sent, "limit", {**_SHARED, "price": "price"})
        stop = prefixed(
            sent,
            "stop",
            {
                **_SHARED,
                "price": "stopLimitPrice",
                "stopPrice": "stopPrice",
                "trailingDelta": "trailingDelta",
                "timeInForce": "stopLimitTimeInForce",
            },
        )
        return self._pair(parameters, [limit, stop] if side == SELL else [stop, limit])

    def oto(self, parameters: Parameters) -> Any:
        """A working order, and one that opens when it is filled."""
        return self._triggered(parameters, ["pending"], "OTO")

    def otoco(self, parameters: Parameters) -> Any:
        """A working order, and an OCO that opens when it is filled."""
        return self._triggered(parameters, ["pendingAbove", "pendingBelow"], "OTO")

    def query(self, parameters: Parameters) -> Any:
        """One order list. Raises -2018."""
        self._engine.advance()
        group = self._find(parameters, "orderListId", "origClientOrderId")
        if group is None:
            raise ExchangeError(-2018, "Order list does not exist.")
        return shapes.order_list(group, self._engine.symbol(group.row))

    def cancel(self, parameters: Parameters) -> Any:
        """Cancel a list. Raises -2011."""
        self._engine.advance()
        row = self._trade.row(parameters)
        cancel_id = Fields(parameters).client_id("newClientOrderId") or self._trade.ids.name()
        group = self._find(parameters, "orderListId", "listClientOrderId")
        if group is None or not group.open or group.row != row:
            raise ExchangeError(-2011, "Unknown order sent.")
        return self._trade.cancel_group(group, cancel_id)

    def open(self, parameters: Parameters) -> Any:
        """Order lists that are open."""
        self._engine.advance()
        return [shapes.order_list(one, self._engine.symbol(one.row)) for one in self._engine.store.open_lists()]

    def all(self, parameters: Parameters) -> Any:
        """All order lists, by number or time."""
        self._engine.advance()
        fields = Fields(parameters)
        first, limit = fields.long("fromId"), min(fields.long("limit") or _USUAL, _MOST)
        start, end = fields.long("startTime"), fields.long("endTime")
        found = [
            one
            for one in self._engine.store.lists.values()
            if (first is None or one.id >= first)
            and (start is None or one.time_ms >= start)
            and (end is None or one.time_ms <= end)
        ]
        newest = first is None and start is None
        kept = found[-limit:] if newest else found[:limit]
        return [shapes.order_list(one, self._engine.symbol(one.row)) for one in kept]

    def _pair(self, parameters: Parameters, legs: list[Fields]) -> Any:
        self._trade.limit.spend(2)
        self._engine.advance()
        row = self._trade.row(parameters)
        orders = [self._read(fields, row) for fields in legs]
        self._check_pair(orders)
        self._check_names(orders)
        for number, order in enumerate(orders):
            self._trade.check(order, more=number)
        self._trade.lists.check_pair(orders)
        group = self._group(parameters, row, "OCO", orders)
        return self._place(group, orders, parameters)

    def _triggered(self, parameters: Parameters, prefixes: list[str], contingency: str) -> Any:
        self._trade.limit.spend(1 + len(prefixes))
        self._engine.advance()
        row = self._trade.row(parameters)
        working = self._read(prefixed(parameters, "working", {}), row)
        if working.kind not in _LIMITS:
            raise ExchangeError(-1014, "Unsupported order combination.")
        shared = {"side": "pendingSide", "quantity": "pendingQuantity"} if len(prefixes) == 2 else {}
        pending = [self._read(prefixed(parameters, prefix, shared), row) for prefix in prefixes]
        if len(pending) == 2:
            self._check_pair(pending)
        self._check_names([working, *pending])
        self._trade.check(working)
        for number, order in enumerate(pending, 1):
            self._trade.check_filters(order, more=number)
            self._trade.check_name(order)
        group = self._group(parameters, row, contingency, [working, *pending])
        group.pending = pending
        return self._place(group, [working], parameters)

    def _read(self, fields: Fields, row: int) -> Order:
        return read_order(fields, row, self._trade.ids, self._engine.now_ms)

    def _check_pair(self, orders: list[Order]) -> None:
        """Raises -1158 and its kin for types that do not make an OCO."""
        above, below = orders
        if any(order.kind not in _PAIRED for order in orders):
            raise ExchangeError(-1158, "Order type not supported in OCO.")
        if all(order.kind == "LIMIT_MAKER" for order in orders):
            raise ExchangeError(-1168, "At least one OCO order must be contingent.")
        buys = above.side == BUY
        if buys and above.kind == "LIMIT_MAKER":
            raise ExchangeError(-1165, "A limit order in a buy OCO must be below.")
        if not buys and below.kind == "LIMIT_MAKER":
            raise ExchangeError(-1166, "A limit order in a sell OCO must be above.")
        if buys and below.kind in LOSSES:
            raise ExchangeError(-1196, "A stop loss order in a buy OCO must be above.")
        if not buys and above.kind in LOSSES:
            raise ExchangeError(-1197, "A stop loss order in a sell OCO must be below.")
        if buys and above.kind not in LOSSES:
            raise ExchangeError(-1198, "A take profit order in a buy OCO must be below.")
        if not buys and below.kind not in LOSSES:
            raise ExchangeError(-1199, "A take profit order in a sell OCO must be above.")

    def _check_names(self, orders: list[Order]) -> None:
        if len({order.client_id for order in orders}) != len(orders):
            raise rejected("Duplicate order sent.")

    def _group(self, parameters: Parameters, row: int, contingency: str, orders: list[Order]) -> OrderList:
        client_id = Fields(parameters).client_id("listClientOrderId") or self._trade.ids.name()
        if self._engine.store.list_taken(client_id):
            raise rejected("Duplicate order sent.")
        self._trade.filters(row).check_lists(self._engine.store.counts(row))
        return OrderList(0, row, client_id, contingency, self._engine.now_ms, orders)

    def _place(self, group: OrderList, working: list[Order], parameters: Mapping[str, str]) -> Any:
        response = parameters.get("newOrderRespType") or "RESULT"
        if response not in ("ACK", "RESULT", "FULL"):
            raise errors.bad_value("newOrderRespType")
        self._trade.lists.place(group, working)
        symbol = self._engine.symbol(group.row)
        answer = shapes.order_list(group, symbol)
        if response == "ACK":
            return answer
        shape = shapes.full if response == "FULL" else shapes.result
        return answer | {"orderReports": [shape(order, symbol) for order in group.orders]}

    def _find(self, parameters: Parameters, number: str, name: str) -> OrderList | None:
        fields = Fields(parameters)
        list_id, client_id = fields.long(number), fields.get(name)
        if list_id is None and client_id is None:
            raise ExchangeError(-1102, f"Param '{name}' or '{number}' must be sent, but both were empty/null!")
        return self._engine.store.find_list(list_id, client_id)


def names(prefixes: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The parameters that an order list's endpoint reads for its orders."""
    found: dict[str, None] = {}
    for prefix, shared in prefixes.items():
        fields = prefixed({}, prefix, shared)
        found |= dict.fromkeys(label for name in ORDER_NAMES if (label := fields.label(name)))
    return list(found)
