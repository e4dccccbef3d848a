"""Signals that wait: at each close of their strategy's candle their conditions are checked, for free.

1. `told` queues `watch_waits` for a close; `Monitor.watch` does it.
2. All conditions that wait for that close are stepped in one pass over the candles held (`analysis.monitor`), those of
   closes that nobody looked at too: a worker that was away misses nothing.
3. What the closes said is stored with the signal; where something tripped, or every so many candles, the analysis is
   queued in the same transaction. Where that would count against its owner's analyses a day, and all are used, it stays
   due and says so. A signal whose time is up expires.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from analysis.monitor import Question, Watch, answers, compiled
from app.expiry import deadline, settings_of
from app.panels import Panelled
from app.times import at, to_ms
from market.types import MarketError, SymbolInfo
from screener import Program
from screener.engine.panel import Panel
from screener.intervals import closes_between, interval_ms
from store import jobs, signals, watching
from store.session import Database
from store.watching import Waiting

log = logging.getLogger(__name__)
WATCH_WAITS = "watch_waits"

Answers = Mapping[Question, Mapping[int, bool]]
"""Whether conditions held, by close (ms UTC); closes at which one is unknown are left out."""


class Market(Panelled, Protocol):
    """What watching needs of the market."""

    infos: dict[str, SymbolInfo]

    async def require(self, program: Program, *, forming: bool = False) -> None:
        """Make sure that the panel holds the intervals that a program reads."""
        ...


class Monitor:
    """Looks at signals that wait."""

    def __init__(self, database: Database, market: Market) -> None:
        self._database = database
        self._market = market

    async def told(self, interval: str, close: int) -> None:
        """Queue the look at what waits on `interval` for the close (ms UTC); nothing where nothing waits."""
        async with self._database.worker() as conn:
            if await watching.waiting(conn, interval, at(close)):
                args = {"interval": interval, "close": close}
                await jobs.defer(
                    conn,
                    WATCH_WAITS,
                    args,
                    queue="watches",
                    lock=f"waits:{interval}",
                    queueing_lock=f"waits:{interval}",
                )

    async def watch(self, interval: str, close: int) -> int:
        """Look at every signal that waits, at the close (ms UTC) or a later one that has passed since; returns how many
        are asked about again. Raises StoreError.
        """
        close = newest_close(self._market.panel, interval, close)
        async with self._database.worker() as conn:
            found = await watching.waiting(conn, interval, at(close))
        watches = {waiting.id: _watch(waiting) for waiting in found}
        questions = {
            Question(waiting.symbol, code)
            for waiting in found
            for code in (watches[waiting.id].trigger, watches[waiting.id].invalidation)
            if code is not None
        }
        since = min((_looked_at(waiting) for waiting in found), default=close)
        said = await check(self._market, questions, interval, since, close)
        asked = 0
        for waiting in found:
            asked += await self._store(waiting, watches[waiting.id], said, close)
        return asked

    async def _store(self, waiting: Waiting, watch: Watch, said: Answers, close: int) -> bool:
        """Keep what the closes since the last look said of one signal; returns whether it is asked about."""
        if close >= to_ms_of(watch.until):
            async with self._database.worker() as conn:
                if await watching.keep_watch(conn, waiting.id, at(close), watch.model_dump(mode="json")) is not None:
                    reason = "What it waited for did not come in time."
                    await signals.transition(conn, waiting.id, "expired", expected=["wait"], reason=reason)
            return False
        trigger, invalidation = (
            said.get(Question(waiting.symbol, code), {}) if code is not None else {}
            for code in (watch.trigger, watch.invalidation)
        )
        recheck = settings_of(waiting.settings).recheck
        after, why = watch, None
        for passed in closes_between(_looked_at(waiting), close, waiting.interval):
            after, asked = after.next(at(passed).isoformat(), trigger.get(passed), invalidation.get(passed), recheck)
            why = asked or why
        left = timedelta(milliseconds=interval_ms(waiting.interval)) * (recheck - after.candles)
        after = after.model_copy(update={"recheck_at": (at(close) + left).isoformat()})
        async with self._database.worker() as conn:
            kept = await watching.keep_watch(conn, waiting.id, at(close), after.model_dump(mode="json"))
            if kept is None or why is None:
                return False
            refused = await jobs.look_again(conn, waiting.id, after.asks + 1)
            if refused is not None:
                # It stays due: the next close asks again, and the first one of a new day may be answered.
                due = after.model_copy(
                    update={"candles": recheck, "asked": watch.asked, "recheck_at": _next_close(waiting, close)}
                )
                reason = f"It is not looked at again yet: {refused}."
                await watching.put_off(conn, waiting.id, due.model_dump(mode="json"), reason)
                return False
        log.info("%s: the signal that waits is looked at again: %s", waiting.symbol, why)
        return True


async def check(market: Market, questions: Collection[Question], interval: str, since: int, close: int) -> Answers:
    """The answers to filter conditions at the closes after `since`, up to `close` (ms UTC), in one pass."""
    programs = await programs_of(market, {q.code for q in questions}, interval)
    async with market.engine_lock:
        return await asyncio.to_thread(answers, questions, programs.get, market.panel, interval, since, close)


async def programs_of(market: Market, codes: Collection[str], interval: str) -> dict[str, Program]:
    """The programs of stored code by code, with the intervals they read held; those that do not compile, or whose
    history is not at hand, are left out.
    """
    found: dict[str, Program] = {}
    for code in codes:
        program = compiled(code, interval, market.infos)
        if program is None:
            continue
        try:
            await market.require(program)
        except MarketError as error:
            log.warning("history for a watched condition is not at hand yet: %s", error)
            continue
        found[code] = program
    return found


def newest_close(panel: Panel, interval: str, close: int) -> int:
    """The close to look at, ms UTC: the newest held, where a job comes late."""
    newest = panel.last_open(interval)
    return close if newest is None else max(close, newest + interval_ms(interval))


def _looked_at(waiting: Waiting) -> int:
    """The last close that was looked at for a signal (ms UTC): at first its own."""
    return to_ms(max(waiting.candle_close, waiting.looked_at or waiting.candle_close))


def _next_close(waiting: Waiting, close: int) -> str:
    return at(close + interval_ms(waiting.interval)).isoformat()


def to_ms_of(moment: str) -> int:
    """A stored ISO time as ms UTC."""
    return to_ms(datetime.fromisoformat(moment))


def _watch(waiting: Waiting) -> Watch:
    """How a signal is watched now: as stored, or anew where another analysis has said `wait` since."""
    before = Watch.model_validate(waiting.watch) if waiting.watch is not None else None
    analysis = str(waiting.analysis_id) if waiting.analysis_id is not None else ""
    if before is not None and before.analysis_id == analysis:
        return before
    plan, step = waiting.trade_plan or {}, timedelta(milliseconds=interval_ms(waiting.interval))
    last = before.checks[-1].at if before is not None and before.checks else waiting.candle_close.isoformat()
    until = deadline(waiting.candle_close, waiting.interval, waiting.settings)
    named = plan.get("expires_candles")
    if isinstance(named, int) and not isinstance(named, bool) and named > 0:
        until = min(until, to_ms_of(last) + named * interval_ms(waiting.interval))
    return Watch.begin(
        analysis,
        plan,
        waiting.key_levels or {},
        side=waiting.side,
        price=waiting.seen_price or float(waiting.price),
        until=at(until).isoformat(),
        at=last,
        before=before,
    ).model_copy(update={"recheck_at": (at(to_ms_of(last)) + step * settings_of(waiting.settings).recheck).isoformat()})
