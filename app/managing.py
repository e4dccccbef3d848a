"""Open positions are decided on: hold, adjust, reduce, close (`analysis.manage`), and the decision is carried out.

One transaction stores the decision with the position and all that follows from it: new levels, the intent of an order
that sells a part, the wish to close. Orders then go the way of all orders (app.trading), so a kill at any point leaves
either no decision or one that is carried out once. A job that runs again finds its decision there.

Nobody asks for these decisions, so a model is asked for so many a day of one position (`Manager._enough`); the rules
make the others.
"""

from __future__ import annotations

import json
import logging
from decimal import Decimal
from typing import Final, Protocol
from uuid import UUID

from analysis.manage import Managed, Why, manage
from analysis.positions import Holding, Ruling, judge
from analysis.snapshot import Snapshot, SnapshotError
from app.engines import Engines
from app.expiry import settings_of
from app.holding import Holdings, PricedMarket, Thesis, decided_event, levels_json
from app.intents import closing, order_key, write_intent
from app.later import Later
from app.places import PlacedModel, Places
from app.repairs import Repairing
from app.settings import Settings
from app.snapshots import Market as SnapshotMarket
from app.snapshots import signal_snapshot
from app.stored import brief_of, priced
from app.times import at, to_ms
from broker.rules import SymbolRules
from broker.types import BPS, Direction, Purpose, to_decimal
from llm.models import LanguageModel, Spender
from market.clock import Clock
from screener.intervals import interval_ms
from store import analyses, events, orders, positions, signals, strategies, watching
from store.records import NewAnalysis, SignalView, Strategy
from store.session import Connection, Database
from store.trading_records import Position
from store.watching import Held

log = logging.getLogger(__name__)
EXAMPLE: Final = {"decision": "hold", "confidence": 60, "reasoning": "...", "stop": None, "targets": []}
EARLIER: Final = 5


class Market(PricedMarket, SnapshotMarket, Protocol):
    """What managing positions needs of the market."""

    @property
    def clock(self) -> Clock:
        """Market time."""
        ...


class Manager:
    """Decides on open positions. `venue` is where their orders go."""

    def __init__(
        self,
        database: Database,
        market: Market,
        model: LanguageModel | None,
        settings: Settings,
        venue: str,
        engines: Engines | None = None,
        places: Places | None = None,
    ) -> None:
        self._database = database
        self._market = market
        at_once = settings.model_concurrency
        self._model = Repairing(PlacedModel(model, places or Places(), at_once), EXAMPLE) if model is not None else None
        self._most = settings.decisions_per_position_day
        self._fee_rate = settings.fee_bps / BPS
        self._venue = venue
        self._engines = engines
        self.holdings = Holdings(database, market, each_close=model is None)

    async def manage(self, position_id: UUID, close: int, why: Why) -> Managed | None:
        """Decide on a position at a close (ms UTC) and store what follows; None where it is closed, was decided on at
        that close, or cannot be judged now. Raises StoreError, and Later where an invalidation would be lost.
        """
        async with self._database.worker() as conn:
            held = await watching.held_one(conn, position_id)
            if held is None:
                return None
            row = await positions.get(conn, position_id)
            signal = await signals.get(conn, held.signal_id)
            strategy = await strategies.as_fired(conn, held.strategy_id, signal.strategy_version)
            former = await analyses.of_position(conn, position_id, limit=EARLIER)
            asked = await analyses.asked_today(conn, position_id)
        thesis = Thesis.of(row.thesis, held)
        info, price = self._market.infos.get(row.symbol), self._market.prices.get(row.symbol)
        if thesis.past(thesis.decided_at, close):
            return None
        if info is None or price is None:
            _put_off(row.symbol, "there is no price for it", why)
            return None
        settings = settings_of(strategy.analysis)
        try:
            snapshot = await self._snapshot(signal, strategy, held, close)
        except SnapshotError as error:
            _put_off(row.symbol, str(error), why)
            return None
        holding = self._holding(row, held, thesis, to_decimal(price.price), close)
        opened = [f"Opened because: {thesis.text}"] if thesis.text else []
        decided = await manage(
            self._model,
            holding,
            snapshot,
            brief_of(strategy),
            SymbolRules.of(info),
            why=why,
            earlier=[*opened, *(f"{a.decision}: {a.reasoning}" for a in reversed(former))],
            tier=settings.tier,
            style=settings.style,
            spender=Spender(str(row.owner_id), str(strategy.id)),
            unasked=self._enough(asked),
        )
        quiet = why == "close" and decided.ruling.decision == "hold" and not decided.ruling.refusals
        if not quiet:
            await self._carry_out(held, decided, snapshot, close, why)
        return decided

    def _enough(self, asked: int) -> str:
        """Why the model is not asked once more about a position about which it was `asked` so often today."""
        if self._model is None or asked < self._most:
            return ""
        times = "once" if self._most == 1 else f"{self._most} times"
        return f"A model decides on one position {times} a day at most, so until 00:00 UTC rules do."

    async def _snapshot(self, signal: SignalView, strategy: Strategy, held: Held, close: int) -> Snapshot:
        """The market as of the close, not as of the signal."""
        now = signal.model_copy(
            update={"candle_close": at(close), "provisional": False, "conditions": [], "indicators": {}}
        )
        return await signal_snapshot(self._market, now, held.filter_code, settings_of(strategy.analysis), self._engines)

    def _holding(self, row: Position, held: Held, thesis: Thesis, price: Decimal, close: int) -> Holding:
        direction = Direction(row.side)
        best = row.highest_price if direction is Direction.LONG else row.lowest_price
        furthest = max if direction is Direction.LONG else min
        return Holding(
            direction=direction,
            entry=row.entry_price,
            quantity=row.quantity,
            initial_quantity=row.initial_quantity,
            stop=row.stop,
            initial_stop=row.initial_stop,
            targets=tuple(Decimal(t) for t in row.targets),
            price=price,
            best=furthest(best or row.entry_price, price),
            fee_rate=self._fee_rate,
            candles=max(0, (close - to_ms(row.opened_at)) // interval_ms(held.interval)),
            thesis=thesis.text,
            invalidation=thesis.invalidation,
            invalidated=thesis.checks[-1].invalidation if thesis.checks else None,
        )

    async def _carry_out(self, held: Held, decided: Managed, snapshot: Snapshot, close: int, why: Why) -> None:
        """Store a decision and what follows from it, together. It is judged again: time has passed since it was asked
        for, and what position and price have become meanwhile counts.
        """
        async with self._database.worker() as conn:
            row = await positions.lock_open(conn, held.id)
            info, price = self._market.infos.get(held.symbol), self._market.prices.get(held.symbol)
            if row is None or info is None or price is None:
                return
            thesis = Thesis.of(row.thesis, held)
            if thesis.past(thesis.decided_at, close):
                return
            holding = self._holding(row, held, thesis, to_decimal(price.price), close)
            ruling = judge(decided.proposed, holding, SymbolRules.of(info), snapshot.atr)
            busy = row.close_requested_at is not None or bool(await orders.of_position(conn, row.id))
            if ruling.quantity is not None and busy:
                ruling = ruling.without_part("An order of this position is under way: no part is sold beside it.")
            await analyses.insert_once(
                conn,
                NewAnalysis(
                    decision=ruling.decision,
                    confidence=decided.proposed.confidence,
                    model=decided.model,
                    kind="position",
                    signal_id=held.signal_id,
                    position_id=row.id,
                    owner_id=row.owner_id,
                    reasoning=decided.reasoning,
                    trade_plan={"why": why, "quantity": None if ruling.quantity is None else str(ruling.quantity)},
                    key_levels=levels_json(row, ruling.stop, ruling.targets),
                    indicators=dict(snapshot.indicators),
                    grounding={
                        "passed": not ruling.refusals,
                        "checks": [c.model_dump(mode="json") for c in (*ruling.checks, *decided.cited)],
                        "reasons": list(ruling.refusals),
                        "proposed": decided.proposed.decision,
                        "why": why,
                    },
                    refusals=list(ruling.refusals),
                    snapshot=snapshot.model_dump(mode="json"),
                    snapshot_hash=snapshot.digest,
                    raw_answer=json.dumps(decided.raw),
                    prompt_version=decided.prompt_version,
                    latency_ms=decided.latency_ms,
                    input_tokens=decided.input_tokens,
                    output_tokens=decided.output_tokens,
                    cost=priced(decided.cost),
                    asked=decided.asked,
                    request_key=f"position:{row.id}:{close}",
                    decided_at=at(self._market.clock.now_ms()),
                ),
            )
            await self._follow(conn, row, ruling, close)
            changes = {"candles": 0, "decided_at": at(close).isoformat()}
            await positions.keep_thesis(conn, row.id, thesis.model_copy(update=changes).model_dump(mode="json"))
            if ruling.decision != "hold":
                moment = at(self._market.clock.now_ms())
                await events.append(conn, decided_event(row, ruling.decision, decided.reasoning, moment))

    async def _follow(self, conn: Connection, row: Position, ruling: Ruling, close: int) -> None:
        if ruling.decision == "close":
            await positions.ask_close(conn, row.id, "managed")
            return
        if ruling.stop is not None or ruling.targets is not None:
            targets = [Decimal(t) for t in row.targets] if ruling.targets is None else list(ruling.targets)
            await positions.protect(conn, row.id, stop=ruling.stop or row.stop, targets=targets, since=row.opened_at)
        if ruling.quantity is not None:
            await self._reduce(conn, row, ruling.quantity, close)

    async def _reduce(self, conn: Connection, row: Position, quantity: Decimal, close: int) -> None:
        """Write the intent to sell a part; app.trading sends it."""
        trigger = to_decimal(self._market.prices[row.symbol].price)
        key = order_key("reduce", row.id, close)
        new = closing(
            row, key, self._venue, purpose=Purpose.REDUCE, quantity=quantity, trigger=trigger, reason="reduce"
        )
        await write_intent(conn, new, self._market.clock.now_ms())


def _put_off(symbol: str, reason: str, why: Why) -> None:
    """A position that cannot be judged now. The next close asks again by itself; an invalidation is told once, so it is
    taken up later: raises Later.
    """
    log.warning("%s: the position was not looked at: %s", symbol, reason)
    if why == "invalidation":
        raise Later(None, f"{symbol}: {reason}")
