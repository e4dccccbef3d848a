"""What clients may ask of spot trading, from parameters to answers; REST and the WebSocket API both call it.

1. Every request first lets the market catch up (`Engine.advance`).
2. `_read` turns parameters into an order; `_check` holds it against filters, client order ids, book and balances.
3. Only then is it given a number, opened, and answered.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from simexchange import errors
from simexchange.errors import ExchangeError
from simexchange.live import LiveMarket
from simexchange.schedule import TRADING
from simexchange.spot import shapes
from simexchange.spot.drafts import Fields, read_order
from simexchange.spot.engine import COMMISSION, Engine, rejected
from simexchange.spot.events import text
from simexchange.spot.lists import Lists
from simexchange.symbols import symbol_info
from simexchange.trading.filters import Counts, Draft, Filters
from simexchange.trading.ids import Ids
from simexchange.trading.ledger import ZERO
from simexchange.trading.order_limit import OrderLimit
from simexchange.trading.orders import Order, OrderList

Parameters = dict[str, str]

_RESPONSES: Final = ("ACK", "RESULT", "FULL")
_AVERAGE_MINUTES: Final = 5
_UNKNOWN: Final = "Unknown order sent."


class FailedReplace(ExchangeError):
    """-2021 or -2022: `data` says which of the two steps failed."""

    def __init__(self, code: int, message: str, status: int, data: dict[str, Any]) -> None:
        super().__init__(code, message, status)
        self.data = data


class Trade:
    """Orders of the account, by request parameters."""

    def __init__(self, engine: Engine, lists: Lists, live: LiveMarket, limit: OrderLimit) -> None:
        self.engine = engine
        self.lists = lists
        self.limit = limit
        self._live = live
        self._rows = {listing.symbol: row for row, listing in enumerate(live.listings)}
        self._filters: dict[int, Filters] = {}

    @property
    def ids(self) -> Ids:
        """Where numbers and names come from."""
        return self.engine.ids

    def place(self, parameters: Parameters) -> Any:
        """A new order."""
        self.limit.spend(1)
        self.engine.advance()
        order = self._read(parameters)
        response = _response(parameters, order)
        self.check(order)
        return self._open(order, response)

    def test(self, parameters: Parameters) -> Any:
        """A new order as far as it is checked before it reaches the book: neither balances nor prices speak against
        it.
        """
        self.engine.advance()
        order = self._read(parameters)
        _response(parameters, order)
        self.check_filters(order)
        if parameters.get("computeCommissionRates") != "true":
            return {}
        rates = {"maker": text(COMMISSION), "taker": text(COMMISSION)}
        none = {"maker": text(ZERO), "taker": text(ZERO)}
        return {
            "standardCommissionForOrder": rates,
            "specialCommissionForOrder": none,
            "taxCommissionForOrder": none,
            "discount": {
                "enabledForAccount": False,
                "enabledForSymbol": False,
                "discountAsset": "BNB",
                "discount": text(ZERO),
            },
        }

    def query(self, parameters: Parameters) -> Any:
        """One order. Raises -2013."""
        self.engine.advance()
        row = self.row(parameters)
        order = self._find(row, parameters, "orderId", "origClientOrderId")
        if order is None:
            raise ExchangeError(-2013, "Order does not exist.")
        return shapes.queried(order, self.engine.symbol(row))

    def cancel(self, parameters: Parameters) -> Any:
        """Cancel an order, and with it its list. Raises -2011."""
        self.engine.advance()
        row = self.row(parameters)
        return self._cancel(row, parameters, "orderId", "origClientOrderId", "newClientOrderId")

    def cancel_all(self, parameters: Parameters) -> Any:
        """Cancel all orders of a symbol. Raises -2011 where there are none."""
        self.engine.advance()
        row = self.row(parameters)
        orders = self.engine.store.open_orders(row)
        if not orders:
            raise ExchangeError(-2011, _UNKNOWN)
        answers: list[Any] = []
        for order in orders:
            if not order.open:
                continue
            cancel_id = self.ids.name()
            if order.group is not None:
                answers.append(self.cancel_group(order.group, cancel_id))
            else:
                self.engine.cancel(order, cancel_id)
                answers.append(shapes.cancelled(order, self.engine.symbol(row), cancel_id))
        self.engine.flush()
        return answers

    def cancel_replace(self, parameters: Parameters) -> Any:
        """Cancel one order and place another. Raises FailedReplace."""
        self.limit.spend(1)
        self.engine.advance()
        mode = Fields(parameters).need("cancelReplaceMode")
        if mode not in ("STOP_ON_FAILURE", "ALLOW_FAILURE"):
            raise errors.bad_value("cancelReplaceMode")
        order = self._read(parameters)
        response = _response(parameters, order)
        # Filters speak first: neither step is tried where one fails.
        self.filters(order.row).check(self._draft(order), self.engine.store.counts(order.row))
        cancelled, cancel_error = None, None
        try:
            cancelled = self._cancel(
                order.row, parameters, "cancelOrderId", "cancelOrigClientOrderId", "cancelNewClientOrderId"
            )
        except ExchangeError as error:
            if error.code != -2011:
                raise
            cancel_error = {"code": error.code, "msg": error.message}
        if cancel_error is not None and mode == "STOP_ON_FAILURE":
            raise _failed_replace(cancel_error, None)
        try:
            self.check(order)
            opened = self._open(order, response)
        except ExchangeError as error:
            raise _failed_replace(cancel_error or cancelled, {"code": error.code, "msg": error.message}) from error
        if cancel_error is not None:
            raise _failed_replace(cancel_error, opened)
        return {
            "cancelResult": "SUCCESS",
            "newOrderResult": "SUCCESS",
            "cancelResponse": cancelled,
            "newOrderResponse": opened,
        }

    def amend(self, parameters: Parameters) -> Any:
        """Lower an order's quantity. Raises -2013, -2038."""
        self.engine.advance()
        row = self.row(parameters)
        fields = Fields(parameters)
        order = self._find(row, parameters, "orderId", "origClientOrderId")
        if order is None or not order.open:
            raise ExchangeError(-2013, "Order does not exist.")
        fields.need("newQty")
        quantity = fields.decimal("newQty") or ZERO
        self.filters(row).check_amendment(quantity, order.amends)
        if quantity == order.quantity:
            raise ExchangeError(-2038, "The requested action would change no state; rejecting.")
        if quantity > order.quantity or quantity <= order.executed:
            raise ExchangeError(-2038, "Order amend (quantity increase) is not supported.")
        number = self.engine.amend(order, quantity)
        symbol = self.engine.symbol(row)
        return {
            "transactTime": order.updated_ms,
            "executionId": number,
            "amendedOrder": shapes.amended(order, symbol),
        }

    def open_orders(self, parameters: Parameters) -> Any:
        """Open orders of a symbol or of all."""
        self.engine.advance()
        row = self.row(parameters) if "symbol" in parameters else None
        return [shapes.queried(one, self.engine.symbol(one.row)) for one in self.engine.store.open_orders(row)]

    def cancel_group(self, group: OrderList, cancel_id: str) -> dict[str, Any]:
        """Cancel a list; gives the answer."""
        was_open = [order for order in group.orders if order.open]
        self.lists.cancel(group, cancel_id)
        symbol = self.engine.symbol(group.row)
        reports = [shapes.cancelled(order, symbol, cancel_id) for order in was_open]
        return shapes.order_list(group, symbol) | {"orderReports": reports}

    def row(self, parameters: Parameters) -> int:
        """The row of parameter `symbol`. Raises -1102, -1100, -1121."""
        symbol = Fields(parameters).need("symbol")
        if symbol not in self._rows:
            legal = "^[A-Z0-9-_.]{1,20}$"
            if not wire_symbol(symbol):
                raise errors.illegal_characters("symbol", legal)
            raise errors.invalid_symbol()
        return self._rows[symbol]

    def filters(self, row: int) -> Filters:
        """The filters of a symbol."""
        if row not in self._filters:
            self._filters[row] = Filters(symbol_info(self._live.listings[row])["filters"])
        return self._filters[row]

    def check(self, order: Order, more: int = 0) -> None:
        """Raises ExchangeError where filters, an open order's name, the book or the balances speak against it.

        `more` are orders of the same list that come before it.
        """
        self.check_filters(order, more)
        self.check_name(order)
        self.engine.check(order)

    def check_name(self, order: Order) -> None:
        """Raises -2010 where an open order of the symbol has the same client order id."""
        if self.engine.store.taken(order.row, order.client_id):
            raise rejected("Duplicate order sent.")

    def check_filters(self, order: Order, more: int = 0) -> None:
        """Raises ExchangeError where the symbol's status or its filters speak against an order."""
        status = self._live.status(order.row, self.engine.now())
        if status is None:
            raise errors.invalid_symbol()
        if status != TRADING:
            raise rejected("Market is closed.")
        counts = self.engine.store.counts(order.row)
        if more:
            counts = Counts(counts.orders + more, counts.algos, counts.icebergs, counts.lists, counts.everywhere + more)
        self.filters(order.row).check(self._draft(order), counts)

    def _draft(self, order: Order) -> Draft:
        return Draft(
            side=order.side,
            kind=order.kind,
            quantity=order.quantity,
            price=order.price,
            stop=order.stop,
            iceberg=order.iceberg,
            trailing=order.trailing,
            quote_quantity=order.quote_quantity,
            average=self.average(order.row),
        )

    def average(self, row: int) -> Decimal:
        """The average price of the last five minutes, the last price where nothing was traded."""
        quote, lots = self.engine.walker.average(row, self.engine.now(), _AVERAGE_MINUTES)
        return self.engine.price(row, 1) * quote / lots if lots else self.engine.last(row)

    def _read(self, parameters: Parameters) -> Order:
        row = self.row(parameters)
        return read_order(Fields(parameters), row, self.ids, self.engine.now_ms)

    def _open(self, order: Order, response: str) -> dict[str, Any]:
        order.id = self.ids.next("order")
        self.engine.place(order)
        symbol = self.engine.symbol(order.row)
        if response == "ACK":
            return shapes.acknowledgement(order, symbol)
        return shapes.full(order, symbol) if response == "FULL" else shapes.result(order, symbol)

    def _find(self, row: int, parameters: Parameters, number: str, name: str) -> Order | None:
        fields = Fields(parameters)
        order_id, client_id = fields.long(number), fields.get(name)
        if order_id is None and client_id is None:
            raise ExchangeError(-1102, f"Param '{name}' or '{number}' must be sent, but both were empty/null!")
        return self.engine.store.find(row, order_id, client_id)

    def _cancel(self, row: int, parameters: Parameters, number: str, name: str, new: str) -> dict[str, Any]:
        fields = Fields(parameters)
        restriction = fields.get("cancelRestrictions")
        if restriction not in (None, "ONLY_NEW", "ONLY_PARTIALLY_FILLED"):
            raise ExchangeError(-1145, "Invalid cancelRestrictions")
        cancel_id = fields.client_id(new) or self.ids.name()
        order = self._find(row, parameters, number, name)
        if order is None or not order.open:
            raise ExchangeError(-2011, _UNKNOWN)
        if restriction is not None and order.status != restriction.removeprefix("ONLY_"):
            raise ExchangeError(-2011, "Order was not canceled due to cancel restrictions.")
        if order.group is not None:
            return self.cancel_group(order.group, cancel_id)
        self.engine.cancel(order, cancel_id)
        self.engine.flush()
        return shapes.cancelled(order, self.engine.symbol(row), cancel_id)


def wire_symbol(symbol: str) -> bool:
    """Whether a text may be a symbol's name."""
    return len(symbol) <= 20 and all(one in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_." for one in symbol)


def _response(parameters: Parameters, order: Order) -> str:
    usual = "FULL" if order.kind in ("MARKET", "LIMIT") else "ACK"
    response = Fields(parameters).get("newOrderRespType") or usual
    if response not in _RESPONSES:
        raise errors.bad_value("newOrderRespType")
    return response


def _failed_replace(cancel: Any, new: Any) -> FailedReplace:
    """`cancel` and `new` are answers, or errors (with a code); `new` None where it was not tried."""
    results = ["FAILURE" if "code" in step else "SUCCESS" for step in (cancel, new) if step is not None]
    data = {
        "cancelResult": results[0],
        "newOrderResult": "NOT_ATTEMPTED" if new is None else results[1],
        "cancelResponse": cancel,
        "newOrderResponse": new,
    }
    if "SUCCESS" in results:
        return FailedReplace(-2021, "Order cancel-replace partially failed.", 409, data)
    return FailedReplace(-2022, "Order cancel-replace failed.", 400, data)
