"""From an approval to a closed position. Every step is written before it is taken, so a restart resumes anywhere.

1. `Trader.enter_approved`: each approval without an order, and the analysis that was approved (app.entries), is held
   against the market and the risk rules; it becomes an intent, or the signal is blocked with the reasons.
2. `Trader.resolve`: unfinished orders are sent, or asked for when they may have been sent before (`_send`). An entry is
   held against everything again first, and expires where it is not sent at once (`ENTRY_DEADLINE`).
3. `Trader.watch`: live prices against stop and target of every open position, and wishes to close it (`_exit`). An
   order that sells a part (app.managing) goes out only while nothing closes the rest, and the rest is closed only when
   no part is under way: both look under a lock of the position.
4. Fills, position, signal and log line of one order are one transaction (`app.fills.book`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeVar
from uuid import UUID, uuid5

from app.account import EntryPlan, as_position, costs, read_account
from app.entries import blocked_event, plan_approved, unfit, words
from app.fills import book, log_record
from app.settings import Settings
from app.times import to_ms
from broker.positions import ExitDecision, ExitReason, on_price
from broker.protocol import Broker
from broker.records import trade_trigger
from broker.rules import SymbolRules
from broker.types import (
    Direction,
    Fill,
    OrderInDoubt,
    OrderIntent,
    OrderRejected,
    Purpose,
    Quote,
    Refusal,
    Side,
    client_order_id,
)
from market.clock import Clock
from market.types import Price, SymbolInfo
from store import analyses, events, orders, positions, signals, strategies
from store.errors import DatabaseUnavailable
from store.records import Signal, SignalDecision
from store.session import Connection, Database
from store.trading_records import NewOrder, Order, OrderState
from store.trading_records import Position as PositionRow

Row = TypeVar("Row")

log = logging.getLogger(__name__)
_IDS = UUID("6f9f4a62-6d41-4a3e-9a0a-1f0d4f1c7a52")
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


class Prices(Protocol):
    """What trading needs of the market."""

    @property
    def clock(self) -> Clock:
        """Market time."""
        ...

    infos: dict[str, SymbolInfo]

    @property
    def prices(self) -> Mapping[str, Price]:
        """Last prices by symbol."""
        ...


async def _each(rows: Sequence[Row], act: Callable[[Row], Awaitable[None]]) -> None:
    """Act on each: what one fails of is logged and tried at the next tick, and keeps no other's stop waiting."""
    for row in rows:
        try:
            await act(row)
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("%s was not brought on, and is tried again", row)


def order_id(*parts: object) -> UUID:
    """The id of an intent, always the same for the same cause, so that a second attempt is the same order."""
    return uuid5(_IDS, "/".join(map(str, parts)))


class Trader:
    """The worker's trading: entries, exits and what a restart finds unfinished."""

    def __init__(self, database: Database, market: Prices, broker: Broker, settings: Settings) -> None:
        self._database = database
        self._market = market
        self._broker = broker
        self._settings = settings
        self._costs = costs(settings)
        self._extremes: dict[UUID, tuple[Decimal, Decimal]] = {}

    async def enter_approved(self) -> None:
        """Turn approvals into orders, or into blocked signals with the reasons."""
        async with self._database.worker() as conn:
            waiting = await signals.approved_without_order(conn)
        await _each(waiting, self._enter)

    async def _enter(self, decision: SignalDecision) -> None:
        async with self._database.worker() as conn:
            signal = await signals.get(conn, decision.signal_id)
            plan = await self._plan(conn, decision, signal)
            if not isinstance(plan, EntryPlan):
                await self._block(conn, decision, plan)
                return
            intent = OrderIntent(
                id=order_id("entry", decision.owner_id, signal.id),
                symbol=signal.symbol,
                side=plan.direction.opening,
                quantity=plan.sizing.quantity,
                trigger_price=plan.quote.price,
                purpose=Purpose.ENTRY,
                created_ms=self._market.clock.now_ms(),
            )
            order = await orders.create_intent(
                conn,
                NewOrder(
                    owner_id=decision.owner_id,
                    purpose="entry",
                    symbol=signal.symbol,
                    side=intent.side.value,
                    quantity=intent.quantity,
                    client_order_id=intent.client_order_id,
                    venue=self._broker.venue,
                    signal_id=signal.id,
                    strategy_id=signal.strategy_id,
                    trigger_price=intent.trigger_price,
                    stop=plan.stop,
                    targets=list(plan.targets),
                    reason="signal",
                ),
            )
            if order is None:
                return
            if signal.status in ("enter", "approved"):
                await signals.transition(conn, signal.id, "ordered", expected=["enter", "approved"])
            record = trade_trigger(intent, signal.conditions, "signal", stop=plan.stop, targets=plan.targets)
            await log_record(conn, record, order)

    async def _plan(
        self, conn: Connection, decision: SignalDecision, signal: Signal, ordered: UUID | None = None
    ) -> EntryPlan | Sequence[Refusal]:
        """The entry that was approved as it would be sent now, or why it is not; `ordered` is its own order's id."""
        analysis = await analyses.get(conn, decision.analysis_id) if decision.analysis_id is not None else None
        strategy = await strategies.get(conn, signal.strategy_id)
        now, quote = self._market.clock.now_ms(), self.quote(signal.symbol)
        refusals = unfit(signal, strategy, analysis, now)
        if quote is None or signal.symbol not in self._market.infos:
            refusals.append(Refusal("no_price", f"Not sent: there is no price for {signal.symbol}."))
        if refusals or analysis is None or quote is None:
            return refusals
        account = await read_account(conn, decision.owner_id, self._settings, self._marks(), now)
        pending = [
            o.symbol
            for o in await orders.unfinished(conn)
            if o.owner_id == decision.owner_id and o.purpose == "entry" and o.id != ordered
        ]
        rules = SymbolRules.of(self._market.infos[signal.symbol])
        plan = plan_approved(account, self._settings, rules, analysis, signal.side, quote, now, pending)
        return plan.refusals or plan

    async def _block(self, conn: Connection, decision: SignalDecision, refusals: Sequence[Refusal]) -> None:
        await signals.refuse(conn, decision.id, words(refusals))
        signal = await signals.get(conn, decision.signal_id)
        await events.append(conn, blocked_event(decision, signal, refusals, self._market.clock.now_ms()))

    async def resolve(self) -> None:
        """Bring every unfinished order on: send intents, ask for those that may have been sent."""
        async with self._database.worker() as conn:
            unfinished = await orders.unfinished(conn)
        await _each(unfinished, self._send)

    async def _send(self, order: Order) -> None:
        intent = self._intent(order)
        quote = self.quote(order.symbol)
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
        if order.purpose == "entry" and (refusals := await self._outdated(order)):
            await self._ended(order, "cancelled", refusals)
            return
        if order.state == "intent":
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
            async with self._database.worker() as conn:
                await orders.transition(conn, order.id, "unknown", expected=["sent"], reason=str(doubt))
            return
        await self._filled(order, intent, fills)

    async def _outdated(self, order: Order) -> Sequence[Refusal]:
        """Why an entry that was ordered is not sent any more; empty where it may be sent."""
        async with self._database.worker() as conn:
            decision = await signals.answer(conn, order.signal_id, order.owner_id) if order.signal_id else None
            if decision is None:
                return [Refusal("no_signal", f"Not sent: the signal of {order.symbol} is gone.")]
            plan = await self._plan(conn, decision, await signals.get(conn, decision.signal_id), order.id)
        return () if isinstance(plan, EntryPlan) else plan

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
                await self._block(conn, decision, refusals)
            signal = await signals.get(conn, order.signal_id)
            if signal.status == "ordered":
                await signals.transition(conn, signal.id, "blocked", expected=["ordered"], reason=reason)

    async def watch(self) -> None:
        """Hold live prices against every open position; close those that reached stop or target, or shall close."""
        async with self._database.worker() as conn:
            rows = await positions.all_open(conn)
            busy = {o.position_id for o in await orders.unfinished(conn) if o.purpose == "exit"}
        await _each([row for row in rows if row.id not in busy], self._look)

    async def _look(self, row: PositionRow) -> None:
        quote = self.quote(row.symbol)
        if quote is None:
            return
        decision = on_price(as_position(row, self._costs), quote.price)
        if decision is None and row.close_requested_at is not None:
            decision = ExitDecision(_asked(row), quote.price, quote.price)
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
        side = Direction(row.side).closing
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
            intent = OrderIntent(
                id=order_id("exit", row.id, attempt),
                symbol=row.symbol,
                side=side,
                quantity=locked.quantity,
                trigger_price=decision.trigger_price,
                purpose=Purpose.EXIT,
                created_ms=self._market.clock.now_ms(),
            )
            order = await orders.create_intent(
                conn,
                NewOrder(
                    owner_id=row.owner_id,
                    purpose="exit",
                    symbol=row.symbol,
                    side=side.value,
                    quantity=intent.quantity,
                    client_order_id=intent.client_order_id,
                    venue=self._broker.venue,
                    signal_id=row.signal_id,
                    strategy_id=row.strategy_id,
                    position_id=row.id,
                    trigger_price=decision.trigger_price,
                    reason=decision.reason.value,
                ),
            )
            if order is None:
                return
            await log_record(conn, trade_trigger(intent, (), decision.reason.value), order, row.id)
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

    def quote(self, symbol: str) -> Quote | None:
        """The last price of a symbol, or None."""
        price = self._market.prices.get(symbol)
        return Quote.of(symbol, price.price, price.time_ms) if price is not None else None

    def _moment(self, quote: Quote) -> int:
        """When an order fills, ms of market time: a quiet coin's last trade is older than the order it fills."""
        return max(quote.time_ms, self._market.clock.now_ms())

    def _marks(self) -> dict[str, Decimal]:
        return {s: Decimal(repr(p.price)) for s, p in self._market.prices.items()}

    def _intent(self, order: Order) -> OrderIntent:
        return OrderIntent(
            id=UUID(hex=order.client_order_id.removeprefix(client_order_id(UUID(int=0))[:-32])),
            symbol=order.symbol,
            side=Side(order.side),
            quantity=order.quantity,
            trigger_price=order.trigger_price or Decimal(1),
            purpose=Purpose(order.purpose),
            created_ms=to_ms(order.created_at),
        )


def _asked(row: PositionRow) -> ExitReason:
    """Why a position is to be closed; a person gives no reason."""
    try:
        return ExitReason(row.close_reason or "")
    except ValueError:
        return ExitReason.MANUAL
