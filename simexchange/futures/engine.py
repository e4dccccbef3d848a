"""What happens to orders: accepted, filled, cancelled, triggered.

1. `place` refuses what the account cannot carry, takes what the book offers (`take`), and lets the rest wait or expire.
2. `fill` is the one place where an order trades: position, wallet, trade, events.
3. A conditional order waits in `waiting`; `trigger` turns it into an order. Time passes in `course`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import ROUND_CEILING
from typing import Any, Final, Protocol

from simexchange.book import Book
from simexchange.errors import ExchangeError
from simexchange.futures import events
from simexchange.futures.account import FuturesAccount
from simexchange.futures.contracts import MAKER_FEE, MOST_ALGO_ORDERS, MOST_ORDERS, PRICE_BAND, TAKER_FEE, Contract
from simexchange.futures.errors import refused
from simexchange.futures.orders import KNOCKED_OUT, NO_REASON, UNFILLED, AlgoOrder, Order, Trade
from simexchange.futures.positions import BUY, ZERO, Position, rounded
from simexchange.trading.ids import Ids
from simexchange.trading.ledger import Wallet
from simexchange.trading.matching import take

_LEVELS: Final = 1_000
_MOST_AMENDMENTS: Final = 10_000
_KEPT: Final = 100_000


class Prices(Protocol):
    """What the engine asks of a market; moments are UTC seconds."""

    def last(self, row: int, now: int) -> int:
        """Last price in ticks, 0 where there is none."""

    def depth(self, row: int, now: int, levels: int) -> Book:
        """The order book."""


class Engine:
    """Orders of the account. `moment` is the second whose book and prices count; `emit` sends user data."""

    def __init__(self, prices: Prices, wallet: Wallet, ids: Ids, emit: Callable[[dict[str, Any]], None]) -> None:
        self.account = FuturesAccount(wallet, self.mark, self.open_of)
        self.orders: dict[int, Order] = {}
        self.algos: dict[int, AlgoOrder] = {}
        self.trades: list[Trade] = []
        self.ids = ids
        self.moment = 0
        self.revision = 0
        self._emit = emit
        self._prices = prices
        self._open: dict[str, dict[int, Order]] = {}
        self._waiting: dict[str, dict[int, AlgoOrder]] = {}
        self._marks: dict[str, int] = {}
        self._passing: dict[str, int] = {}

    def emit(self, event: dict[str, Any]) -> None:
        """Send a user data event; `revision` counts them, and so what changed in orders and positions."""
        self.revision += 1
        self._emit(event)

    def passing(self, contract: Contract, ticks: int | None) -> None:
        """Say at which price within its second a contract is; None for at the last one."""
        self._passing.pop(contract.symbol, None)
        if ticks is not None:
            self._passing[contract.symbol] = ticks

    def mark(self, contract: Contract) -> int:
        """The mark price in ticks; the one last seen where the symbol has stopped trading."""
        if contract.symbol in self._passing:
            return self._passing[contract.symbol]
        found = self._prices.last(contract.row, self.moment) or self._marks.get(contract.symbol, 1)
        self._marks[contract.symbol] = found
        return found

    def open_of(self, contract: Contract) -> Iterable[Order]:
        """Open orders of a contract."""
        return self._open.get(contract.symbol, {}).values()

    def waiting_of(self, contract: Contract) -> Iterable[AlgoOrder]:
        """Conditional orders of a contract that wait."""
        return self._waiting.get(contract.symbol, {}).values()

    def all_open(self) -> Iterator[Order]:
        """Open orders of all contracts."""
        return (order for orders in self._open.values() for order in orders.values())

    def all_waiting(self) -> Iterator[AlgoOrder]:
        """Conditional orders of all contracts that wait."""
        return (algo for algos in self._waiting.values() for algo in algos.values())

    def depth(self, contract: Contract, levels: int) -> Book:
        """The book now, moved to the price that the contract is passing."""
        book = self._prices.depth(contract.row, self.moment, levels)
        shift = self.mark(contract) - self._prices.last(contract.row, self.moment)
        if not shift or contract.symbol not in self._passing:
            return book
        return Book(*([(max(1, ticks + shift), lots) for ticks, lots in side] for side in (book.bids, book.asks)))

    def check(self, order: Order) -> list[tuple[int, int]]:
        """What an order would trade at once, (ticks, lots). Raises ExchangeError where it cannot be placed."""
        contract, account, open_orders = order.contract, self.account, list(self.open_of(order.contract))
        if any(one.client_id == order.client_id for one in self.all_open()):
            raise refused(-4116)
        if order.kind == "LIMIT" and len(open_orders) >= MOST_ORDERS:
            raise refused(-2025)
        mark = self.mark(contract)
        if order.reduces:
            if not account.position(contract, order.position_side).closes(order.side):
                raise refused(-2022)
        else:
            least = contract.least_notional
            if contract.value((order.ticks or mark) * order.lots) < least:
                raise refused(-4164, least)
        if order.side == BUY:
            band = int(mark * (1 + PRICE_BAND))
        else:
            band = int((mark * (1 - PRICE_BAND)).to_integral_value(ROUND_CEILING))
        if order.ticks and order.side == BUY and order.ticks > band:
            raise refused(-4016)
        if order.ticks and order.side != BUY and order.ticks < band:
            raise refused(-4024)
        self.afford(order)
        return self._takes(order, order.ticks or band)

    def afford(self, order: Order) -> None:
        """Raises -2027 or -2019 where an order would make positions too large for their leverage or the margin."""
        if order.reduces:
            return
        contract, account = order.contract, self.account
        before, after = sum(account.initial(contract)), sum(account.initial(contract, order))
        if after <= before:
            return
        if account.exposure(contract, order) > contract.most_notional(account.settings(contract).leverage):
            raise refused(-2027)
        if after - before > account.available(contract.asset):
            raise refused(-2019)

    def _takes(self, order: Order, limit: int) -> list[tuple[int, int]]:
        book = self.depth(order.contract, _LEVELS)
        buys = order.side == BUY
        fills = take(book.asks if buys else book.bids, order.left, limit, buys=buys)
        if order.tif == "GTX" and fills:
            raise refused(-5022)
        if order.tif == "FOK" and sum(lots for _, lots in fills) < order.left:
            raise refused(-5021)
        return fills

    def place(self, order: Order, now_ms: int) -> dict[str, Any]:
        """Accept an order and carry it out; gives what REST acknowledges before it trades. Raises ExchangeError."""
        fills = self.check(order)
        order.id = self.ids.next("order")
        order.since = self.moment
        order.updated_ms = now_ms
        self._keep(self.orders, order.id, order)
        self._open.setdefault(order.contract.symbol, {})[order.id] = order
        self.tell(order, "NEW", now_ms)
        if order.algo is not None:
            order.algo.order, order.algo.status = order, "TRIGGERED"
            self.emit(events.algo_update(order.algo, now_ms))
        acknowledged = order.answer(placed=True)
        self._carry_out(order, fills, now_ms)
        return acknowledged

    def _carry_out(self, order: Order, fills: list[tuple[int, int]], now_ms: int) -> None:
        for ticks, lots in fills:
            if order.open:
                self.fill(order, ticks, lots, now_ms, maker=False)
        if order.open and (order.kind == "MARKET" or order.tif in ("IOC", "FOK")):
            self.end(order, "EXPIRED", now_ms, UNFILLED)

    def fill(self, order: Order, ticks: int, lots: int, now_ms: int, *, maker: bool) -> None:
        """Trade `lots` of an order at a price, as far as it may; one that may not is ended."""
        contract, account = order.contract, self.account
        position = account.position(contract, order.position_side)
        if order.reduces:
            lots = min(lots, abs(position.lots) if position.closes(order.side) else 0)
            if lots == 0:
                self.end(order, "EXPIRED", now_ms, KNOCKED_OUT)
                return
        profit = position.fill(order.signed * lots, ticks, account.settings(contract))
        position.updated_ms = now_ms
        fee = rounded(contract.value(ticks * lots) * (MAKER_FEE if maker else TAKER_FEE))
        trade = self.record(order, ticks, lots, profit, now_ms, maker=maker)
        trade.commission = fee
        if profit:
            account.earn(contract, "REALIZED_PNL", profit, now_ms, str(trade.id), str(trade.id))
        account.earn(contract, "COMMISSION", -fee, now_ms, str(trade.id), str(trade.id))
        self.emit(events.trade_lite(trade, now_ms))
        self.tell_account("ORDER", [position], now_ms)
        self.tell(order, "TRADE", now_ms, trade)
        self.settle(order, now_ms)
        if not position.lots:
            self.emptied(position, now_ms)

    def record(self, order: Order, ticks: int, lots: int, profit: Any, now_ms: int, *, maker: bool) -> Trade:
        """Write a fill down, in the order too."""
        order.executed += lots
        order.spent += ticks * lots
        order.updated_ms = now_ms
        order.status = "PARTIALLY_FILLED" if order.left else "FILLED"
        trade = Trade(self.ids.next("trade"), order, ticks, lots, profit, ZERO, maker, now_ms)
        order.trades.append(trade)
        self.trades.append(trade)
        del self.trades[:-_KEPT]
        return trade

    def end(self, order: Order, status: str, now_ms: int, reason: str = NO_REASON) -> None:
        """Cancel or expire an open order."""
        order.status, order.updated_ms = status, now_ms
        self._open.get(order.contract.symbol, {}).pop(order.id, None)
        self.tell(order, status, now_ms, reason=reason)
        self.settle(order, now_ms)

    def settle(self, order: Order, now_ms: int) -> None:
        """Take an order that is done off the open ones, and its conditional order with it."""
        if order.open:
            return
        self._open.get(order.contract.symbol, {}).pop(order.id, None)
        algo = order.algo
        if algo is not None and algo.status == "TRIGGERED":
            algo.status, algo.updated_ms = "FINISHED", now_ms
            self.emit(events.algo_update(algo, now_ms))

    def modify(self, order: Order, ticks: int, lots: int, now_ms: int) -> None:
        """Give an open limit order another price or quantity. Raises ExchangeError, and leaves it as it was."""
        if (ticks, lots) == (order.ticks, order.lots):
            raise refused(-5027)
        if order.amendments >= _MOST_AMENDMENTS:
            raise refused(-5026)
        if lots <= order.executed:
            self.end(order, "CANCELED", now_ms)
            return
        others = self._open[order.contract.symbol]
        # It must not stand in its own way; put back, it has lost its place in the queue.
        del others[order.id]
        try:
            fills = self.check(replace(order, ticks=ticks, lots=lots - order.executed, executed=0))
        finally:
            others[order.id] = order
        order.ticks, order.lots = ticks, lots
        order.amendments += 1
        order.since, order.updated_ms = self.moment, now_ms
        self.tell(order, "AMENDMENT", now_ms)
        self._carry_out(order, fills, now_ms)

    def wait(self, algo: AlgoOrder, now_ms: int) -> None:
        """Accept a conditional order. Raises ExchangeError."""
        contract = algo.contract
        waiting = list(self.waiting_of(contract))
        if any(one.client_id == algo.client_id for one in self.all_waiting()):
            raise refused(-4116)
        if len(waiting) >= MOST_ALGO_ORDERS:
            raise refused(-4045)
        last = self.mark(contract)
        if algo.close_position:
            stop = algo.kind.startswith("STOP")
            for one in waiting:
                if one.close_position and one.side == algo.side and one.kind.startswith("STOP") == stop:
                    raise refused(-4130)
        elif not (algo.reduce_only or algo.position_side != "BOTH") and algo.lots:
            price = algo.ticks or algo.trigger or last
            if contract.value(price * algo.lots) < contract.least_notional:
                raise refused(-4164, contract.least_notional)
        if algo.trailing:
            if algo.activate and (algo.activate >= last if algo.side == BUY else algo.activate <= last):
                raise refused(-2021)
            algo.follow(last)
        elif algo.trigger <= last if algo.rises else algo.trigger >= last:
            raise refused(-2021)
        algo.id = self.ids.next("algo")
        algo.since, algo.updated_ms = self.moment, now_ms
        self._keep(self.algos, algo.id, algo)
        self._waiting.setdefault(contract.symbol, {})[algo.id] = algo
        self.emit(events.algo_update(algo, now_ms))

    def end_algo(self, algo: AlgoOrder, status: str, now_ms: int, reason: str = "") -> None:
        """Cancel, expire or reject a conditional order."""
        self._waiting.get(algo.contract.symbol, {}).pop(algo.id, None)
        algo.status, algo.updated_ms, algo.reason = status, now_ms, reason
        self.emit(events.algo_update(algo, now_ms))

    def trigger(self, algo: AlgoOrder, now_ms: int) -> None:
        """Its price has come: place its order, or reject it with the reason."""
        algo.triggered_ms = now_ms
        self.end_algo(algo, "TRIGGERING", now_ms)
        position = self.account.position(algo.contract, algo.position_side)
        lots = abs(position.lots) if algo.close_position else algo.lots
        order = Order(
            0, algo.contract, algo.client_id, algo.side, algo.position_side, "LIMIT" if algo.ticks else "MARKET",
            "GTC" if algo.tif == "GTE_GTC" else algo.tif, lots, now_ms, algo.ticks, algo.reduce_only,
            algo.close_position, algo.working_type, algo.price_protect, algo.price_match, algo.stp, algo.good_till_ms,
            algo=algo,
        )  # fmt: skip
        try:
            if not lots or (order.reduces and not position.closes(order.side)):
                raise refused(-2022)
            self.place(order, now_ms)
        except ExchangeError as error:
            reason = "Reduce Only reject" if error.code == -2022 else error.message
            self.end_algo(algo, "EXPIRED" if algo.close_position else "REJECTED", now_ms, reason)

    def emptied(self, position: Position, now_ms: int) -> None:
        """End what could only have made a position smaller that is no more."""
        contract, side = position.contract, position.side
        for order in [one for one in self.open_of(contract) if one.reduces and one.position_side == side]:
            self.end(order, "EXPIRED", now_ms, KNOCKED_OUT)
        for algo in [one for one in self.waiting_of(contract) if one.tif == "GTE_GTC" and one.position_side == side]:
            self.end_algo(algo, "EXPIRED", now_ms)

    def tell(
        self, order: Order, execution: str, now_ms: int, trade: Trade | None = None, reason: str = NO_REASON
    ) -> None:
        """Send ORDER_TRADE_UPDATE."""
        working = events.worth(self.open_of(order.contract))
        self.emit(events.order_update(order, execution, now_ms, working, trade, reason))

    def tell_account(
        self, reason: str, positions: list[Position], now_ms: int, changes: dict[str, Any] | None = None
    ) -> None:
        """Send ACCOUNT_UPDATE."""
        changes = changes or {position.contract.asset: ZERO for position in positions}
        marks = {position.contract.symbol: self.mark(position.contract) for position in positions}
        self.emit(events.account_update(self.account, reason, now_ms, changes, positions, marks))

    def _keep(self, shelf: dict[int, Any], number: int, item: Any) -> None:
        """Add to what is remembered, and forget the oldest that is done once there is a lot."""
        shelf[number] = item
        if len(shelf) > _KEPT:
            oldest = next((key for key, one in shelf.items() if not one.open), None)
            if oldest is not None:
                del shelf[oldest]
