"""Order lists: OCO, OTO and OTOCO.

1. The two of an OCO share one hold; once one of them trades, triggers or ends, the other expires.
2. The pending ones of an OTO open when the working one is filled, and expire where it ends otherwise.
3. A list is done when all its orders are.
"""

from __future__ import annotations

from simexchange.errors import ExchangeError
from simexchange.spot.engine import Engine
from simexchange.trading.orders import BUY, Hold, Order, OrderList


class Lists:
    """The order lists of an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ending: OrderList | None = None
        self._losing: Order | None = None
        engine.on_change = self._changed

    def check_pair(self, orders: list[Order]) -> None:
        """Raises -2010 unless one of an OCO's orders lies above the last price and the other below."""
        last = self._engine.last(orders[0].row)
        above, below = orders
        for order, over in ((above, True), (below, False)):
            level = order.stop or order.price
            if order.trailing is None and (level <= last if over else level >= last):
                raise _misplaced()

    def place(self, group: OrderList, working: list[Order]) -> None:
        """Open a list whose orders were checked: `working` at once, the list's `pending` later. Raises -2010 where
        funds lack for the two of an OCO together.
        """
        self._hold(working)
        self._engine.check_funds(working)
        group.id = self._engine.ids.next("list")
        for order in group.orders:
            order.id = self._engine.ids.next("order")
        self._engine.store.add_list(group)
        for order in group.orders:
            order.group = group
        for order in group.pending:
            self._engine.announce(order)
        self._engine.open(working, lambda: self._engine.report_list(group))
        self._engine.flush()

    def cancel(self, group: OrderList, cancel_id: str | None) -> None:
        """Cancel what is open of a list."""
        self._ending = group
        for order in group.orders:
            if order.open:
                self._engine.cancel(order, cancel_id)
        self._ending = None
        self._finish(group)
        self._engine.flush()

    def _changed(self, order: Order) -> None:
        group = order.group
        if group is None or group is self._ending or order is self._losing:
            return
        hold = order.hold
        if hold is not None and (order.executed or order.triggered or not order.open):
            for other in hold.orders:
                if other is not order:
                    # That it ends is no reason for the one it makes way for to end too.
                    self._losing = other
                    self._engine.expire(other)
                    self._losing = None
        if group.pending and order not in group.pending:
            if order.status == "FILLED":
                self._release(group)
            elif not order.open:
                for other in group.pending:
                    self._engine.expire(other)
        self._finish(group)

    def _release(self, group: OrderList) -> None:
        """Open the pending orders, or expire them where the account cannot pay for them."""
        self._hold(group.pending)
        try:
            self._engine.open(group.pending)
        except ExchangeError:
            for order in group.pending:
                self._engine.expire(order)

    def _hold(self, orders: list[Order]) -> Hold:
        listing = self._engine.listing(orders[0].row)
        hold = Hold(listing.quote if orders[0].side == BUY else listing.base, orders=orders)
        for order in orders:
            order.hold = hold
        return hold

    def _finish(self, group: OrderList) -> None:
        if group.open and not any(order.open for order in group.orders):
            group.status_type = group.order_status = "ALL_DONE"
            self._engine.store.done_list(group)
            self._engine.report_list(group)


def _misplaced() -> ExchangeError:
    return ExchangeError(-2010, "The relationship of the prices for the orders is not correct.")
