"""From an approval to a closed position. Every step is written before it is taken, so a restart resumes anywhere.

1. `Trader.enter_approved`: each approval without an order becomes an intent, or is refused with the reasons
   (app.entering).
2. `Trader.resolve`: unfinished orders are sent, or asked for when they may have been sent before (`_send`). An entry is
   held against everything again first, and expires where it is not sent at once (`ENTRY_DEADLINE`).
3. `Trader.watch`: live prices against stop and target of every open position, and wishes to close it (`_exit`). An
   order that sells a part (app.managing) goes out only while nothing closes the rest, and the rest is closed only when
   no part is under way: both look under a lock of the position.
4. Fills, position, signal and log line of one order are one transaction (`app.fills.book`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from app.account import as_position, costs
from app.entering import Entering, Prices, quote_of
from app.entries import words
from app.fills import book
from app.intents import closing, intent_of, order_key, write_intent
from app.settings import Settings
from app.times import to_ms
from broker.positions import ExitDecision, ExitReason, on_price
from broker.protocol import Broker
from broker.types import (
    Fill,
    OrderInDoubt,
    OrderIntent,
    OrderRejected,
    Purpose,
    Quote,
    Refusal,
)
from store import decisions, orders, positions, signals
from store.errors import DatabaseUnavailable
from store.session import Connection, Database
from store.trading_records import Order, OrderState
from store.trading_records import Position as PositionRow

Row = TypeVar("Row")

log = logging.getLogger(__name__)
# An entry that could not be sent within this real time is no longer the trade that was approved.
ENTRY_DEADLINE = timedelta(seconds=60)
# A refused exit is worth trying again soon, and then at least every few minutes: a halt may be lifted at any time.
EXIT_PAUSE = timedelta(seconds=2)
LONGEST_EXIT_PAUSE = timedelta(minutes=5)


class Refused(Exception):
    """An entry that was not sent; `refusals` are the reasons, for people."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(words(refusals))
        self.refusals = tuple(refusals)


async def _each(rows: Sequence[Row], act: Callable[[Row], Awaitable[None]]) -> None:
    """Act on each: what one fails of is logged and tried at the next tick, and keeps no other's stop waiting."""
    for row in rows:
        try:
            await act(row)
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("%s was not brought on, and is tried again", row)


class Trader:
    """The worker's trading: entries, exits and what a restart finds unfinished."""

    def __init__(self, database: Database, market: Prices, broker: Broker, settings: Settings) -> None:
        self._database = database
        self._market = market
        self._broker = broker
        self._entering = Entering(database, market, broker.venue, settings)
        self._costs = costs(settings)
        self._extremes: dict[UUID, tuple[Decimal, Decimal]] = {}

    async def enter_approved(self) -> None:
        """Turn approvals into orders, or into blocked signals with the reasons."""
        async with self._database.worker() as conn:
            waiting = await decisions.approved_without_order(conn)
        await _each(waiting, self._entering.enter)

    async def resolve(self) -> None:
        """Bring every unfinished order on: send intents, ask for those that may have been sent."""
        async with self._database.worker() as conn:
            unfinished = await orders.unfinished(conn)
        await _each(unfinished, self._send)

    async def _send(self, order: Order) -> None:
        intent = intent_of(order, to_ms(order.created_at))
        quote = quote_of(self._market, order.symbol)
        if order.state != "intent":
            # It may have been executed before a restart: ask, and send only what the venue never saw.
            try:
                report = await self._broker.query(intent.client_order_id)
            except OrderInDoubt as doubt:
                log.warning("order %s is in doubt: %s", order.client_order_id, doubt)
                return
            if report is not None and report.fills:
                await self._filled(order, intent, list(report.fills))
                return
        late = datetime.now(UTC) - order.created_at > ENTRY_DEADLINE
        if late and (order.purpose == "entry" or (order.purpose == "reduce" and order.state != "intent")):
            told = f"Not sent: {order.symbol} could not be traded within a minute of the approval."
            await self._ended(order, "expired", [Refusal("too_late", told)])
            return
        if quote is None:
            return
        if order.purpose == "entry":
            found = await self._entering.sendable(order)
            if not isinstance(found, Order):
                await self._ended(order, "cancelled", found)
                return
            order, intent = found, intent_of(found, to_ms(found.created_at))
        elif order.state == "intent":
            async with self._database.worker() as conn:
                if order.purpose == "reduce" and not await self._may_reduce(conn, order):
                    return
                order = await orders.transition(conn, order.id, "sent", expected=["intent"])
        try:
            fills = await self._broker.submit(intent, replace(quote, time_ms=self._moment(quote)))
        except OrderRejected as rejection:
            await self._ended(order, "rejected", rejection.refusals)
            return
        except OrderInDoubt as doubt:
            log.warning("order %s is in doubt: %s", order.client_order_id, doubt)
            if order.state == "sent":
                async with self._database.worker() as conn:
                    # Its reason stays: an exit that turns out to be filled says by it why the position was closed.
                    await orders.transition(conn, order.id, "unknown", expected=["sent"])
            return
        await self._filled(order, intent, fills)

    async def _may_reduce(self, conn: Connection, order: Order) -> bool:
        """Whether a part may be sold now; an order whose position is closed, or being closed, is cancelled."""
        row = await positions.lock_open(conn, order.position_id) if order.position_id is not None else None
        if row is not None and order.quantity < row.quantity:
            others = await orders.of_position(conn, row.id)
            if not any(o.purpose == "exit" for o in others):
                return True
        reason = "the position is closed, or about to be"
        await orders.transition(conn, order.id, "cancelled", expected=["intent"], reason=reason)
        return False

    async def _filled(self, order: Order, intent: OrderIntent, fills: Sequence[Fill]) -> None:
        async with self._database.worker() as conn:
            await book(conn, order, intent, fills, self._costs)
        if order.position_id is not None:
            self._extremes.pop(order.position_id, None)

    async def _ended(self, order: Order, state: OrderState, refusals: Sequence[Refusal]) -> None:
        """An order that comes to nothing; where it was an entry, whoever approved it is told why."""
        reason = words(refusals)
        log.warning("order %s: %s", order.client_order_id, reason)
        async with self._database.worker() as conn:
            await orders.transition(conn, order.id, state, expected=[order.state], reason=reason)
            if order.purpose != "entry" or order.signal_id is None:
                return
            decision = await signals.answer(conn, order.signal_id, order.owner_id)
            if decision is not None:
                await self._entering.refuse(conn, decision, refusals)

    async def watch(self) -> None:
        """Hold live prices against every open position; close those that reached stop or target, or shall close."""
        async with self._database.worker() as conn:
            rows = await positions.all_open(conn)
            busy = {o.position_id for o in await orders.unfinished(conn) if o.purpose == "exit"}
        await _each([row for row in rows if row.id not in busy], self._look)

    async def _look(self, row: PositionRow) -> None:
        quote = quote_of(self._market, row.symbol)
        if quote is None:
            return
        decision = on_price(as_position(row, self._costs), quote.price)
        if decision is None and row.close_requested_at is not None:
            decision = ExitDecision(ExitReason.of(row.close_reason), quote.price, quote.price)
        if decision is not None:
            await self._exit(row, decision, quote)
        else:
            await self._track(row, quote.price)

    async def _track(self, row: PositionRow, price: Decimal) -> None:
        high, low = self._extremes.get(
            row.id, (row.highest_price or row.entry_price, row.lowest_price or row.entry_price)
        )
        if price > high or price < low:
            high, low = max(high, price), min(low, price)
            async with self._database.worker() as conn:
                await positions.track(conn, row.id, high, low)
        self._extremes[row.id] = (high, low)

    async def _exit(self, row: PositionRow, decision: ExitDecision, quote: Quote) -> None:
        async with self._database.worker() as conn:
            # All of them: an id that was used before makes no new order.
            attempt, refused_at = await orders.refused_exits(conn, row.id)
        # A refused exit is tried again under a new id, less and less often; one that is under way keeps its own.
        if refused_at is not None:
            pause = min(EXIT_PAUSE * 2 ** min(attempt - 1, 20), LONGEST_EXIT_PAUSE)
            if datetime.now(UTC) < refused_at + pause:
                return
        async with self._database.worker() as conn:
            locked = await positions.lock_open(conn, row.id)
            if locked is None:
                return
            for other in await orders.of_position(conn, row.id):
                if other.purpose == "reduce" and other.state != "intent":
                    # A part is under way: what is left is known at the next tick.
                    return
                if other.purpose == "reduce":
                    reason = "the whole position is closed"
                    await orders.transition(conn, other.id, "cancelled", expected=["intent"], reason=reason)
            new = closing(
                locked,
                order_key("exit", row.id, attempt),
                self._broker.venue,
                purpose=Purpose.EXIT,
                quantity=locked.quantity,
                trigger=decision.trigger_price,
                reason=decision.reason.value,
            )
            written = await write_intent(conn, new, self._market.clock.now_ms())
            if written is None:
                return
            order, intent = written
        log.info("%s: closing at its %s", row.symbol, decision.reason.value)
        async with self._database.worker() as conn:
            order = await orders.transition(conn, order.id, "sent", expected=["intent"])
        fill_at = Quote.of(row.symbol, decision.price, self._moment(quote))
        try:
            fills = await self._broker.submit(intent, fill_at)
        except OrderRejected as rejection:
            await self._ended(order, "rejected", rejection.refusals)
            return
        except OrderInDoubt as doubt:
            # `resolve` asks for it at the next tick.
            log.warning("order %s is in doubt: %s", order.client_order_id, doubt)
            return
        await self._filled(order, intent, fills)

    def _moment(self, quote: Quote) -> int:
        """When an order fills, ms of market time: a quiet coin's last trade is older than the order it fills."""
        return max(quote.time_ms, self._market.clock.now_ms())
