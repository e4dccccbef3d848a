"""Open positions at the close of their strategy's candle: what can be said of them for free.

1. `told` queues `watch_positions` for a close; `Holdings.watch` does it.
2. The thesis's invalidation of every position, and the `exit`, `stop` and `target` of its filter that use the open
   trade, are stepped over the candles held (`analysis.monitor`, `screener.engine.trades`).
   Closes that nobody looked at count too.
3. A filter's own `exit` closes the position; its `stop` only tightens; each is stored as a decision (`_by_filter`).
4. Where the invalidation became true, or every so many candles, the job `manage_position` is queued (app.managing).

What one close said is stored with the position in one transaction with what follows from it, once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from analysis.manage import Why
from analysis.monitor import CHECKS_KEPT, Question
from analysis.positions import tighter
from app.expiry import settings_of
from app.monitoring import Market, check, newest_close, programs_of, to_ms_of
from app.times import at, to_ms
from broker.rules import SymbolRules
from broker.types import ZERO, Direction, plain, to_decimal
from market.types import Price
from screener import Program
from screener.engine.panel import Panel
from screener.engine.trades import Trade, follow_trades, uses_trade
from screener.intervals import closes_between, open_of
from store import analyses, events, jobs, positions, watching
from store.records import NewAnalysis
from store.session import Connection, Database
from store.trading_records import NewEvent, Position
from store.watching import Held

log = logging.getLogger(__name__)
WATCH_POSITIONS: Final = "watch_positions"
MANAGE_POSITION: Final = "manage_position"
FILTER: Final = "the strategy's filter"


class PricedMarket(Market, Protocol):
    """What looking after positions needs of the market."""

    @property
    def prices(self) -> Mapping[str, Price]:
        """Last prices by symbol."""
        ...


class Seen(BaseModel):
    """What one close, and those before it that nobody looked at, said: whether the invalidation or the filter's own
    exit was true; None is unknown, or there is none.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: str
    invalidation: bool | None = None
    exit: bool | None = None


class Thesis(BaseModel):
    """What a position is held for. Times are market time, ISO. `invalidation` is filter code; `held`: it was true when
    last known; `candles` the closes since it was last decided on, at `decided_at`; `looked_at` is the last close.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    invalidation: str | None = None
    text: str = ""
    analysis_id: str | None = None
    held: bool = False
    candles: int = 0
    looked_at: str | None = None
    decided_at: str | None = None
    checks: tuple[Seen, ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None, held: Held) -> Thesis:
        """As stored, or as the analysis that the position was entered on has it."""
        if stored is not None:
            return cls.model_validate(stored)
        plan = held.trade_plan or {}
        code = plan.get("invalidation_code")
        words = [held.reasoning or "", str(plan.get("invalidation") or "")]
        return cls(
            invalidation=code if isinstance(code, str) and code.strip() else None,
            text=" ".join(w for w in words if w),
            analysis_id=str(held.analysis_id) if held.analysis_id is not None else None,
        )

    def since(self, held: Held) -> int:
        """The last close that was looked at (ms UTC): at first the one that the position was opened after."""
        opened = open_of(to_ms(held.opened_at), held.interval)
        return opened if self.looked_at is None else max(opened, to_ms_of(self.looked_at))

    def past(self, moment: str | None, close: int) -> bool:
        """Whether that moment is the close (ms UTC) or later."""
        return moment is not None and to_ms_of(moment) >= close


@dataclass(frozen=True, slots=True)
class Ends:
    """What a filter says of one open trade; None where it does not, or not yet. Prices in the quote asset."""

    exit: bool | None = None
    stop: float | None = None
    target: float | None = None


class Holdings:
    """Looks at open positions. `each_close`: they are decided on at every close, which costs nothing by rules."""

    def __init__(self, database: Database, market: PricedMarket, *, each_close: bool) -> None:
        self._database = database
        self._market = market
        self._each_close = each_close

    async def told(self, interval: str, close: int) -> None:
        """Queue the look at positions of `interval` for the close (ms UTC); nothing where there is none."""
        async with self._database.worker() as conn:
            if await watching.held(conn, interval, at(close)):
                name = f"positions:{interval}"
                args = {"interval": interval, "close": close}
                await jobs.defer(conn, WATCH_POSITIONS, args, queue="watches", lock=name, queueing_lock=name)

    async def watch(self, interval: str, close: int) -> int:
        """Look at every open position, at the close (ms UTC) or a later one that has passed since; returns how many are
        to be decided on. Raises StoreError.
        """
        close = newest_close(self._market.panel, interval, close)
        async with self._database.worker() as conn:
            rows = await watching.held(conn, interval, at(close))
        found = [(row, Thesis.of(row.thesis, row)) for row in rows]
        found = [(row, thesis) for row, thesis in found if not thesis.past(thesis.looked_at, close)]
        questions = {Question(row.symbol, t.invalidation) for row, t in found if t.invalidation is not None}
        since = {row.id: thesis.since(row) for row, thesis in found}
        said = await check(self._market, questions, interval, min(since.values(), default=close), close)
        ends = await self._ends([row for row, _ in found], since, interval, close)
        decided = 0
        for row, thesis in found:
            told = said.get(Question(row.symbol, thesis.invalidation), {}) if thesis.invalidation is not None else {}
            invalid = [value for passed, value in told.items() if passed > since[row.id]]
            decided += await self._store(row, invalid, ends.get(row.id, Ends()), close)
        return decided

    async def _ends(
        self, rows: Sequence[Held], since: Mapping[UUID, int], interval: str, close: int
    ) -> dict[UUID, Ends]:
        programs = await programs_of(self._market, {row.filter_code for row in rows}, interval)
        async with self._market.engine_lock:
            return await asyncio.to_thread(filter_ends, programs, rows, since, self._market.panel, close)

    async def _store(self, held: Held, invalid: Sequence[bool], ends: Ends, close: int) -> bool:
        """Keep what the closes since the last look said of one position, and what follows; returns whether it is to be
        decided on. `invalid`: its invalidation where known, oldest first.
        """
        settings = settings_of(held.settings)
        async with self._database.worker() as conn:
            row = await positions.lock_open(conn, held.id)
            if row is None:
                return False
            thesis = Thesis.of(row.thesis, held)
            if thesis.past(thesis.looked_at, close):
                return False
            closing = await self._by_filter(conn, held, row, ends, close) or row.close_requested_at is not None
            became = any(now and not before for before, now in pairwise((thesis.held, *invalid)))
            candles = thesis.candles + len(closes_between(thesis.since(held), close, held.interval))
            why: Why | None = None
            if not closing and held.manage and settings.manage:
                if became:
                    why = "invalidation"
                elif candles >= settings.recheck:
                    why = "every"
                elif self._each_close:
                    why = "close"
            told = became or invalid[-1] if invalid else None
            seen = Seen(at=at(close).isoformat(), invalidation=told, exit=ends.exit)
            changes = {
                "held": invalid[-1] if invalid else thesis.held,
                "candles": candles,
                "looked_at": seen.at,
                "checks": (*thesis.checks, seen)[-CHECKS_KEPT:],
            }
            await positions.keep_thesis(conn, row.id, thesis.model_copy(update=changes).model_dump(mode="json"))
            if why is not None:
                args = {"position_id": str(row.id), "close": close, "why": why}
                await jobs.defer(
                    conn,
                    MANAGE_POSITION,
                    args,
                    queue="positions",
                    lock=f"position:{row.id}",
                    queueing_lock=f"position:{row.id}:{close}",
                )
        return why is not None

    async def _by_filter(self, conn: Connection, held: Held, row: Position, ends: Ends, close: int) -> bool:
        """Do what the filter says of its trade; returns whether the position is closed for it."""
        direction, price = Direction(row.side), self._market.prices.get(row.symbol)
        info = self._market.infos.get(row.symbol)
        if ends.exit:
            return await self._end(conn, held, row, "exit", "The filter's exit is true.", close)
        if price is None or info is None:
            return False
        now, rules, sign = to_decimal(price.price), SymbolRules.of(info), direction.sign
        stop = rules.stop(direction, to_decimal(ends.stop)) if ends.stop is not None else None
        target = rules.target(direction, to_decimal(ends.target)) if ends.target is not None else None
        if stop is not None and (now - stop) * sign <= ZERO:
            reasoning = f"The price {plain(now)} is beyond the filter's stop {plain(stop)}."
            return await self._end(conn, held, row, "stop", reasoning, close)
        if target is not None and (target - now) * sign <= ZERO:
            reasoning = f"The price {plain(now)} has reached the filter's target {plain(target)}."
            return await self._end(conn, held, row, "target", reasoning, close)
        old = tuple(Decimal(t) for t in row.targets)
        nearer = stop if stop is not None and stop > ZERO and tighter(direction, stop, row.stop) else None
        moved = (target,) if target is not None and (target,) != old else None
        if nearer is None and moved is None:
            return False
        says = [f"its stop is {plain(nearer)}"] if nearer is not None else []
        says += [f"its target is {plain(moved[0])}"] if moved is not None else []
        await self._note(conn, held, row, "adjust", f"The filter says: {', '.join(says)}.", close, nearer, moved)
        since = at(to_ms(row.opened_at))
        await positions.protect(conn, row.id, stop=nearer or row.stop, targets=moved or old, since=since)
        return False

    async def _end(self, conn: Connection, held: Held, row: Position, reason: str, reasoning: str, close: int) -> bool:
        await self._note(conn, held, row, "close", reasoning, close, None, None)
        await positions.ask_close(conn, row.id, reason)
        return True

    async def _note(
        self,
        conn: Connection,
        held: Held,
        row: Position,
        decision: str,
        reasoning: str,
        close: int,
        stop: Decimal | None,
        targets: tuple[Decimal, ...] | None,
    ) -> None:
        await analyses.insert_once(
            conn,
            NewAnalysis.model_validate(
                {
                    "decision": decision,
                    "confidence": 100,
                    "model": FILTER,
                    "kind": "position",
                    "signal_id": held.signal_id,
                    "position_id": row.id,
                    "owner_id": row.owner_id,
                    "reasoning": reasoning,
                    "key_levels": levels_json(row, stop, targets),
                    "request_key": f"position:{row.id}:{close}:filter",
                    "decided_at": at(close),
                }
            ),
        )
        await events.append(conn, decided_event(row, decision, reasoning, at(close)))


def filter_ends(
    programs: Mapping[str, Program], rows: Sequence[Held], since: Mapping[UUID, int], panel: Panel, close: int
) -> dict[UUID, Ends]:
    """What the filters say of open trades at a close (ms UTC); their exit counts that was true at any since the last
    look (`since`, by position). Levels that do not use the trade are the analysis's matter: they were frozen when it
    was entered.
    """
    found: dict[UUID, Ends] = {}
    for code, program in programs.items():
        open_trade = uses_trade(program)
        levels = {n: node for n in ("stop", "target") if (node := getattr(program, n)) is not None and open_trade[node]}
        if program.exit is None and not levels:
            continue
        own = [row for row in rows if row.filter_code == code and panel.find(row.symbol) >= 0]
        if not own:
            continue
        trades = [Trade(r.symbol, open_of(to_ms(r.opened_at), program.base), float(r.entry_price)) for r in own]
        history = follow_trades(program, panel, trades, until=close)
        if not len(history.times) or int(history.times[-1]) != close:
            continue
        for column, row in enumerate(own):
            exits = history.exit[history.times > since[row.id], column] if history.exit is not None else np.array([-1])
            prices = {
                name: float(values[-1, column])
                for name in levels
                if (values := getattr(history, name)) is not None and np.isfinite(values[-1, column])
            }
            above = {name: price for name, price in prices.items() if price > 0}
            found[row.id] = Ends(_any(exits), above.get("stop"), above.get("target"))
    return found


def _any(exits: NDArray[np.int8]) -> bool | None:
    """Whether one is true (1); None where none is and the newest is unknown (-1)."""
    if (exits == 1).any():
        return True
    return False if len(exits) and exits[-1] == 0 else None


def levels_json(row: Position, stop: Decimal | None, targets: tuple[Decimal, ...] | None) -> dict[str, Any]:
    """A position's levels after a decision, as an analysis keeps them; None leaves a level as it is."""
    last = row.stop if stop is None else stop
    return {
        "entry": float(row.entry_price),
        "stop_loss": None if last is None else float(last),
        "take_profit": [float(Decimal(t)) for t in (row.targets if targets is None else targets)],
        "support": [],
        "resistance": [],
    }


def decided_event(row: Position, decision: str, reasoning: str, moment: datetime) -> NewEvent:
    """The log's line of a decision about a position."""
    return NewEvent(
        kind="POSITION_DECISION",
        message=f"{row.symbol}: {decision}. {reasoning}",
        detail={"symbol": row.symbol, "decision": decision, "time": moment.isoformat()},
        owner_id=row.owner_id,
        strategy_id=row.strategy_id,
        signal_id=row.signal_id,
        position_id=row.id,
    )
