"""Orders over REST: the signed endpoints that place, change, cancel and list them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from simexchange import errors
from simexchange.errors import ExchangeError
from simexchange.futures.checks import ALGO_NAMES, ORDER_NAMES, Checks
from simexchange.futures.contracts import Contract
from simexchange.futures.course import Course
from simexchange.futures.endpoints import SIGNED, Count, Endpoint
from simexchange.futures.engine import Engine
from simexchange.futures.errors import refused
from simexchange.futures.market import MarketData
from simexchange.futures.orders import AlgoOrder, Order, Trade
from simexchange.futures.parameters import Parameters

Item = TypeVar("Item", Order, AlgoOrder, Trade)

_MOST_BATCHED: Final = 5
_MOST_CANCELLED: Final = 10
WEEK_MS: Final = 7 * 86_400_000
_DONE: Final = {"code": 200, "msg": "The operation of cancel all open order is done."}
_ID_NAMES: Final = ("symbol", "orderId", "origClientOrderId")
_PAGE_NAMES: Final = ("symbol", "startTime", "endTime", "limit")
_MODIFY_NAMES: Final = (*_ID_NAMES, "side", "quantity", "price", "priceMatch")


def by_symbol(one: int, every: int) -> Callable[[Parameters], int]:
    """A weight that is more without a symbol."""
    return lambda parameters: one if "symbol" in parameters else every


def window(parameters: Parameters, now_ms: int) -> tuple[int, int]:
    """The week or less that a list is asked of, ms; the last one without times. Raises -4165 for more."""
    start, end = parameters.times()
    if start is None and end is None:
        return now_ms - WEEK_MS, now_ms
    if start is None:
        return (end or 0) - WEEK_MS, end or 0
    end = start + WEEK_MS if end is None else end
    if end - start > WEEK_MS:
        raise refused(-4165)
    return start, end


class Trading:
    """Handlers over an engine; `now_ms` is exchange time."""

    def __init__(self, data: MarketData, engine: Engine, course: Course, now_ms: Callable[[], int]) -> None:
        self._data = data
        self._engine = engine
        self._course = course
        self._now_ms = now_ms
        self._checks = Checks(data, engine)

    def endpoints(self) -> Sequence[Endpoint]:
        """All of them."""

        def signed(method: str, path: str, handler: Any, weight: Count, *names: str, orders: Count = 0) -> Endpoint:
            return Endpoint(method, f"/fapi/v1/{path}", handler, weight, names, SIGNED, orders)

        return [
            signed("POST", "order", self.new, 0, *ORDER_NAMES, orders=1),
            signed("POST", "order/test", self.test, 0, *ORDER_NAMES),
            signed("GET", "order", self.get, 1, *_ID_NAMES),
            signed("PUT", "order", self.modify, 1, *_MODIFY_NAMES, orders=1),
            signed("DELETE", "order", self.cancel, 1, *_ID_NAMES),
            signed("POST", "batchOrders", self.batch(self.new, ORDER_NAMES), 5, "batchOrders", orders=_batched),
            signed("PUT", "batchOrders", self.batch(self.modify, _MODIFY_NAMES), 5, "batchOrders", orders=_batched),
            signed(
                "DELETE",
                "batchOrders",
                self.cancel_batch,
                1,
                "symbol",
                "orderIdList",
                "origClientOrderIdList",
                "orderidlist",
                "origclientorderidlist",
            ),
            signed("GET", "openOrder", self.get_open, 1, *_ID_NAMES),
            signed("GET", "openOrders", self.open_orders, by_symbol(1, 40), "symbol"),
            signed("DELETE", "allOpenOrders", self.cancel_all, 1, "symbol"),
            signed("GET", "allOrders", self.all_orders, 5, *_PAGE_NAMES, "orderId"),
            signed("POST", "countdownCancelAll", self.count_down, 10, "symbol", "countdownTime"),
            signed("GET", "userTrades", self.trades, 5, *_PAGE_NAMES, "orderId", "fromId"),
            signed("POST", "algoOrder", self.new_algo, 0, *ALGO_NAMES, orders=1),
            signed("GET", "algoOrder", self.get_algo, 1, "symbol", "algoId", "clientAlgoId"),
            signed("DELETE", "algoOrder", self.cancel_algo, 1, "symbol", "algoId", "clientAlgoId"),
            signed("GET", "openAlgoOrders", self.open_algos, by_symbol(1, 40), "symbol", "algoType", "algoId"),
            signed("GET", "allAlgoOrders", self.all_algos, 5, *_PAGE_NAMES, "algoId", "page"),
            signed("DELETE", "algoOpenOrders", self.cancel_algos, 1, "symbol"),
        ]

    def new(self, parameters: Parameters) -> Any:
        """Place an order."""
        order = self._checks.order(parameters)
        acknowledged = self._engine.place(order, self._now_ms())
        return order.answer(placed=True) if parameters.text("newOrderRespType") == "RESULT" else acknowledged

    def test(self, parameters: Parameters) -> Any:
        """Check an order without placing it."""
        order = self._checks.order(parameters)
        self._engine.check(order)
        order.updated_ms = self._now_ms()
        return order.answer(placed=True)

    def modify(self, parameters: Parameters) -> Any:
        """Change an open limit order."""
        order = self._find(parameters, -2013)
        if not order.open:
            raise refused(-2013)
        ticks, lots = self._checks.amended(order, parameters)
        self._engine.modify(order, ticks, lots, self._now_ms())
        return order.answer(placed=True)

    def cancel(self, parameters: Parameters) -> Any:
        """Cancel an open order."""
        order = self._find(parameters, -2011)
        if not order.open:
            raise refused(-2011)
        self._engine.end(order, "CANCELED", self._now_ms())
        return order.answer(placed=True)

    def get(self, parameters: Parameters) -> Any:
        """One order."""
        return self._find(parameters, -2013).answer()

    def get_open(self, parameters: Parameters) -> Any:
        """One open order."""
        order = self._find(parameters, -2013)
        if not order.open:
            raise refused(-2013)
        return order.answer()

    def open_orders(self, parameters: Parameters) -> Any:
        """Open orders."""
        return [order.answer() for order in sorted(self._listed(parameters), key=_by_id)]

    def cancel_all(self, parameters: Parameters) -> Any:
        """Cancel all open orders of a symbol."""
        for order in list(self._engine.open_of(self._data.contract(parameters))):
            self._engine.end(order, "CANCELED", self._now_ms())
        return _DONE

    def all_orders(self, parameters: Parameters) -> Any:
        """Orders of a symbol, oldest first."""
        contract = self._data.contract(parameters)
        return [order.answer() for order in self._page(parameters, contract, self._engine.orders.values(), "orderId")]

    def count_down(self, parameters: Parameters) -> Any:
        """Cancel all open orders of a symbol unless this is asked again in time; 0 switches it off."""
        contract = self._data.contract(parameters)
        wait = parameters.whole("countdownTime")
        if wait is None:
            raise errors.missing_parameter("countdownTime")
        self._course.count_down(contract, self._now_ms() + wait if wait else 0)
        return {"symbol": contract.symbol, "countdownTime": str(wait)}

    def trades(self, parameters: Parameters) -> Any:
        """The account's trades of a symbol, oldest first."""
        contract = self._data.contract(parameters)
        if "fromId" in parameters and ("startTime" in parameters or "endTime" in parameters):
            raise errors.bad_combination()
        number = parameters.whole("orderId")
        trades = (one for one in self._engine.trades if number is None or one.order.id == number)
        return [trade.answer() for trade in self._page(parameters, contract, trades, "fromId")]

    def batch(
        self, handler: Callable[[Parameters], Any], names: Sequence[str]
    ) -> Callable[[Parameters], list[dict[str, Any]]]:
        """Several requests at once: each has its own answer or error."""

        def handle(parameters: Parameters) -> list[dict[str, Any]]:
            entries = _entries(parameters, "batchOrders")
            if not 1 <= len(entries) <= _MOST_BATCHED or not all(isinstance(entry, dict) for entry in entries):
                raise refused(-4082)
            answers = []
            for entry in entries:
                try:
                    unknown = [name for name in entry if name not in names]
                    if unknown:
                        raise errors.unread_parameters(len(entry) - len(unknown), len(entry))
                    answers.append(handler(Parameters(_texts(entry))))
                except ExchangeError as error:
                    answers.append({"code": error.code, "msg": error.message})
            return answers

        return handle

    def cancel_batch(self, parameters: Parameters) -> Any:
        """Cancel several orders of a symbol."""
        symbol = self._data.contract(parameters).symbol
        wanted: list[tuple[str, Any]] = []
        for list_name, name in (("orderIdList", "orderId"), ("origClientOrderIdList", "origClientOrderId")):
            found = list_name if list_name in parameters else list_name.lower()
            if found in parameters:
                wanted.extend((name, value) for value in _entries(parameters, found))
        if not 1 <= len(wanted) <= _MOST_CANCELLED:
            raise refused(-4082)
        answers = []
        for name, value in wanted:
            try:
                answers.append(self.cancel(Parameters({"symbol": symbol, name: str(value)})))
            except ExchangeError as error:
                answers.append({"code": error.code, "msg": error.message})
        return answers

    def new_algo(self, parameters: Parameters) -> Any:
        """Place a conditional order."""
        algo = self._checks.algo(parameters)
        self._engine.wait(algo, self._now_ms())
        return algo.answer()

    def get_algo(self, parameters: Parameters) -> Any:
        """One conditional order."""
        return self._find_algo(parameters, -2013).answer()

    def cancel_algo(self, parameters: Parameters) -> Any:
        """Cancel a conditional order that waits."""
        algo = self._find_algo(parameters, -2011)
        if not algo.open:
            raise refused(-2011)
        self._engine.end_algo(algo, "CANCELED", self._now_ms())
        return {"algoId": algo.id, "clientAlgoId": algo.client_id, "code": "200", "msg": "success"}

    def open_algos(self, parameters: Parameters) -> Any:
        """Conditional orders that wait."""
        number = parameters.whole("algoId")
        if "symbol" in parameters:
            waiting: Iterable[AlgoOrder] = self._engine.waiting_of(self._data.contract(parameters))
        else:
            waiting = self._engine.all_waiting()
        return [one.answer() for one in sorted(waiting, key=_by_id) if number in (None, one.id)]

    def all_algos(self, parameters: Parameters) -> Any:
        """Conditional orders of a symbol, oldest first."""
        contract = self._data.contract(parameters)
        return [algo.answer() for algo in self._page(parameters, contract, self._engine.algos.values(), "algoId")]

    def cancel_algos(self, parameters: Parameters) -> Any:
        """Cancel all conditional orders of a symbol."""
        for algo in list(self._engine.waiting_of(self._data.contract(parameters))):
            self._engine.end_algo(algo, "CANCELED", self._now_ms())
        return _DONE

    def _listed(self, parameters: Parameters) -> Iterable[Order]:
        if "symbol" in parameters:
            return self._engine.open_of(self._data.contract(parameters))
        return self._engine.all_open()

    def _find(self, parameters: Parameters, code: int) -> Order:
        contract = self._data.contract(parameters)
        number, name = parameters.whole("orderId"), parameters.text("origClientOrderId")
        if number is not None:
            order = self._engine.orders.get(number)
        elif name is not None:
            order = next((one for one in reversed(self._engine.orders.values()) if one.client_id == name), None)
        else:
            raise _neither("origClientOrderId", "orderId")
        if order is None or order.contract is not contract:
            raise refused(code)
        return order

    def _find_algo(self, parameters: Parameters, code: int) -> AlgoOrder:
        number, name = parameters.whole("algoId"), parameters.text("clientAlgoId")
        if number is not None:
            algo = self._engine.algos.get(number)
        elif name is not None:
            algo = next((one for one in reversed(self._engine.algos.values()) if one.client_id == name), None)
        else:
            raise _neither("algoId", "clientAlgoId")
        if algo is None:
            raise refused(code)
        return algo

    def _page(self, parameters: Parameters, contract: Contract, items: Iterable[Item], from_name: str) -> list[Item]:
        """The newest items of a window, or the first from a number on."""
        limit, first = parameters.limit(500, 1_000), parameters.whole(from_name)
        if from_name == "fromId" or first is None:
            begin, end = window(parameters, self._now_ms())
        else:
            begin, end = 0, self._now_ms()
        found = [
            item
            for item in items
            if (item.order.contract if isinstance(item, Trade) else item.contract) is contract
            and (first is not None or begin <= item.time_ms <= end)
            and (first is None or item.id >= first)
        ]
        return found[:limit] if first is not None else found[-limit:]


def _by_id(item: Order | AlgoOrder) -> int:
    return item.id


def _neither(one: str, other: str) -> ExchangeError:
    return ExchangeError(-1102, f"Param '{one}' or '{other}' must be sent, but both were empty/null!")


def _entries(parameters: Parameters, name: str) -> list[Any]:
    try:
        entries: Any = json.loads(parameters.need(name))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ExchangeError(-1135, f"JSON sent for parameter '{name}' is not valid") from error
    if not isinstance(entries, list):
        raise ExchangeError(-1135, f"JSON sent for parameter '{name}' is not valid")
    return entries


def _batched(parameters: Parameters) -> int:
    """How many orders a batch is."""
    return max(1, len(_entries(parameters, "batchOrders")))


def _texts(entry: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(name): str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in entry.items()
        if value is not None
    }
