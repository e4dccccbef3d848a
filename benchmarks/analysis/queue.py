"""The queue: from a signal's commit to the prompt sent.

A worker's parts in one process on an embedded Postgres: the queue's jobs, the analyser, the engine that holds 200
symbols with 1,000 candles and runs twenty strategies, and the database's other connections. The model is an object in
the place of the gateway that notes when it is asked, and answers after a second.

1. `analysis.queue`: 200 signals within one minute, each stored at a moment of its own, drawn evenly. The value is the
   99th percentile over all.
2. `analysis.queue.burst`: the same 200 in one transaction, as when they all fire on one close. The first prompts go
   out while the last snapshots are still built: `median` and `first` say how they follow each other.

`processor` is what the process needs of a core for one signal, from its commit to the analysis stored, in milliseconds.
"""

from __future__ import annotations

import asyncio
import gc
import random
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import numpy as np

from benchmarks.rows import Row

LIMIT_MS: Final = 100.0
SIGNALS: Final = 200
STRATEGIES: Final = 20
SYMBOLS: Final = tuple(f"S{n:03d}USDT" for n in range(200))
CANDLES: Final = 1_000
SPREAD_S: Final = 60.0
ANSWER_S: Final = 1.0
MINUTE: Final = 60_000
START: Final = 1_767_600_000_000
CODE: Final = "match = ta.rsi(close, 14) < 101 and close > ta.ema(close, 50) * 0.5"
ANSWER: Final = {"decision": "bad_setup", "confidence": 50, "reasoning": "Nothing of note."}

_SYMBOL: Final = re.compile(r'"symbol":"(\w+)"')


def run(wanted: str = "analysis.queue") -> Iterator[Row]:
    """The rows that `wanted` names or begins the name of."""
    folder = Path(tempfile.mkdtemp(prefix="screener-bench-"))
    from store.embedded import EmbeddedPostgres

    server = EmbeddedPostgres(folder / "postgres")
    try:
        server.start()
        rows = asyncio.run(_measure(server, wanted))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    yield from rows


async def _measure(server: Any, wanted: str) -> list[Row]:
    from store.migrate import migrate

    await migrate(server.admin_dsn, login_password=server.app_password)
    bench = await _Bench.start(server.app_dsn)
    try:
        rows = []
        # What is compiled or imported on first use is no part of it.
        await bench.send([bench.some(20)], 0.0)
        # As the worker does when it is ready.
        gc.collect()
        gc.freeze()
        if wanted == "analysis.queue":
            waits = await bench.send([[s] for s in bench.some(SIGNALS)], SPREAD_S)
            rows.append(_row("analysis.queue", waits, bench.processor_ms))
        waits = await bench.send([bench.some(SIGNALS)], 0.0)
        rows.append(_row("analysis.queue.burst", waits, bench.processor_ms))
        return rows
    finally:
        await bench.stop()


def _row(name: str, waits: Sequence[float], processor_ms: float) -> Row:
    ordered = sorted(waits)
    worst = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] if ordered else float("nan")
    failure = None
    if len(ordered) < SIGNALS:
        failure = f"{len(ordered)} of {SIGNALS} prompts were sent"
    elif name == "analysis.queue" and not worst <= LIMIT_MS:
        failure = f"more than {LIMIT_MS:.0f} ms"
    details = {
        "limit": LIMIT_MS if name == "analysis.queue" else None,
        "first": ordered[0] if ordered else None,
        "median": ordered[len(ordered) // 2] if ordered else None,
        "longest": ordered[-1] if ordered else None,
        "signals": len(ordered),
        "processor": processor_ms,
    }
    return Row(name, worst, "ms", None, {k: v for k, v in details.items() if v is not None}, failure)


@dataclass
class _Model:
    """Notes when it is asked about which symbol and strategy, and answers after a while."""

    asked: dict[tuple[str, str], float] = field(default_factory=dict)
    name: str = "stand-in"

    async def complete(self, request: Any) -> Any:
        from llm.models import ModelAnswer

        now = time.perf_counter()
        named = _SYMBOL.search(request.variables["snapshot"])
        assert named is not None, "a snapshot names its symbol"
        self.asked[request.spender.strategy, named[1]] = now
        await asyncio.sleep(ANSWER_S)
        return ModelAnswer(request.schema.model_validate(ANSWER), "{}", self.name)


class _Market:
    """What an analysis needs of a market that stands still at the newest close."""

    def __init__(self) -> None:
        from market.source import FIELDS
        from market.store import MarketStore
        from market.types import Price, SymbolInfo

        draws = np.random.default_rng(7)
        closes = 100 * np.exp(np.cumsum(draws.normal(0, 0.003, (CANDLES, len(SYMBOLS))), axis=0))
        opens = np.vstack([np.full(len(SYMBOLS), 100.0), closes[:-1]])
        columns: dict[str, Any] = {
            "open": opens,
            "high": np.maximum(opens, closes) * 1.001,
            "low": np.minimum(opens, closes) * 0.999,
            "close": closes,
        }
        other = draws.uniform(10, 20, closes.shape)
        rows = np.stack([columns.get(name, other) for name in FIELDS], axis=2)
        self._store = MarketStore(SYMBOLS, CANDLES + 10)
        self._store.ensure("1m")
        for number in range(CANDLES):
            self._store.append("1m", START + number * MINUTE, rows[number])
        self.close = START + CANDLES * MINUTE
        self.panel = self._store.panel
        self.candles = self._store.candles
        self.engine_lock = asyncio.Lock()
        self.prices = {s: Price(s, float(closes[-1, i]), self.close) for i, s in enumerate(SYMBOLS)}
        small = Decimal("0.0001")
        self.infos = {
            s: SymbolInfo(s, s.removesuffix("USDT"), "USDT", "TRADING", small, small, small, Decimal(5))
            for s in SYMBOLS
        }
        self.clock = SimpleNamespace(speed=1.0, now_ms=lambda: self.close)


class _Bench:
    """The worker's parts, and who stores signals."""

    def __init__(self, database: Any, market: _Market, model: _Model, strategies: Sequence[Any], jobs: Any) -> None:
        self._database = database
        self._market = market
        self._model = model
        self._strategies = strategies
        self._jobs = jobs
        self._draws = random.Random(11)
        self._candles = 0
        self.processor_ms = 0.0

    @classmethod
    async def start(cls, dsn: str) -> _Bench:
        from app.analysing import Analyser
        from app.engines import Engines, Loaded
        from app.jobs import Jobs
        from app.settings import Settings
        from screener import compile_filter
        from store import strategies
        from store.records import NewStrategy
        from store.session import Database

        market, model = _Market(), _Model()
        database = Database(dsn, application_name="bench", max_size=8)
        await database.open()
        engines = Engines(cast(Any, market.panel))
        program = compile_filter(CODE, "1m")
        stored = []
        for number in range(STRATEGIES):
            new = NewStrategy(
                code=f"bench-{number}",
                name=f"Bench {number}",
                base_interval="1m",
                filter_code=CODE,
                filter_hash="h",
                analysis={"concurrency": 10},
                enabled=True,
            )
            async with database.worker() as conn:
                stored.append(await strategies.upsert_built_in(conn, new))
        engines.add([Loaded(str(s.id), s.version, program, "level", frozenset(), None) for s in stored])
        settings = Settings(_env_file=None, model_concurrency=200)
        analyser = Analyser(database, cast(Any, market), model, settings, engines)
        jobs = asyncio.create_task(Jobs(dsn, cast(Any, SimpleNamespace(analyser=analyser))).run())
        await asyncio.sleep(1.0)
        return cls(database, market, model, stored, jobs)

    async def stop(self) -> None:
        self._jobs.cancel()
        with suppress(asyncio.CancelledError):
            await self._jobs
        await self._database.close()

    def some(self, count: int) -> list[Any]:
        """Matches of the strategies in turn on different symbols; their candles differ from all made before."""
        from app.times import at
        from store.records import NewSignal

        self._candles += 1
        close = at(self._market.close + self._candles - 1)
        return [
            NewSignal(
                strategy_id=self._strategies[n % STRATEGIES].id,
                strategy_version=self._strategies[n % STRATEGIES].version,
                symbol=SYMBOLS[n],
                interval="1m",
                candle_close=close,
                price=Decimal(100),
                side="long",
                conditions=[{"text": "ta.rsi(close, 14) < 101", "left": 50.0, "op": "<", "right": 101, "value": True}],
            )
            for n in range(count)
        ]

    async def send(self, groups: Sequence[Sequence[Any]], within_s: float) -> list[float]:
        """Store groups of signals, each in its transaction, at moments within so many seconds; returns milliseconds
        from commit to prompt.
        """
        from store import signals

        self._model.asked.clear()
        spent = time.process_time()
        committed: dict[tuple[str, str], float] = {}
        begin = time.perf_counter()
        for group, moment in zip(groups, sorted(self._draws.uniform(0, within_s) for _ in groups), strict=True):
            await asyncio.sleep(max(0.0, begin + moment - time.perf_counter()))
            async with self._database.worker() as conn:
                await signals.insert_many(conn, group)
            done = time.perf_counter()
            committed.update({(str(s.strategy_id), s.symbol): done for s in group})
        await _until(lambda: len(self._model.asked) == len(committed), 60)
        await self._answered()
        self.processor_ms = (time.process_time() - spent) * 1e3 / len(committed)
        return [(self._model.asked[key] - done) * 1e3 for key, done in committed.items() if key in self._model.asked]

    async def _answered(self) -> None:
        end = time.perf_counter() + 60
        while time.perf_counter() < end:
            async with self._database.worker() as conn:
                cursor = await conn.execute("select count(*) from jobs.procrastinate_jobs")
                [row] = await cursor.fetchall()
            if not row[0]:
                return
            await asyncio.sleep(0.1)


async def _until(met: Callable[[], bool], seconds: float) -> None:
    end = time.perf_counter() + seconds
    while not met() and time.perf_counter() < end:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.005)
