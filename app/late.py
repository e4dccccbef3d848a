"""Symbols whose candles came after the others had been screened.

1. `screen` takes what the feed tells: the columns were refreshed, and the same close is screened again for them.
2. `recover` does the same after a kill: a symbol that was absent in the newest run and whose candle came with the
   history at the start was never screened. It is replayed, while its candle is the newest and young enough.
3. `_write` stores signals, confirmations and the run's counts in one transaction. No watermark moves: it stands there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from app.engines import Engines, Match, Screened
from app.panels import Panelled
from app.replaying import replayed
from app.signal_rows import confirmed
from app.times import at, to_ms
from market.feed import LATE_LIMIT_S
from screener.intervals import interval_ms
from store import events, runs, signals, strategies
from store.errors import DatabaseUnavailable
from store.records import NewSignal
from store.session import Database

log = logging.getLogger(__name__)
RETRY_SECONDS = 1.0

MakeSignal = Callable[[UUID | None, Screened, Match, float | None], NewSignal]
"""The row of a match: the run's id, the result it is of, the match, market seconds by which its candle was late."""


class LateScreening:
    """Screens late symbols with `engines` and stores what they fire."""

    def __init__(self, database: Database, market: Panelled, engines: Engines, make: MakeSignal, shard: int) -> None:
        self._database = database
        self._market = market
        self._engines = engines
        self._make = make
        self._shard = shard

    async def screen(self, close: int, seconds: Mapping[str, float]) -> list[UUID]:
        """Screen symbols on the candle that closed then (ms UTC); `seconds` are market seconds since, by symbol.
        Returns the ids of new signals.
        """
        async with self._market.engine_lock:
            results = self._engines.again(close, seconds)
        found: list[UUID] = []
        for result in results:
            for key, failure in result.failures.items():
                log.warning("strategy %s could not be screened on late candles: %s", key, failure)
            held = set(self._held(result.interval, close, seconds))
            found += await self._store(result, {name: s for name, s in seconds.items() if name in held})
        return found

    async def recover(self) -> list[UUID]:
        """Screen what came while nobody looked; returns the ids of new signals."""
        found: list[UUID] = []
        panel = self._market.panel
        last_minute = panel.last_open("1m")
        for interval in sorted({s.program.base for s in self._engines.loaded}):
            async with self._database.worker() as conn:
                run = await runs.last_done(conn, interval, self._shard)
                enabled = await strategies.enabled(conn)
            newest = panel.last_open(interval)
            if run is None or newest is None or last_minute is None:
                continue
            close = newest + interval_ms(interval)
            seconds = (last_minute + interval_ms("1m") - close) / 1000
            if to_ms(run.candle_close) != close or seconds > LATE_LIMIT_S:
                continue
            absent = [name for group in ("stale", "missing") for name in run.absent.get(group, ())]
            came = self._held(interval, close, absent)
            if not came:
                continue
            # Relative to the candle before, for those strategies that have screened this one.
            screened = {
                f"{s.id}:{s.version}": newest
                for s in enabled
                if s.watermark is not None and to_ms(s.watermark) >= close
            }
            async with self._market.engine_lock:
                result = await asyncio.to_thread(replayed, self._engines.loaded, panel, interval, close, screened, {})
            if result is not None:
                result.matches = [match for match in result.matches if match.symbol in came]
                found += await self._store(result, dict.fromkeys(came, seconds))
        return found

    def _held(self, interval: str, close: int, names: Sequence[str] | Mapping[str, float]) -> list[str]:
        """Those of the symbols that have the candle that closed then."""
        panel = self._market.panel
        has = panel.has(interval, close - interval_ms(interval))
        return [name for name in names if name in panel.symbols and has[panel.index(name)]]

    async def _store(self, result: Screened, seconds: Mapping[str, float]) -> list[UUID]:
        new = [self._make(None, result, match, seconds[match.symbol]) for match in result.matches]
        while True:
            try:
                return await self._write(result, new, seconds)
            except DatabaseUnavailable as error:
                log.warning("keeping %d late matches until the database is back: %s", len(new), error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _write(self, result: Screened, new: Sequence[NewSignal], seconds: Mapping[str, float]) -> list[UUID]:
        ids: list[UUID] = []
        by_strategy: dict[UUID, int] = {}
        close = at(result.close_time)
        async with self._database.worker() as conn:
            for signal in new:
                if (signal_id := await signals.insert(conn, signal)) is not None:
                    ids.append(signal_id)
                    by_strategy[signal.strategy_id] = by_strategy.get(signal.strategy_id, 0) + 1
            for changed in await signals.confirm_many(conn, new):
                await events.append(conn, confirmed(changed))
            await runs.add_matches(conn, close, by_strategy)
            await runs.add_late(conn, result.interval, close, seconds, len(ids), self._shard)
        if ids:
            log.info("%s candle %s: %d new signals of late symbols", result.interval, close.isoformat(), len(ids))
        return ids
