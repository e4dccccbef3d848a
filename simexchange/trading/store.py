"""Orders, lists and trades of the account, found by symbol, number and client order id."""

from __future__ import annotations

from collections.abc import Sequence

from simexchange.trading.filters import Counts
from simexchange.trading.orders import Order, OrderList, Trade


class Store:
    """All that the account ever ordered; rows are those of the market's symbols."""

    def __init__(self) -> None:
        self.open: dict[int, Order] = {}
        self.lists: dict[int, OrderList] = {}
        self._rows: dict[int, dict[int, Order]] = {}
        self._open_rows: dict[int, dict[int, Order]] = {}
        self._open_lists: dict[int, OrderList] = {}
        self._clients: dict[tuple[int, str], Order] = {}
        self._list_clients: dict[str, OrderList] = {}
        self._trades: dict[int, list[Trade]] = {}

    def add(self, order: Order) -> None:
        """Keep an order that was accepted."""
        self._rows.setdefault(order.row, {})[order.id] = order
        self._clients[order.row, order.client_id] = order
        self.open[order.id] = order
        self._open_rows.setdefault(order.row, {})[order.id] = order

    def add_list(self, group: OrderList) -> None:
        """Keep an order list."""
        self.lists[group.id] = group
        self._open_lists[group.id] = group
        self._list_clients[group.client_id] = group

    def done(self, order: Order) -> None:
        """An order will trade no more."""
        self.open.pop(order.id, None)
        self._open_rows[order.row].pop(order.id, None)

    def done_list(self, group: OrderList) -> None:
        """All orders of a list are done."""
        self._open_lists.pop(group.id, None)

    def add_trade(self, row: int, trade: Trade) -> None:
        """Keep a fill."""
        self._trades.setdefault(row, []).append(trade)

    def find(self, row: int, number: int | None, client_id: str | None) -> Order | None:
        """An order by its number, or else the newest of a client order id."""
        if number is not None:
            return self._rows.get(row, {}).get(number)
        return self._clients.get((row, client_id or ""))

    def find_list(self, number: int | None, client_id: str | None) -> OrderList | None:
        """An order list by its number, or else the newest of a client's name for it."""
        if number is not None:
            return self.lists.get(number)
        return self._list_clients.get(client_id or "")

    def taken(self, row: int, client_id: str) -> bool:
        """Whether an open order of the symbol has this client order id."""
        known = self._clients.get((row, client_id))
        return known is not None and known.open

    def list_taken(self, client_id: str) -> bool:
        """Whether an open order list has this name."""
        known = self._list_clients.get(client_id)
        return known is not None and known.open

    def orders(self, row: int) -> Sequence[Order]:
        """All orders of a symbol, oldest first."""
        return _by_number(self._rows.get(row, {}))

    def open_orders(self, row: int | None = None) -> Sequence[Order]:
        """Open orders of a symbol or of all, oldest first."""
        return _by_number(self.open if row is None else self._open_rows.get(row, {}))

    def open_lists(self) -> Sequence[OrderList]:
        """Open order lists, oldest first."""
        return list(self._open_lists.values())

    def trades(self, row: int) -> Sequence[Trade]:
        """Fills of a symbol, oldest first."""
        return self._trades.get(row, ())

    def counts(self, row: int) -> Counts:
        """How many are open, for the filters that limit it."""
        here = self._open_rows.get(row, {}).values()
        return Counts(
            orders=len(here),
            algos=sum(order.waits for order in here),
            icebergs=sum(order.iceberg is not None for order in here),
            lists=sum(group.row == row for group in self._open_lists.values()),
            everywhere=len(self.open),
        )


def _by_number(orders: dict[int, Order]) -> list[Order]:
    # Orders of a list are kept in the order in which they were announced.
    return [orders[number] for number in sorted(orders)]
