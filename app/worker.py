"""The worker: holds the market, screens each minute, has signals analysed, and trades.

1. `run` opens database and market, loads strategies, finishes what an earlier life left, then schedules.
2. APScheduler ticks (`_schedule`): screening each market minute; orders and positions each second. A tick only polls:
   what it does is claimed in the database, so any number of workers may tick.
3. After each minute was screened, `on_close` is told of every candle that closed with it. Whoever is told only queues
   work: `Jobs` does it, in this process or another (app.jobs).
4. `_follow_strategies` listens for edits, so that they reach the engines within a second.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import secrets
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from app import logs
from app.analysing import Analyser
from app.bootstrap import analysing_model, database_url, flush_traces, named_models, paper_broker
from app.builtins import store_built_ins
from app.expiry import lifetime
from app.jobs import Jobs
from app.managing import Manager
from app.market import HeldMarket
from app.market_server import MarketServer
from app.monitoring import Monitor
from app.outcomes import Ledger
from app.places import Places
from app.screening import Screener
from app.settings import Settings
from app.spending import real_now
from app.times import at
from app.trading import Trader
from broker.paper import PaperBroker
from llm.gateway.library import load_litellm
from market.types import Coverage
from screener.intervals import INTERVAL_MS, is_close, open_of
from store import events, jobs, positions, runs, signals, spending
from store.errors import DatabaseUnavailable, StoreError
from store.session import Database, heed_cancellation
from store.trading_records import NewEvent, Position

log = logging.getLogger(__name__)
POLL_SECONDS = 1.0
SHUTDOWN_SECONDS = 5.0
KEEP_RUNS = timedelta(days=14)
KEEP_SPENDING = timedelta(days=35)


class Worker:
    """One worker's parts and its ticks."""

    def __init__(self, settings: Settings, database: Database, market: HeldMarket) -> None:
        # A name that outlives a restart lets the next life take over its runs at once, without waiting for leases.
        self.name = settings.worker_name or f"{socket.gethostname()}:{os.getpid()}"
        self.settings = settings
        self.database = database
        self.market = market
        self.screener = Screener(database, market, self.name)
        model = analysing_model(settings, database)
        # One for all who ask a model: what it is asked at once is bounded for the process.
        places, engines = Places(), self.screener.engines
        named = partial(named_models, settings, database)
        self.analyser = Analyser(database, market, model, settings, engines, named, places)
        self.trader = Trader(database, market, paper_broker(settings, database, market.rules), settings)
        self.ledger = Ledger(database, market, float(settings.fee_bps))
        self.monitor = Monitor(database, market)
        self.manager = Manager(database, market, model, settings, PaperBroker.venue, engines, places)
        self.jobs = Jobs(database.dsn, self)
        # Called with an interval and the close (ms UTC) of its candle, once that was screened; again after a restart.
        self.on_close: list[Callable[[str, int], Awaitable[None]]] = [
            self.ledger.on_close,
            self.monitor.told,
            self.manager.holdings.told,
        ]
        self._scheduler = AsyncIOScheduler()
        self._closes: asyncio.Queue[Coverage] = asyncio.Queue()
        self._sync = asyncio.Lock()
        self._screening = asyncio.Lock()
        self.stopping = asyncio.Event()

    async def start(self) -> None:
        """Back-fill, load strategies, finish what was left; the first tick follows."""
        self.market.feed.on_rebuild = self._refresh
        self.market.feed.on_late = self._screen_late
        self.market.on_change = self._symbols_changed
        await self._keep_positions()
        await self.market.start(progress=_progress)
        await self.sync()
        recovered = await self.screener.recover()
        if recovered:
            log.info("finished %d runs that an earlier worker left", recovered)
        await self.trader.resolve()
        if (newest := self.market.panel.last_open("1m")) is not None:
            # Of candles that closed while no worker ran, the newest is told again: nothing waits for the next one.
            for interval in INTERVAL_MS:
                await self._closed(interval, open_of(newest + INTERVAL_MS["1m"], interval))

    async def run(self) -> None:
        """Tick until `stopping` is set; a part that fails for good ends the worker, which is then started again."""
        self._schedule()
        parts = [
            asyncio.create_task(self._follow_closes()),
            asyncio.create_task(self._follow_strategies()),
            asyncio.create_task(self.jobs.run()),
            asyncio.create_task(self.stopping.wait()),
        ]
        done, rest = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        self._scheduler.pause()
        # A candle that is being stored is finished; without this its run would be left to the next life.
        with suppress(TimeoutError):
            await asyncio.wait_for(self._screening.acquire(), SHUTDOWN_SECONDS)
        self._scheduler.shutdown(wait=False)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        for task in done:
            task.result()

    def _schedule(self) -> None:
        minute = 60 / self.market.clock.speed
        for job, seconds in (
            (self._screen, minute),
            (self._trade, POLL_SECONDS),
            (self._tidy, minute),
        ):
            # Late ticks run, once: what is due is asked of the market and the database, not of the tick.
            self._scheduler.add_job(
                self._guarded(job),
                IntervalTrigger(seconds=max(seconds, 0.05)),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    def _guarded(self, job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def tick() -> None:
            try:
                await job()
            except asyncio.CancelledError:
                # The scheduler ends its waiting ticks when the worker stops.
                if not self.stopping.is_set():
                    raise
            except StoreError as error:
                # The state is in the database: the next tick finds it as this one did.
                log.warning("%s: %s", getattr(job, "__name__", "tick").strip("_"), error)

        return tick

    async def sync(self) -> None:
        """Bring the engines in line with the database."""
        async with self._sync:
            await self.screener.sync()

    async def _follow_closes(self) -> None:
        # The panel goes on to the next minute only when the last one was screened.
        async for coverage in self.market.feed.closes():
            await self._closes.put(coverage)
            await self._closes.join()

    async def _follow_strategies(self) -> None:
        async for _ in self.database.listen("strategies"):
            heed_cancellation()
            try:
                await self.sync()
            except StoreError as error:
                # The next tick's sync tries again.
                log.warning("strategies were not read: %s", error)

    async def _screen(self) -> None:
        """One market minute: everything that closed since the last tick, in order."""
        await self.sync()
        while True:
            heed_cancellation()
            coverage = await self._closes.get()
            try:
                async with self._screening:
                    await self.screener.screen(coverage)
                self.market.last_run = dict(self.screener.last_run)
                for interval in INTERVAL_MS:
                    if is_close(coverage.close_time, interval):
                        await self._closed(interval, coverage.close_time)
            finally:
                self._closes.task_done()
            if self._closes.empty() and self.market.clock.now_ms() - coverage.close_time < INTERVAL_MS["1m"]:
                return

    async def _closed(self, interval: str, close_time: int) -> None:
        for told in self.on_close:
            while True:
                heed_cancellation()
                try:
                    await told(interval, close_time)
                    break
                except DatabaseUnavailable as error:
                    log.warning("waiting for the database to queue the work of a %s close: %s", interval, error)
                    await asyncio.sleep(POLL_SECONDS)

    async def _screen_late(self, close_time: int, seconds: Mapping[str, float]) -> None:
        """Symbols whose candles came after the others were screened."""
        async with self._screening:
            await self.screener.screen_late(close_time, seconds)

    async def _trade(self) -> None:
        await self.trader.enter_approved()
        await self.trader.resolve()
        await self.trader.watch()

    async def _tidy(self) -> None:
        """Expire signals nobody decided, queue those that were forgotten, and drop records that are old."""
        now = self.market.clock.now_ms()
        async with self.database.worker() as conn:
            for unanswered in await signals.unanswered(conn):
                if unanswered.interval not in INTERVAL_MS:
                    continue
                until = at(now) - lifetime(unanswered.interval, unanswered.settings)
                await signals.expire(conn, unanswered.strategy_id, unanswered.interval, until)
            await jobs.give_up(conn)
            await jobs.analyse(conn, await jobs.unqueued(conn))
            await runs.prune(conn, at(now) - KEEP_RUNS)
            await spending.prune(conn, (real_now() - KEEP_SPENDING).date())
        await self.screener.recover(interrupted_only=True)
        await self._keep_positions()

    async def _keep_positions(self) -> None:
        """Positions keep their symbols' prices and rules, whether these are screened or not."""
        async with self.database.worker() as conn:
            held = {position.symbol for position in await positions.all_open(conn)}
        await self.market.keep(held)

    async def _symbols_changed(self, joined: Sequence[str], left: Sequence[str]) -> None:
        """Filters that named a symbol not listed then are tried again; whoever holds one that left is told."""
        if joined:
            self.screener.try_again()
        gone = set(left)
        if not gone:
            return
        try:
            async with self.database.worker() as conn:
                for position in await positions.all_open(conn):
                    if position.symbol in gone:
                        await events.append(conn, self._left(position))
        except StoreError as error:
            log.warning("holders of %s were not told: %s", " ".join(sorted(gone)), error)

    def _left(self, position: Position) -> NewEvent:
        price = self.market.prices.get(position.symbol)
        last = f"its last price was {price.price:g}" if price is not None else "it has no price"
        why = self.market.why(position.symbol)
        return NewEvent(
            kind="SYMBOL_LEFT",
            level="warning",
            message=f"{position.symbol} is no longer screened ({why}), and a position in it is open: {last}.",
            detail={"symbol": position.symbol, "reason": why},
            owner_id=position.owner_id,
            position_id=position.id,
        )

    async def _refresh(self, symbols: frozenset[str]) -> None:
        log.info("candles of %d symbols came late or were corrected; the engine steps them anew", len(symbols))
        async with self.market.engine_lock:
            await asyncio.to_thread(self.screener.engines.refresh, symbols)


def _warmed(task: asyncio.Task[object]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.warning("the library of models cannot be loaded: %s", task.exception())


def _progress(done: int, total: int) -> None:
    if done == total or done % max(1, total // 10) == 0:
        log.info("history: %d of %d", done, total)


async def run(settings: Settings) -> int:
    """Run a worker until SIGTERM or SIGINT; returns the exit code."""
    logs.configure("worker", settings.log_level)
    token = settings.worker_token.get_secret_value() if settings.worker_token else secrets.token_hex(16)
    async with Database(database_url(settings), application_name="screener-worker", max_size=6) as database:
        await store_built_ins(database)
        market = await HeldMarket.open(settings)
        worker = Worker(settings, database, market)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, worker.stopping.set)
        server = MarketServer(market, token)
        url = settings.worker_url.removeprefix("http://")
        host, _, port = url.partition(":")
        try:
            starting = asyncio.create_task(worker.start())
            stopping = asyncio.create_task(worker.stopping.wait())
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                # What is held now stays: looking through it takes the collector a tenth of a second each time.
                gc.collect()
                gc.freeze()
                # Served from here on only: who asks before would see a market half filled.
                await server.start(host, int(port))
                if settings.model is not None:
                    # Importing it takes seconds, which would be the first analysis's.
                    warming = asyncio.create_task(asyncio.to_thread(load_litellm))
                    warming.add_done_callback(_warmed)
                log.info("ready: %d symbols, %s", market.panel.size, ", ".join(market.feed.intervals))
                await worker.run()
            starting.cancel()
            stopping.cancel()
            with suppress(asyncio.CancelledError):
                await starting
        finally:
            await server.stop()
            await market.aclose()
            await flush_traces()
    return 0
