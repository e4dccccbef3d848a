"""From an approval to an entry order: made once, with the money it needs set aside, and looked at again before it goes.

1. `Entering.enter` holds an approval against the market and the rules (app.entries, app.account); it becomes an intent,
   or is refused with the reasons. What the intent may cost is reserved in its row, written with it.
2. `Entering.sendable` holds an intent against everything once more. Its quantity may shrink by then, and never grows.
3. Both do so while nobody else enters for the same person (`orders.take_turn`), in whatever process: what was free when
   it was looked at is free until the order stands. A reservation ends with its order, whatever ends that.
4. `Entering.refuse` tells whoever approved why nothing comes of it. The signal follows the order of whoever moved it
   and nobody else's (store.decisions).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from app.account import MODE, EntryPlan, read_account
from app.entries import blocked_event, plan_approved, unfit, words
from app.intents import order_key, write_intent
from app.settings import Settings
from broker.rules import SymbolRules
from broker.types import Quote, Refusal
from market.clock import Clock
from market.types import Price, SymbolInfo
from store import analyses, decisions, events, orders, signals, strategies
from store.records import Signal, SignalDecision
from store.session import Connection, Database
from store.trading_records import NewOrder, Order


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


def quote_of(market: Prices, symbol: str) -> Quote | None:
    """The last price of a symbol, or None."""
    price = market.prices.get(symbol)
    return Quote.of(symbol, price.price, price.time_ms) if price is not None else None


class Entering:
    """Makes entry orders for the venue named `venue`."""

    def __init__(self, database: Database, market: Prices, venue: str, settings: Settings) -> None:
        self._database = database
        self._market = market
        self._venue = venue
        self._settings = settings

    async def enter(self, decision: SignalDecision) -> None:
        """Write the intent that an approval asks for, or why there is none."""
        async with self._database.worker() as conn:
            await orders.take_turn(conn, decision.owner_id)
            if not await decisions.approved_without_order(conn, decision_id=decision.id):
                # Another worker was at it.
                return
            signal = await signals.get(conn, decision.signal_id)
            plan = await self._plan(conn, decision, signal)
            if not isinstance(plan, EntryPlan):
                await self.refuse(conn, decision, plan)
                return
            new = NewOrder(
                owner_id=decision.owner_id,
                purpose="entry",
                symbol=signal.symbol,
                side=plan.direction.opening.value,
                quantity=plan.sizing.quantity,
                reserved=plan.needed,
                mode=MODE,
                client_order_id=order_key("entry", decision.owner_id, signal.id),
                venue=self._venue,
                signal_id=signal.id,
                strategy_id=signal.strategy_id,
                trigger_price=plan.quote.price,
                stop=plan.stop,
                targets=list(plan.targets),
                reason="signal",
            )
            if await write_intent(conn, new, self._market.clock.now_ms(), signal.conditions) is not None:
                await decisions.follow(conn, signal.id, decision.owner_id, "ordered", expected=["approved"])

    async def sendable(self, order: Order) -> Order | Sequence[Refusal]:
        """An entry as it may be sent now, marked as sent where it was an intent; or why it is not sent any more.

        Raises StateConflict where another worker took it.
        """
        async with self._database.worker() as conn:
            await orders.take_turn(conn, order.owner_id)
            decision = await signals.answer(conn, order.signal_id, order.owner_id) if order.signal_id else None
            if decision is None:
                return [Refusal("no_signal", f"Not sent: the signal of {order.symbol} is gone.")]
            plan = await self._plan(conn, decision, await signals.get(conn, decision.signal_id), order)
            if not isinstance(plan, EntryPlan):
                return plan
            if order.state != "intent":
                return order
            return await orders.send(conn, order.id, quantity=plan.sizing.quantity, reserved=plan.needed)

    async def refuse(self, conn: Connection, decision: SignalDecision, refusals: Sequence[Refusal]) -> None:
        """Store why nothing comes of an approval, where its person sees it."""
        await decisions.refuse(conn, decision.id, words(refusals))
        signal = await signals.get(conn, decision.signal_id)
        await events.append(conn, blocked_event(decision, signal, refusals, self._market.clock.now_ms()))

    async def _plan(
        self, conn: Connection, decision: SignalDecision, signal: Signal, order: Order | None = None
    ) -> EntryPlan | Sequence[Refusal]:
        """The entry that was approved as it would be sent now, or why it is not; `order` is its own, if any."""
        analysis = await analyses.get(conn, decision.analysis_id) if decision.analysis_id is not None else None
        strategy = await strategies.get(conn, signal.strategy_id)
        now, quote = self._market.clock.now_ms(), quote_of(self._market, signal.symbol)
        refusals = unfit(signal, strategy, analysis, now)
        if quote is None or signal.symbol not in self._market.infos:
            refusals.append(Refusal("no_price", f"Not sent: there is no price for {signal.symbol}."))
        if refusals or analysis is None or quote is None:
            return refusals
        marks = {s: Decimal(repr(p.price)) for s, p in self._market.prices.items()}
        account = await read_account(conn, decision.owner_id, self._settings, marks, now, ordered=order)
        rules = SymbolRules.of(self._market.infos[signal.symbol])
        plan = plan_approved(account, self._settings, rules, analysis, signal.side, quote, now)
        return plan.refusals or plan
