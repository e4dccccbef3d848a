"""The ledger of outcomes: every signal's plans followed to their end, traded or not.

1. `Ledger.on_minute` is called after each minute's close: it opens the plans of signals that are new or decided
   (app.outcome_plans), takes the minute for all open plans at once (analysis.following), and writes what was settled.
2. Open plans live in memory; each is written down once an hour (`SAVE_EVERY_MS`). After a kill the ledger goes on from
   there over the candles held: the same candles settle the same, and what is settled in the database stays so.
3. A minute that comes late counts in its order up to `PATIENCE_MS`, then the plan goes on without it. Corrections of
   minutes that were taken change nothing.
4. `_catch_up`: plans whose minutes are no longer held are followed on candles of a longer interval that are; where
   there are none, and where a symbol has no candle for long, a plan ends as `invalid` with the reason.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import numpy as np

from analysis.following import Floats, Following, Read, Start
from analysis.outcomes import Outcome
from app.outcome_plans import opened, start
from app.panels import Panelled
from app.times import at
from market.feed import LATE_LIMIT_S
from market.types import SymbolInfo
from screener.intervals import close_of, interval_ms, open_of
from store import jobs, outcomes
from store.outcomes import Progress
from store.session import Database

log = logging.getLogger(__name__)

JOB = "follow_outcomes"
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
PATIENCE_MS = round(LATE_LIMIT_S * 1000)
SAVE_EVERY_MS = HOUR_MS
SAVED_AT_ONCE = 250
SILENT_MS = 24 * HOUR_MS
"""A plan whose symbol had no candle for so long is given up; one that is screened no more, after `LEFT_MS`."""
LEFT_MS = HOUR_MS
OPENED_AT_ONCE = 500
LOOK_BACK = timedelta(seconds=30)
"""Transactions that take longer to commit are found by the hourly look at all that changed of late."""
FIELDS = ("open", "high", "low", "close")


class Market(Panelled, Protocol):
    """What the ledger needs of the feed."""

    infos: dict[str, SymbolInfo]

    def why(self, name: str) -> str:
        """Why a symbol is not screened now."""
        ...


class Ledger:
    """Follows the plans of all signals of a database. `fee_bps` of one side are taken off every result."""

    def __init__(self, database: Database, market: Market, fee_bps: float = 10.0) -> None:
        self._database = database
        self._market = market
        self._fee = fee_bps
        self._following = Following(self._reader("1m"), fee_bps=fee_bps, patience_ms=PATIENCE_MS)
        self._lock = asyncio.Lock()
        self._close = 0
        self._told = 0
        self._looked: datetime | None = None
        self._looked_at_all = 0
        # When the signals that changed of late did so, as of the last look.
        self._seen: dict[UUID, datetime] = {}
        # Opened or loaded, and to be followed from the next minute on.
        self._joining: dict[str, Start] = {}
        # Settled or standing, and not written yet.
        self._pending: dict[str, Progress] = {}

    def __len__(self) -> int:
        """How many open plans are followed."""
        return len(self._following) + len(self._joining)

    async def on_close(self, interval: str, close: int) -> None:
        """Queue the work of a minute's close; other intervals' closes are minutes' too."""
        if interval != "1m":
            return
        self._told = max(self._told, close)
        async with self._database.worker() as conn:
            await jobs.defer(conn, JOB, {"interval": interval, "close": close}, queue="ledger", queueing_lock=JOB)

    async def on_minute(self, close: int) -> int:
        """Follow every plan up to the close of a minute (ms UTC), or the newest that `on_close` was told of; returns
        how many ended. A minute that was followed already does nothing but write what could not be written then.

        Raises StoreError; call it again.
        """
        close = max(close, self._told)
        async with self._lock:
            if close > self._close:
                await self._open(close)
                await self._follow(close)
                self._close = close
            return await self._write()

    async def _open(self, close: int) -> None:
        """Take what is open in the database and not followed here, and open what is due."""
        everything = close - self._looked_at_all >= HOUR_MS
        async with self._database.worker() as conn:
            now = await outcomes.clock(conn)
            if everything and await outcomes.count_open(conn) != len(self):
                for row in await outcomes.all_open(conn):
                    self._join(start(row))
            back = timedelta(milliseconds=2 * HOUR_MS) if everything else LOOK_BACK
            rows = {} if self._looked is None else dict(await outcomes.changed(conn, self._looked - back))
        # Those that were not looked at as they are now; once an hour all of late, at the start all there are.
        ids = None if self._looked is None else [i for i, at_ in rows.items() if everything or self._seen.get(i) != at_]
        while ids is None or ids:
            async with self._database.worker() as conn:
                found = await outcomes.due(conn, ids, OPENED_AT_ONCE)
                new = [plan for due in found for plan in opened(due, close)]
                stored = set(await outcomes.insert_many(conn, new))
            for plan in new:
                if plan.state == "open" and (plan.signal_id, plan.plan) in stored:
                    self._join(start(plan))
            if len(found) < OPENED_AT_ONCE or not stored:
                break
        self._looked, self._seen = now, rows
        if everything:
            self._looked_at_all = close

    def _join(self, plan: Start) -> None:
        if plan.key not in self._following and plan.key not in self._pending:
            self._joining.setdefault(plan.key, plan)

    async def _follow(self, close: int) -> None:
        async with self._market.engine_lock:
            ended = await asyncio.to_thread(self._advance, close)
        for outcome in ended:
            self._pending[outcome.key] = _progress(outcome)
        for outcome in self._following.plans.unsaved(SAVE_EVERY_MS, SAVED_AT_ONCE):
            self._pending[outcome.key] = _progress(outcome)

    def _advance(self, close: int) -> list[Outcome]:
        """In a thread: let plans join, and take every candle up to the close; returns what ended."""
        ended, ready = self._catch_up(list(self._joining.values()), close)
        self._following.add([plan for plan in ready if plan.plan.problem() is None])
        for plan in ready:
            if plan.plan.problem() is not None:
                # Its time ran out on candles that nobody has.
                self._invalid(plan, plan.since, _not_held(plan))
        self._joining.clear()
        ended += self._following.advance(close)
        self._give_up(close)
        return ended

    def _catch_up(self, joining: Sequence[Start], close: int) -> tuple[list[Outcome], list[Start]]:
        """Bring plans to where minutes are held; returns what ended on the way, and the plans that are there."""
        panel = self._market.panel
        first = panel.first_open("1m")
        if first is None:
            return [], list(joining)
        ready = [plan for plan in joining if plan.since >= first]
        behind: dict[str, list[Start]] = defaultdict(list)
        for plan in (plan for plan in joining if plan.since < first):
            label = self._held_since(plan, first, close)
            if label is None:
                self._invalid(plan, plan.since, _not_held(plan))
            else:
                behind[label].append(plan)
        ended: list[Outcome] = []
        for label, plans in behind.items():
            until = _up(first, label)
            following = Following(self._reader(label), label, fee_bps=self._fee)
            following.add([_on_grid(plan, label) for plan in plans])
            ended += following.advance(until)
            ready += following.unfinished(until)
        return ended, ready

    def _held_since(self, plan: Start, first_minute: int, close: int) -> str | None:
        """The shortest interval whose candles reach from where a plan is to where minutes are held, ms UTC."""
        panel = self._market.panel
        for label in sorted(panel.intervals, key=interval_ms):
            held = panel.first_open(label)
            if label == "1m" or held is None:
                continue
            if held <= _on_grid(plan, label).since and _up(first_minute, label) <= close:
                return label
        return None

    def _give_up(self, close: int) -> None:
        """End plans whose symbols have no candles any more."""
        for key in self._following.plans.silent(close - LEFT_MS):
            plan = self._following[key]
            if plan.symbol not in self._market.infos:
                self._invalid(plan, close, f"{plan.symbol} is no longer screened: {self._market.why(plan.symbol)}")
        for key in self._following.plans.silent(close - SILENT_MS):
            plan = self._following[key]
            if key not in self._pending:
                self._invalid(plan, close, f"{plan.symbol} had no candle for {SILENT_MS // HOUR_MS} hours")
        self._following.drop([key for key in self._pending if self._pending[key].state == "invalid"])

    def _invalid(self, plan: Start, moment: int, why: str) -> None:
        signal_id, name = _parts(plan.key)
        self._pending[plan.key] = Progress(
            signal_id=signal_id,
            plan=name,
            state="invalid",
            last_candle=at(moment),
            mfe_r=plan.best_r,
            mae_r=plan.worst_r,
            filled=plan.filled,
            reason=why,
        )

    async def _write(self) -> int:
        if not self._pending:
            return 0
        rows = list(self._pending.values())
        async with self._database.worker() as conn:
            await outcomes.save_many(conn, rows)
        self._pending.clear()
        ended = sum(row.state != "open" for row in rows)
        if ended:
            log.info("%d outcomes are settled, %d plans are open", ended, len(self))
        return ended

    def _reader(self, interval: str) -> Read:
        def read(first: int, count: int, symbols: Sequence[str]) -> Floats:
            panel = self._market.panel
            whole = np.empty((len(FIELDS), count, panel.width))
            panel.fill(interval, FIELDS, first, whole)
            columns = np.array([panel.find(name) for name in symbols], dtype=np.intp)
            found = np.full((len(FIELDS), count, len(symbols)), np.nan)
            found[:, :, columns >= 0] = whole[:, :, columns[columns >= 0]]
            return found

        return read


def _up(moment: int, interval: str) -> int:
    """The first moment at or after this at which a candle opens, ms UTC."""
    opening = open_of(moment, interval)
    return opening if opening == moment else close_of(opening, interval)


def _on_grid(plan: Start, interval: str) -> Start:
    """The plan from a candle's open on: that of the candle under way, whose part that was seen settled nothing, unless
    the plan began within it."""
    opening = open_of(plan.since, interval)
    begun = plan.since if plan.begun is None else plan.begun
    return replace(plan, since=opening if opening >= begun else _up(plan.since, interval))


def _not_held(plan: Start) -> str:
    return f"its candles from {at(plan.since):%Y-%m-%d %H:%M} on were not held when the worker came back"


def _parts(key: str) -> tuple[UUID, outcomes.Plan]:
    signal_id, plan = key.split("/")
    return UUID(signal_id), "model" if plan == "model" else "bare"


def _progress(outcome: Outcome) -> Progress:
    signal_id, plan = _parts(outcome.key)
    ended = outcome.state not in ("open", "invalid")
    return Progress(
        signal_id=signal_id,
        plan=plan,
        state=outcome.state,
        last_candle=at(outcome.closed_at),
        mfe_r=outcome.mfe_r,
        mae_r=outcome.mae_r,
        result_r=outcome.result_r if ended else None,
        close_price=outcome.price if ended else None,
        filled=None if outcome.state == "invalid" else outcome.filled,
        reason=outcome.reason,
    )
