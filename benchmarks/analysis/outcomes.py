"""The ledger: a minute of 10,000 open plans, with all that is written to the database that minute.

The worker's ledger over 600 made-up symbols and an embedded Postgres. In each of `MINUTES` minutes some signals are
new, some plans end, and some open ones are written down; what the ledger does from the minute's close on is timed, the
look at the database for new signals included. `analysis.outcomes` is the slowest of ten minutes (90th percentile), and
`worst` the slowest of all. `analysis.outcomes.restart` is how long a new process takes until all of them are followed
again, an hour of candles included. Plans that ended are compared with a walk candle by candle. `processor` is what a
minute takes of processors, here and in the database, where others do not wait for them.
"""

from __future__ import annotations

import asyncio
import gc
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil

from benchmarks.rows import Row

LIMIT_MS: Final = 100.0
PLANS: Final = 10_000
SYMBOLS: Final = tuple(f"S{n:03d}USDT" for n in range(600))
MINUTES: Final = 100
NEW: Final = 20
HELD: Final = 200
COMPARED: Final = 300
MINUTE: Final = 60_000
START: Final = 1_767_600_000_000
FIELDS: Final = ("open", "high", "low", "close", "volume")


def run(wanted: str = "analysis.outcomes") -> Iterator[Row]:
    """The rows that `wanted` names or begins the name of."""
    from store.embedded import EmbeddedPostgres

    folder = Path(tempfile.mkdtemp(prefix="screener-bench-"))
    server = EmbeddedPostgres(folder / "postgres")
    try:
        server.start()
        rows = asyncio.run(_measure(server))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    yield from (row for row in rows if row.name == wanted or row.name.startswith(f"{wanted}."))


class _Market:
    """Minutes of a market, put into a panel one by one."""

    def __init__(self) -> None:
        from market.types import SymbolInfo
        from screener.engine.panel import Panel

        rng = np.random.default_rng(6)
        shape = (HELD + MINUTES, len(SYMBOLS))
        close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, shape), axis=0))
        first = np.vstack([np.full((1, len(SYMBOLS)), 100.0), close[:-1]])
        high, low = np.maximum(first, close) * 1.0005, np.minimum(first, close) * 0.9995
        self.fields = dict(zip(FIELDS, (first, high, low, close, np.full(shape, 10.0)), strict=True))
        self.panel = Panel(SYMBOLS, capacity=1500)
        self.panel.ensure("1m")
        self.engine_lock = asyncio.Lock()
        step = Decimal("0.01")
        self.infos = {name: SymbolInfo(name, name, "USDT", "TRADING", step, step, step, step) for name in SYMBOLS}
        self.held = 0
        while self.held < HELD:
            self.advance()

    def advance(self) -> int:
        row = self.held
        self.panel.append("1m", START + row * MINUTE, {k: v[row] for k, v in self.fields.items()})
        self.held += 1
        return START + self.held * MINUTE

    def why(self, name: str) -> str:
        return name


@dataclass
class _Bench:
    database: Any
    market: _Market
    strategy: Any
    fired: int = 0

    async def fire(self, count: int, back: int = 0) -> None:
        """Store signals, each of another symbol, `back` minutes before the newest; their analysis came to nothing."""
        from decimal import Decimal

        from app.times import at
        from store import signals
        from store.records import NewSignal

        end = self.market.held - back
        new = []
        for _ in range(count):
            column = self.fired % len(SYMBOLS)
            self.fired += 1
            numbers = np.column_stack([self.market.fields[f][end - 60 : end, column] for f in FIELDS]).tolist()
            rows = [[START + (end - 60 + i) * MINUTE, *values] for i, values in enumerate(numbers)]
            new.append(
                NewSignal(
                    strategy_id=self.strategy.id,
                    strategy_version=self.strategy.version,
                    symbol=SYMBOLS[column],
                    interval="1m",
                    candle_close=at(START + end * MINUTE),
                    price=Decimal(repr(rows[-1][4])),
                    side="long" if self.fired % 2 else "short",
                    candles=rows,
                )
            )
        async with self.database.worker() as conn:
            await signals.insert_many(conn, new)


async def _measure(server: Any) -> list[Row]:
    from app.outcomes import Ledger
    from store import strategies
    from store.migrate import migrate
    from store.records import NewStrategy
    from store.session import Database

    await migrate(server.admin_dsn, login_password=server.app_password)
    async with Database(server.app_dsn, application_name="screener-bench", max_size=2) as database:
        async with database.worker() as conn:
            # Nobody asks for the analyses: what they cost is another benchmark.
            strategy = await strategies.upsert_built_in(
                conn,
                NewStrategy(
                    code="bench",
                    name="Bench",
                    base_interval="1m",
                    filter_code="match = true",
                    filter_hash="h",
                    risk={"stop_atr": 15, "target_atr": 30, "max_hold_candles": 1_000},
                    analysis={"auto": False},
                ),
            )
        bench = _Bench(database, _Market(), strategy)
        for back in range(PLANS // len(SYMBOLS) + 1):
            await bench.fire(min(len(SYMBOLS), PLANS - bench.fired), back)
        close = START + bench.market.held * MINUTE
        ledger = Ledger(database, bench.market)
        await ledger.on_minute(close)
        _age(server.admin_dsn)
        gc.collect()
        spent, worked, open_, ended = [], [], [], 0
        for _ in range(MINUTES):
            # As many as ended are new, so that there are always so many.
            await bench.fire(max(NEW, PLANS - len(ledger)))
            close = bench.market.advance()
            before, begin = _processor(server), time.perf_counter()
            ended += await ledger.on_minute(close)
            spent.append((time.perf_counter() - begin) * 1e3)
            worked.append(_processor(server) - before)
            open_.append(len(ledger))
        failure = await _differs(database, bench.market)
        again = Ledger(database, bench.market)
        begin = time.perf_counter()
        await again.on_minute(close)
        restart = (time.perf_counter() - begin) * 1e3
        if failure is None and len(again) != len(ledger):
            failure = f"{len(ledger)} plans were open, and {len(again)} after a restart"
    ordered = sorted(spent)
    tenth = ordered[int(0.9 * len(ordered))]
    if failure is None and min(open_) < PLANS * 0.99:
        failure = f"only {min(open_)} plans were open"
    if failure is None and tenth > LIMIT_MS:
        failure = f"more than {LIMIT_MS:.0f} ms"
    details = {
        "limit": LIMIT_MS,
        "median": ordered[len(ordered) // 2],
        "worst": ordered[-1],
        "processor": sum(worked) / len(worked),
        "open": min(open_),
        "ended": ended,
        "minutes": MINUTES,
    }
    return [
        Row("analysis.outcomes", tenth, "ms", None, details, failure),
        Row("analysis.outcomes.restart", restart, "ms", None, {"open": len(again)}),
    ]


def _processor(server: Any) -> float:
    """Milliseconds of processor that this process and the database's have taken."""
    found = 1e3 * time.process_time()
    for process in psutil.Process(server.process_id()).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            found += 1e3 * (times.user + times.system)
    return found


def _age(dsn: str) -> None:
    """Signals that are followed are hours old, and the database has had time to tidy up."""
    import psycopg

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("alter table public.signals disable trigger touch")
        connection.execute("update public.signals set updated_at = now() - interval '1 hour'")
        connection.execute("alter table public.signals enable trigger touch")
        connection.execute("vacuum analyze public.signals, public.outcomes")


async def _differs(database: Any, market: _Market) -> str | None:
    """How a plan that ended differs from one walked candle by candle; None where none does."""
    from store.outcomes import Outcome
    from store.rows import fetch_all

    async with database.worker() as conn:
        found = await fetch_all(
            conn,
            Outcome,
            "select * from public.outcomes where state <> 'open' order by signal_id limit %(n)s",
            {"n": COMPARED},
        )
    if not found:
        return "no plan ended"
    for outcome in found:
        state, closed = _walked(market, outcome)
        if (outcome.state, outcome.closed_at and round(outcome.closed_at.timestamp() * 1000)) != (state, closed):
            return f"{outcome.symbol} ended as {outcome.state} at {outcome.closed_at}, not as {state}"
    return None


def _walked(market: _Market, plan: Any) -> tuple[str, int]:
    column, sign = SYMBOLS.index(plan.symbol), 1 if plan.side == "long" else -1
    low, high = ("low", "high") if sign > 0 else ("high", "low")
    stop, target = float(plan.stop) * sign, float(plan.targets[0]) * sign
    first = (round(plan.opened_at.timestamp() * 1000) - START) // MINUTE
    for row in range(first, market.held):
        if market.fields[low][row, column] * sign <= stop:
            return "stop", START + (row + 1) * MINUTE
        if market.fields[high][row, column] * sign >= target:
            return "target", START + (row + 1) * MINUTE
    return "open", 0
