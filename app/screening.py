"""Screening: a closed candle in, stored signals out, once per strategy, symbol and candle.

1. `sync` brings the engines in line with the enabled strategies of the database.
2. `screen` takes one boundary's coverage: for each interval that closed, claim the run, step the engine, store. Then
   `_peek` looks at the forming candles of strategies that are evaluated each minute: what fires is stored as
   provisional, once per strategy, symbol and candle, and moves no watermark; `_write` confirms it when the candle
   closes and the filter matches.
3. `screen_late` takes symbols whose candles came when the others had been screened (`app.late`); they are marked.
4. `_store` writes signals, strategy runs, watermarks and the end of the run in one transaction, so that a kill leaves
   either all of a candle or nothing; a database that is away is waited for, with the result in hand.
5. `recover` screens the candles of runs that were claimed and never finished, by replay; what a kill kept from being
   seen of a candle under way is seen at the newest minute.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from app.engines import Engines, Loaded, Match, Screened
from app.late import LateScreening
from app.panels import Panelled
from app.replaying import replayed
from app.run_records import run_outcome, strategy_runs
from app.signal_rows import candle_json, condition_json, confirmed, forming_json
from app.times import at, to_ms
from market.types import Candle, Coverage, MarketError, SymbolInfo
from screener import FilterError, Program, compile_filter
from screener.intervals import INTERVAL_MS, interval_ms
from store import events, runs, signals, strategies
from store.errors import DatabaseUnavailable
from store.records import Direction, NewSignal, NewStrategyRun, RunOutcome, Strategy
from store.session import Database

log = logging.getLogger(__name__)
SNAPSHOT_CANDLES = 120
RETRY_SECONDS = 1.0
SHARD = 0
# Markets list fewer than a hundred thousand symbols of this size; a lease outlives the slowest step by far.
LEASE_SECONDS = 30.0


class Market(Panelled, Protocol):
    """What screening needs of the feed."""

    infos: dict[str, SymbolInfo]

    def candles(self, symbol: str, interval: str, limit: int) -> list[Candle]:
        """Closed candles of a symbol, oldest first."""
        ...

    async def require(self, program: Program, *, forming: bool = False) -> None:
        """Make sure that the panel holds the intervals that a program reads; `forming`: and its candle's minutes."""
        ...


class Screener:
    """Runs due strategies over the market and stores what they find."""

    def __init__(self, database: Database, market: Market, worker: str) -> None:
        self._database = database
        self._market = market
        self._worker = worker
        self._directions: dict[str, Direction] = {}
        self._failed: set[str] = set()
        # Close up to which each version's history was there when it was loaded; later closes were stepped.
        self._since: dict[str, int] = {}
        self._under_way: set[tuple[str, int]] = set()
        self.engines = Engines(market.panel)
        self._late = LateScreening(database, market, self.engines, self._signal, SHARD)
        self.last_run: dict[str, float | int | str] = {}

    async def sync(self) -> None:
        """Add what was enabled or edited, remove what was paused or deleted."""
        async with self._database.worker() as conn:
            wanted = await strategies.enabled(conn)
        keys = {f"{s.id}:{s.version}" for s in wanted}
        ids = {str(s.id) for s in wanted}
        self._failed &= keys
        for held in self.engines.loaded:
            if held.strategy_id not in ids:
                async with self._market.engine_lock:
                    self.engines.remove(held.key)
        new = [
            loaded
            for strategy in wanted
            if (key := f"{strategy.id}:{strategy.version}") not in self._failed and not self.engines.holds(key)
            if (loaded := await self._prepare(strategy, key)) is not None
        ]
        if not new:
            return
        async with self._market.engine_lock:
            begin = time.perf_counter()
            newest = {s.key: self._newest_close(s.program.base) for s in new}
            await asyncio.to_thread(self.engines.add, new)
        self._since.update({key: close for key, close in newest.items() if close is not None})
        log.info("%d strategies are live after %.0f ms", len(new), (time.perf_counter() - begin) * 1e3)
        async with self._database.worker() as conn:
            for loaded in new:
                await strategies.set_state(conn, UUID(loaded.strategy_id), loaded.version, "live")
                close = newest[loaded.key]
                if loaded.watermark is None and close is not None:
                    # What its first edges are relative to must outlive a kill during its first run.
                    await strategies.advance_watermark(conn, {UUID(loaded.strategy_id): loaded.version}, at(close))

    def try_again(self) -> None:
        """Filters that did not compile are tried at the next `sync`: the market has other symbols now."""
        self._failed.clear()

    def _newest_close(self, interval: str) -> int | None:
        newest = self._market.panel.last_open(interval)
        return newest + interval_ms(interval) if newest is not None else None

    async def _prepare(self, strategy: Strategy, key: str) -> Loaded | None:
        if strategy.base_interval not in INTERVAL_MS:
            self._failed.add(key)
            reason = f"there is no interval {strategy.base_interval}"
            await self._strategy_failed(strategy.id, strategy.version, "compile", reason, 1)
            return None
        try:
            program = compile_filter(strategy.filter_code, strategy.base_interval, self._market.infos)
            await self._market.require(program, forming=strategy.evaluate == "minute")
        except FilterError as error:
            self._failed.add(key)
            await self._strategy_failed(
                strategy.id, strategy.version, "compile", "; ".join(str(d) for d in error.diagnostics), 1
            )
            return None
        except MarketError as error:
            # Not the strategy's fault: the next sync tries again.
            log.warning("history for %s is not at hand yet: %s", strategy.code, error)
            return None
        self._directions[key] = strategy.direction
        return Loaded(
            strategy_id=str(strategy.id),
            version=strategy.version,
            program=program,
            trigger="level" if strategy.controls.get("trigger") == "level" else "edge",
            symbols=frozenset(strategy.universe.get("symbols") or ()),
            watermark=to_ms(strategy.watermark) if strategy.watermark else None,
            evaluate=strategy.evaluate,
        )

    async def _strategy_failed(
        self, strategy_id: UUID, version: int, kind: str, message: str, pause_after: int = 5
    ) -> None:
        log.warning("strategy %s failed: %s", strategy_id, message)
        async with self._database.worker() as conn:
            await strategies.record_failure(
                conn, strategy_id, version, {"kind": kind, "message": message}, pause_after=pause_after
            )

    async def screen(self, coverage: Coverage) -> list[UUID]:
        """Screen every interval that closed, then look at the candles under way; returns the ids of new signals."""
        close = coverage.close_time
        claimed = [(interval, close) for interval in self.engines.due(close)]
        self._under_way.update(claimed)
        found: list[UUID] = []
        try:
            run_ids = {interval: await self._claim(interval, close) for interval, _ in claimed}
            async with self._market.engine_lock:
                # Stepped even where another worker holds the runs: the engine's state must not skip a candle.
                results = self.engines.step(close, coverage.fresh) if claimed else []
            for result in results:
                run_id = run_ids.get(result.interval)
                if run_id is not None:
                    found += await self._store(run_id, result, coverage)
        finally:
            self._under_way.difference_update(claimed)
        return found + await self._peek(close)

    async def screen_late(self, close: int, seconds: Mapping[str, float]) -> list[UUID]:
        """Screen symbols whose candles came after the others of that close (ms UTC) had been screened, with market
        seconds since the close; returns the ids of new signals.
        """
        return await self._late.screen(close, seconds)

    async def _peek(self, now: int) -> list[UUID]:
        """Store what fires on candles under way at a minute's close (ms UTC); returns the ids of new signals.

        There is no run to claim: workers that see the same store it once.
        """
        async with self._market.engine_lock:
            results = self.engines.peek(now)
        for key, failure in ((k, f) for result in results for k, f in result.failures.items()):
            log.warning("strategy %s could not be looked at: %s", key, failure)
        new = [self._signal(None, result, match) for result in results for match in result.matches]
        while new:
            try:
                async with self._database.worker() as conn:
                    ids = await signals.insert_many(conn, new)
                if ids:
                    log.info("%d new signals on candles under way", len(ids))
                return ids
            except DatabaseUnavailable as error:
                log.warning("keeping %d provisional matches until the database is back: %s", len(new), error)
                await asyncio.sleep(RETRY_SECONDS)
        return []

    async def _claim(self, interval: str, close_time: int) -> UUID | None:
        while True:
            try:
                async with self._database.worker() as conn:
                    return await runs.claim(
                        conn, interval, at(close_time), SHARD, self._worker, lease_seconds=LEASE_SECONDS
                    )
            except DatabaseUnavailable as error:
                log.warning("waiting for the database: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _store(self, run_id: UUID, result: Screened, coverage: Coverage | None) -> list[UUID]:
        begin = time.perf_counter()
        new = [self._signal(run_id, result, match) for match in result.matches]
        checked = len(coverage.fresh) if coverage else self._market.panel.size
        done = [s for s in result.strategies if s.key not in result.failures]
        records = strategy_runs(result, run_id, checked)
        outcome = run_outcome(result, coverage, self._market.panel, (time.perf_counter() - begin) * 1e3)
        while True:
            try:
                return await self._write(run_id, result, new, done, records, outcome)
            except DatabaseUnavailable as error:
                log.warning("keeping %d matches until the database is back: %s", len(new), error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _write(
        self,
        run_id: UUID,
        result: Screened,
        new: Sequence[NewSignal],
        done: Sequence[Loaded],
        records: Sequence[NewStrategyRun],
        outcome: RunOutcome,
    ) -> list[UUID]:
        begin = time.perf_counter()
        close = at(result.close_time)
        async with self._database.worker() as conn:
            ids = await signals.insert_many(conn, new)
            for signal in await signals.confirm_many(conn, new):
                await events.append(conn, confirmed(signal))
            await strategies.advance_watermark(conn, {UUID(s.strategy_id): s.version for s in done}, close)
            await strategies.clear_failures(conn, [UUID(s.strategy_id) for s in done])
            await runs.record_strategies(conn, records)
            for strategy in result.strategies:
                if strategy.key in result.failures:
                    error = {"kind": "evaluate", "message": result.failures[strategy.key]}
                    await strategies.record_failure(conn, UUID(strategy.strategy_id), strategy.version, error)
            await runs.finish(conn, run_id, self._worker, outcome)
        self.last_run = {
            "interval": result.interval,
            "candle_close": result.close_time,
            "matches": len(new),
            "strategies": len(result.strategies),
            "step_ms": result.step_ms,
            "store_ms": (time.perf_counter() - begin) * 1e3,
        }
        if ids:
            log.info("%s candle %s: %d new signals", result.interval, close.isoformat(), len(ids))
        return ids

    def _signal(
        self, run_id: UUID | None, result: Screened, match: Match, late_seconds: float | None = None
    ) -> NewSignal:
        key = f"{match.strategy_id}:{match.version}"
        held = self._market.candles(match.symbol, result.interval, SNAPSHOT_CANDLES)
        candles = [candle_json(c) for c in held if c.close_time <= result.close_time]
        if result.forming is not None:
            open_time = result.close_time - interval_ms(result.interval)
            column = self._market.panel.index(match.symbol)
            candles.append(forming_json(open_time, result.forming, column))
        return NewSignal(
            strategy_id=UUID(match.strategy_id),
            strategy_version=match.version,
            symbol=match.symbol,
            interval=result.interval,
            candle_close=at(result.close_time),
            price=Decimal(repr(match.price)),
            side=self._directions[key],
            conditions=[condition_json(row) for row in match.conditions],
            indicators=dict(match.levels),
            candles=candles,
            score=match.score,
            provisional=result.forming is not None,
            late=late_seconds is not None,
            late_seconds=late_seconds,
            screen_run_id=run_id,
        )

    async def recover(self, *, interrupted_only: bool = False) -> int:
        """Screen what a killed worker was at: unfinished runs, and the candle after the last finished one.

        Later candles that passed while no worker ran are not caught up one by one: a strategy that was asleep runs
        once, on the newest. Candles that are no longer held close their run as failed. Returns how many runs were
        finished here.
        """
        finished = 0
        for interval, close in await self._interrupted(interrupted_only):
            run_id = await self._claim(interval, close)
            if run_id is None:
                continue
            async with self._database.worker() as conn:
                screened = {
                    f"{s.id}:{s.version}": to_ms(s.watermark)
                    for s in await strategies.enabled(conn)
                    if s.watermark is not None
                }
            async with self._market.engine_lock:
                result = await asyncio.to_thread(
                    replayed, self.engines.loaded, self._market.panel, interval, close, screened, self._since
                )
            if result is None:
                async with self._database.worker() as conn:
                    reason = {"kind": "history", "message": "the candles of this run are no longer held"}
                    await runs.fail(conn, run_id, self._worker, reason)
                continue
            await self._store(run_id, result, None)
            finished += 1
        if finished and not interrupted_only:
            # The watermarks moved, and with them what the first edge of each strategy is relative to.
            async with self._market.engine_lock:
                for held in self.engines.loaded:
                    self.engines.remove(held.key)
            await self.sync()
        if not interrupted_only:
            await self._late.recover()
            if (newest := self._newest_close("1m")) is not None:
                await self._peek(newest)
        return finished

    async def _interrupted(self, interrupted_only: bool) -> list[tuple[str, int]]:
        async with self._database.worker() as conn:
            unfinished = await runs.latest(conn, limit=100, status="running")
            # What `screen` is at in this very process is not interrupted.
            found = {(run.interval, to_ms(run.candle_close)) for run in unfinished} - self._under_way
            if interrupted_only:
                return sorted(found, key=lambda run: run[1])
            for interval in {s.program.base for s in self.engines.loaded}:
                last = await runs.last_done(conn, interval, SHARD)
                newest = self._market.panel.last_open(interval)
                if last is not None and newest is not None:
                    close = to_ms(last.candle_close) + interval_ms(interval)
                    if close <= newest + interval_ms(interval):
                        found.add((interval, close))
        return sorted(found, key=lambda run: run[1])
