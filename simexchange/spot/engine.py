"""Spot trading of the account against the market's books and trades.

1. `place` checks what the account and the book say against an order, opens it (`_open`), and lets it take what
   the displayed book offers (`_execute`); what is left of a limit order waits in a `Watch`.
2. `advance` walks the seconds since the last look (`trading/walk.py`), oldest first over all symbols, and in
   each second lets what was reached trade (`_second`): stops trigger, resting orders fill up to what takers
   traded against their side in that second.
3. `_fill` moves money: out of the order's hold, less commission into the asset received; `_settle` then gives
   back what an order no longer has to hold.
4. Each change is reported as it happens (`_report`); balances follow at the end of each step (`flush`).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import Final, Protocol

from simexchange.book import Book
from simexchange.clock import VirtualClock
from simexchange.errors import ExchangeError
from simexchange.market import Market
from simexchange.spot import events
from simexchange.trading import trailing
from simexchange.trading.ids import Ids
from simexchange.trading.ledger import ZERO, InsufficientBalance, Wallet
from simexchange.trading.matching import Watch, path, take, take_quote
from simexchange.trading.orders import BUY, PRICED, Hold, Order, OrderList, Trade
from simexchange.trading.store import Store
from simexchange.trading.walk import ALWAYS, Levels, Second, Walker
from simexchange.universe import Listing

#: Of what is received, for maker and taker alike.
COMMISSION: Final = Decimal("0.001")
_EIGHT: Final = Decimal("0.00000001")
_TOP: Final = 10
_DEPTH: Final = 1_000


def rejected(message: str) -> ExchangeError:
    """-2010: the order was not accepted."""
    return ExchangeError(-2010, message)


def no_funds() -> ExchangeError:
    """-2010 for too little of an asset."""
    return rejected("Account has insufficient balance for requested action.")


class Displayed(Protocol):
    """What the exchange shows of its books; moments are UTC seconds of exchange time."""

    def last(self, row: int, now: int) -> int:
        """Last price in ticks; 0 where there is none."""

    def depth(self, row: int, now: int, levels: int) -> Book:
        """The best `levels` of each side."""


class Engine:
    """The account's spot orders; all amounts are exact decimals."""

    def __init__(
        self, market: Market, books: Displayed, clock: VirtualClock, wallet: Wallet, publish: events.Publish
    ) -> None:
        self.store = Store()
        self.ids = Ids()
        self.wallet = wallet
        self.walker = Walker(market)
        #: Called with each order that is done, which lists wait for.
        self.on_change: Callable[[Order], None] = lambda order: None
        self._market = market
        self._books = books
        self._clock = clock
        self._publish = publish
        self._watches: dict[int, Watch[Order]] = {}
        self._trailing: dict[int, dict[int, Order]] = {}
        self._seen = self._at = self.now()
        self._now_ms = self._clock.now_ms()

    def now(self) -> int:
        """Exchange time in UTC seconds, never past the end of a recorded market."""
        now = self._clock.now_ms() // 1000
        return now if self._market.last is None else min(now, self._market.last)

    @property
    def now_ms(self) -> int:
        """The moment of what is happening, ms: a past one while `advance` catches up."""
        return self._now_ms

    def listing(self, row: int) -> Listing:
        """A symbol."""
        return self._market.listings[row]

    def symbol(self, row: int) -> str:
        """The name of a symbol."""
        return self.listing(row).symbol

    def last(self, row: int) -> Decimal:
        """Last price; 0 where there is none."""
        return self.price(row, self._books.last(row, self._at))

    def price(self, row: int, ticks: int) -> Decimal:
        """A price from ticks."""
        return Decimal(ticks).scaleb(-self.listing(row).price_decimals)

    def ticks(self, row: int, price: Decimal) -> int:
        """Ticks of a price, downwards."""
        return int(price.scaleb(self.listing(row).price_decimals))

    def lots(self, row: int, quantity: Decimal) -> int:
        """Lots of a quantity, downwards."""
        return int(quantity.scaleb(self.listing(row).lot_decimals))

    def quantity(self, row: int, lots: int) -> Decimal:
        """A quantity from lots."""
        return Decimal(lots).scaleb(-self.listing(row).lot_decimals)

    def advance(self) -> None:
        """Let everything happen that the market did since this was last called."""
        now = self.now()
        begin, self._seen = self._seen, max(now, self._seen)
        waiting: list[tuple[int, int, Second]] = []
        if now > begin:
            levels = {row: self._levels(row) for row in {*self._watches, *self._trailing}}
            found = self.walker.firsts(levels, begin, now) if levels else {}
            waiting = [(second.at, row, second) for row, second in found.items()]
        heapq.heapify(waiting)
        while waiting:
            at, row, second = heapq.heappop(waiting)
            self._at, self._now_ms = at + 1, (at + 1) * 1000
            self._second(row, second)
            self.flush()
            following = self.walker.next(row, at + 1, now, self._levels(row))
            if following is not None:
                heapq.heappush(waiting, (following.at, row, following))
        self._at, self._now_ms = self._seen, self._clock.now_ms()

    def check(self, order: Order) -> None:
        """Raises -2010 where the book or the balances speak against an order. `advance` first."""
        last = self.last(order.row)
        if order.waits and order.trailing is None and (last >= order.stop if order.rises else last <= order.stop):
            raise rejected("Stop price would trigger immediately.")
        if order.kind == "LIMIT_MAKER" and self._offered(order):
            raise rejected("Order would immediately match and take.")
        listing = self.listing(order.row)
        asset = listing.quote if order.side == BUY else listing.base
        if order.quote_quantity and not self._offered(order):
            raise rejected("Order book liquidity is less than symbol minimum quantity.")
        if self._first_need(order) > self.wallet.balance(asset).free:
            raise no_funds()

    def check_funds(self, orders: list[Order]) -> None:
        """Raises -2010 where the account cannot pay for orders that share one hold."""
        hold = orders[0].hold
        assert hold is not None, "an order holds something"
        if max(self._first_need(order) for order in orders) > self.wallet.balance(hold.asset).free:
            raise no_funds()

    def place(self, order: Order) -> None:
        """Open an order that was checked, and let it trade at once where it can."""
        listing = self.listing(order.row)
        order.hold = Hold(listing.quote if order.side == BUY else listing.base, orders=[order])
        self.open([order])
        self.flush()

    def announce(self, order: Order) -> None:
        """Keep an order that is to wait for another one of its list."""
        order.status = "PENDING_NEW"
        order.updated_ms = self._now_ms
        self.store.add(order)
        self._report(order, "NEW")

    def open(self, orders: list[Order], announced: Callable[[], None] | None = None) -> None:
        """Open orders that share one hold: one, or the two of an OCO pair. Raises -2010 where funds lack.

        `announced` is called when all are reported, before any of them trades.
        """
        self.check_funds(orders)
        hold = orders[0].hold
        assert hold is not None, "an order holds something"
        hold.amount = max(self._first_need(order) for order in orders)
        self.wallet.lock(hold.asset, hold.amount)
        for order in orders:
            order.status = "NEW"
            order.updated_ms = self._now_ms
            order.since = -(-self._now_ms // 1000)
            if not order.waits:
                order.working_ms = self._now_ms
            if order.trailing is not None:
                trailing.begin(order, self.last(order.row), self._now_ms)
            if order.id not in self.store.open:
                self.store.add(order)
            self._report(order, "NEW")
        if announced is not None:
            announced()
        for order in orders:
            if not order.open:
                continue
            if not order.waits:
                self._execute(order)
            elif order.trailing is not None:
                self._trailing.setdefault(order.row, {})[order.id] = order
            else:
                self._wait(order)

    def cancel(self, order: Order, cancel_id: str | None) -> None:
        """Cancel one open order, by itself."""
        self._end(order, "CANCELED", cancel_id or self.ids.name())

    def expire(self, order: Order) -> None:
        """End one open order for a reason of the exchange's."""
        if order.open:
            self._end(order, "EXPIRED")

    def amend(self, order: Order, quantity: Decimal) -> int:
        """Lower an order's quantity, keeping its place; gives the execution's number."""
        order.quantity = quantity
        order.amends += 1
        order.updated_ms = self._now_ms
        number = self._report(order, "REPLACED")
        self._settle(order)
        self.flush()
        return number

    def flush(self) -> None:
        """Report balances that changed."""
        changed = self.wallet.take_changed()
        if changed:
            self._publish(events.account_position(self.wallet, changed, self._now_ms))

    def report_list(self, group: OrderList) -> None:
        """Report how a list stands."""
        self._publish(events.list_status(group, self.symbol(group.row), self._now_ms))

    def _first_need(self, order: Order) -> Decimal:
        """What an order has to hold to begin with."""
        if order.kind != "MARKET":
            return (
                order.quantity * (order.price or order.stop or self.last(order.row))
                if order.side == BUY
                else order.quantity
            )
        fills = self._offered(order)
        if order.side == BUY:
            return sum((self.price(order.row, ticks) * self.quantity(order.row, lots) for ticks, lots in fills), ZERO)
        return order.quantity or self.quantity(order.row, sum(lots for _, lots in fills))

    def _offered(self, order: Order) -> list[tuple[int, int]]:
        """What the displayed book has for an order: fills in ticks and lots."""
        fills: list[tuple[int, int]] = []
        # Few orders reach behind the first levels, and the whole book takes a while to make.
        for depth in (_TOP, _DEPTH):
            book = self._books.depth(order.row, self._at, depth)
            levels = book.asks if order.side == BUY else book.bids
            if order.quote_quantity:
                fills = take_quote(levels, int(order.quote_quantity.scaleb(self.listing(order.row).quote_decimals)))
            else:
                limit = self.ticks(order.row, order.price) if order.kind in PRICED else None
                fills = take(levels, self.lots(order.row, order.left), limit, buys=order.side == BUY)
            if len(fills) < _TOP:
                break
        return fills

    def _execute(self, order: Order) -> None:
        """Take what the book has; then rest, or end."""
        fills = self._offered(order)
        if order.quote_quantity:
            order.quantity = self.quantity(order.row, sum(lots for _, lots in fills))
        if order.kind == "LIMIT_MAKER" and fills:
            # Only one that waited for another order gets here: others are refused.
            self._end(order, "EXPIRED")
            return
        if order.tif == "FOK" and self.quantity(order.row, sum(lots for _, lots in fills)) < order.left:
            fills = []
        for ticks, lots in fills:
            if not self._fill(order, self.price(order.row, ticks), self.quantity(order.row, lots), maker=False):
                break
        if not order.open:
            return
        if order.kind in PRICED and order.tif == "GTC":
            self._wait(order)
        else:
            self._end(order, "EXPIRED")

    def _fill(self, order: Order, price: Decimal, quantity: Decimal, *, maker: bool) -> bool:
        """One trade; False where a stop's market order ran out of money."""
        hold, listing, quote = order.hold, self.listing(order.row), price * quantity
        assert hold is not None, "an order holds something"
        paid = quote if order.side == BUY else quantity
        if paid > hold.amount:
            # Only a market order that a stop set free may cost more than was set aside for it.
            try:
                self.wallet.lock(hold.asset, paid - hold.amount)
            except InsufficientBalance:
                return False
            hold.amount = paid
        self.wallet.spend(hold.asset, paid)
        hold.amount -= paid
        received, asset = (quantity, listing.base) if order.side == BUY else (quote, listing.quote)
        commission = (received * COMMISSION).quantize(_EIGHT, ROUND_DOWN)
        self.wallet.credit(asset, received - commission)
        order.executed += quantity
        order.quote += quote
        order.status = "FILLED" if order.left <= ZERO else "PARTIALLY_FILLED"
        order.updated_ms = self._now_ms
        number = self.ids.next("trade")
        trade = Trade(number, order.id, price, quantity, quote, commission, asset, self._now_ms, maker)
        order.trades.append(trade)
        self.store.add_trade(order.row, trade)
        if not order.open:
            self._forget(order)
        self._report(order, "TRADE", trade)
        self._settle(order)
        self.on_change(order)
        return True

    def _end(self, order: Order, status: str, cancel_id: str | None = None) -> None:
        order.status = status
        order.updated_ms = self._now_ms
        self._forget(order)
        self._report(order, status, cancel_id=cancel_id)
        self._settle(order)
        self.on_change(order)

    def _forget(self, order: Order) -> None:
        self.store.done(order)
        self._unwatch(order)

    def _settle(self, order: Order) -> None:
        """Give back what is held and no longer needed."""
        hold = order.hold
        if hold is None:
            return
        need = max(one.needs for one in hold.orders)
        if hold.amount > need:
            self.wallet.unlock(hold.asset, hold.amount - need)
            hold.amount = need

    def _wait(self, order: Order) -> None:
        rises = order.rises if order.waits else order.side != BUY
        level = self.ticks(order.row, order.stop if order.waits else order.price)
        self._watches.setdefault(order.row, Watch()).add(order.id, order, level, rises=rises)

    def _unwatch(self, order: Order) -> None:
        watch, followers = self._watches.get(order.row), self._trailing.get(order.row)
        if watch is not None:
            watch.remove(order.id)
            if not len(watch):
                del self._watches[order.row]
        if followers and followers.pop(order.id, None) is not None and not followers:
            del self._trailing[order.row]

    def _levels(self, row: int) -> Levels:
        if row in self._trailing:
            return ALWAYS
        watch = self._watches.get(row)
        return (watch.highest, watch.lowest) if watch is not None else (None, None)

    def _second(self, row: int, second: Second) -> None:
        """Let one second of trades happen to what waits for them."""
        for rises in path(second.open, second.close):
            extreme = second.high if rises else second.low
            pool = second.bought if rises else second.sold
            watch = self._watches.get(row)
            for order in watch.reached(extreme, rises=rises) if watch is not None else ():
                # What an earlier one of this second ended or set free is no longer, or not yet, to be filled.
                if not order.open or order.since > second.at:
                    continue
                if order.waits:
                    self._trigger(order)
                    continue
                lots = min(pool, self.lots(row, order.left))
                if lots > 0:
                    pool -= lots
                    self._fill(order, order.price, self.quantity(row, lots), maker=True)
            for order in list(self._trailing.get(row, {}).values()):
                if order.since <= second.at and trailing.follow(
                    order, self.price(row, extreme), self._now_ms, rises=rises
                ):
                    self._trigger(order)

    def _trigger(self, order: Order) -> None:
        """A stop was reached: it becomes a market or a limit order."""
        self._unwatch(order)
        order.triggered = True
        order.working_ms = order.updated_ms = self._now_ms
        order.since = self._at
        self._report(order, "NEW")
        self.on_change(order)
        self._execute(order)

    def _report(self, order: Order, execution: str, trade: Trade | None = None, cancel_id: str | None = None) -> int:
        number = self.ids.next("execution")
        self._publish(
            events.execution_report(order, self.symbol(order.row), execution, number, self._now_ms, trade, cancel_id)
        )
        return number
