"""`screener up`: the whole system in one command.

1. `_claim_folder` and `_check_ports`: one system per data folder, and clear words when a port is taken.
2. `_database`: the embedded server unless DATABASE_URL names one; migrations.
3. `_children`: simulated exchange (demo), worker, API, web app; each watched and started again when it dies.
4. `_wait_ready`, for as long as the worker gets on (`Patience`), then the addresses; Ctrl-C stops everything in reverse
   order.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from app.commands.output import fail
from app.commands.parts import load_settings
from app.processes import Child, free_port, port_in_use, stop_all
from app.settings import Settings
from app.times import at, to_ms
from app.webapp import streamlit_command
from store import runs
from store.embedded import EmbeddedPostgres
from store.errors import StoreError
from store.migrate import migrate
from store.session import Database

DEMO_SPEED = 10.0
READY_SECONDS = 180.0
_STEP = " INFO    worker app.worker: "


@click.command()
@click.option("--market", type=click.Choice(["demo", "binance"]), default=None, help="Simulated or real prices.")
@click.option("--speed", type=click.FloatRange(0.1, 1000), default=None, help="Speed of the demo market [10].")
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), default=None)
@click.option(
    "--replay",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="Play recorded candles of DIR/<SYMBOL>/<interval>.parquet as the demo market.",
)
def up(market: str | None, speed: float | None, data_dir: Path | None, replay: Path | None) -> None:
    """Start everything: database, market, worker, API and app. Ctrl-C stops all."""
    System(chosen(load_settings(), market, speed, data_dir), replay).run()


def chosen(settings: Settings, market: str | None, speed: float | None, data_dir: Path | None) -> Settings:
    """The settings with the options put over them, and the speed that results: real prices have only one."""
    changes: dict[str, object] = {}
    if market:
        changes["market"] = market
    if data_dir:
        changes["data_dir"] = data_dir.absolute()
    demo = (market or settings.market) == "demo"
    changes["speed"] = (speed or settings.speed or DEMO_SPEED) if demo else 1.0
    return settings.model_copy(update=changes)


class System:
    """All parts of one running system."""

    def __init__(self, settings: Settings, replay: Path | None) -> None:
        self.settings = settings
        self.replay = replay
        self.postgres: EmbeddedPostgres | None = None
        self.children: list[Child] = []
        self.stopped = False

    def run(self) -> None:
        """Start, watch, and stop on a signal."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop_signal)
        begin = time.monotonic()
        try:
            self._check_ports()
            self.settings.data_dir.mkdir(parents=True, exist_ok=True)
            dsn = self._database()
            self._start_children(dsn)
            self._wait_ready()
            self._announce(time.monotonic() - begin)
            self._watch()
        except _Stopped:
            click.echo("\nStopping…")
        except StoreError as error:
            self._end(str(error))
        finally:
            stop_all(self.children)
            if self.postgres is not None:
                self.postgres.stop()
        click.echo("Stopped. What was stored is in " + str(self.settings.data_dir))

    def _stop_signal(self, number: int, frame: FrameType | None) -> None:
        if not self.stopped:
            self.stopped = True
            raise _Stopped

    def _end(self, message: str) -> NoReturn:
        stop_all(self.children)
        if self.postgres is not None:
            self.postgres.stop()
        fail(message)

    def _check_ports(self) -> None:
        settings = self.settings
        for name, port, variable in (
            ("the API", settings.api_port, "SCREENER_API_PORT"),
            ("the app", settings.ui_port, "SCREENER_UI_PORT"),
        ):
            if port_in_use(settings.host, port):
                self._end(f"port {port}, which {name} needs, is in use: stop the other program, or set {variable}")

    def _database(self) -> str:
        if self.settings.database_url:
            asyncio.run(migrate(self.settings.database_url))
            return self.settings.database_url
        click.echo("Starting the database")
        self.postgres = EmbeddedPostgres(self.settings.data_dir / "postgres").start()
        asyncio.run(migrate(self.postgres.admin_dsn, login_password=self.postgres.app_password))
        return self.postgres.app_dsn

    def _start_children(self, dsn: str) -> None:
        settings = self.settings
        logs = settings.data_dir / "logs"
        logs.mkdir(exist_ok=True)
        env = {
            **os.environ,
            "DATABASE_URL": dsn,
            "SCREENER_DATA_DIR": str(settings.data_dir),
            "SCREENER_MARKET": settings.market,
            "SCREENER_SPEED": str(settings.pace),
            "SCREENER_WORKER_URL": f"http://127.0.0.1:{free_port()}",
            "SCREENER_WORKER_NAME": settings.worker_name or "up",
            "SCREENER_WORKER_TOKEN": secrets.token_urlsafe(24),
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            # Arithmetic is small and latency matters: one thread each keeps the demo within one core.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
        }
        program = [sys.executable, "-m", "app"]
        if settings.market == "demo":
            port = settings.sim_port if not port_in_use("127.0.0.1", settings.sim_port) else free_port()
            env["SCREENER_EXCHANGE_REST_URL"] = f"http://127.0.0.1:{port}"
            env["SCREENER_EXCHANGE_STREAM_URL"] = f"ws://127.0.0.1:{port}"
            command = [
                sys.executable,
                "-m",
                "simexchange",
                "--port",
                str(port),
                "--speed",
                str(settings.pace),
            ]
            command += ["--seed", str(settings.seed), "--symbols", str(settings.symbols)]
            if self.replay:
                command += ["--replay", str(self.replay)]
            # The same seed makes the same market; what is replayed may be anything.
            env["SCREENER_HISTORY"] = "" if self.replay else settings.history or f"demo-{settings.seed}"
            clock = asyncio.run(_market_clock(dsn, settings.pace, recorded=self.replay is not None))
            self.children.append(Child("simulated exchange", command, env, logs / "exchange.log", more=clock.arguments))
        self.children.append(Child("worker", [*program, "worker"], env, logs / "worker.log"))
        self.children.append(Child("API", [*program, "api"], env, logs / "api.log"))
        command, folder, extra = streamlit_command(settings)
        self.children.append(Child("app", command, {**env, **extra}, logs / "app.log", cwd=folder))
        for child in self.children:
            child.start()
        click.echo("Starting " + ", ".join(child.name for child in self.children))

    def _wait_ready(self) -> None:
        worker = next(child for child in self.children if child.name == "worker")
        patience = Patience(worker, time.monotonic())
        waiting = [f"{self._local(self.settings.api_port)}/ready", self._local(self.settings.ui_port)]
        while waiting:
            waiting = [url for url in waiting if not _answers(url)]
            self._restart_dead()
            for step in patience.steps(time.monotonic()):
                click.echo(f"  {step}")
            if waiting and time.monotonic() > patience.end:
                tails = "\n".join(f"--- {c.name}\n{c.tail()}" for c in self.children)
                kept = "What was fetched is kept: start it again, and it goes on from there."
                self._end(f"not ready, and nothing went on for {READY_SECONDS:.0f} s. {kept} Said last:\n{tails}")
            time.sleep(0.25 if waiting else 0)

    def _local(self, port: int) -> str:
        return f"http://127.0.0.1:{port}"

    def _announce(self, seconds: float) -> None:
        settings = self.settings
        click.echo("")
        if settings.market == "demo":
            kind = "recorded candles, played" if self.replay else "a simulated market"
            click.echo(f"  SIMULATED: {kind} at {settings.pace:g} times real speed. No real prices, no real money.")
        else:
            click.echo("  Binance spot, real prices. Trades are on paper.")
        click.echo(f"  App   {self._local(settings.ui_port)}")
        click.echo(f"  API   {self._local(settings.api_port)}/docs")
        click.echo(f"  Data  {settings.data_dir} (logs in {settings.data_dir / 'logs'})")
        click.echo(f"  Ready after {seconds:.1f} s. Ctrl-C stops everything.")
        sys.stdout.flush()

    def _watch(self) -> None:
        while True:
            time.sleep(0.5)
            self._restart_dead()
            if self.postgres is not None and self.postgres.ensure_running():
                click.echo("The database had ended and was started again; what was committed is kept.", err=True)

    def _restart_dead(self) -> None:
        for child in self.children:
            message = child.watch()
            if message:
                click.echo(message, err=True)


class Patience:
    """Until when parts that are not ready are waited for: `READY_SECONDS` after the worker's last step on its way.

    Its steps are what its log says of this start at level INFO, until it is ready; warnings, and what is said by one
    that had ended and was started again, are none. Times as of `time.monotonic`.
    """

    def __init__(self, worker: Child, now: float) -> None:
        self.end = now + READY_SECONDS
        self._worker = worker
        self._known = 0
        self._ready = False

    def steps(self, now: float) -> list[str]:
        """What the worker did since it was asked last."""
        if self._ready or self._worker.restarts:
            return []
        said = [line.split(_STEP, 1)[1] for line in self._worker.said().splitlines() if _STEP in line]
        new, self._known = said[self._known :], len(said)
        if new:
            self.end = now + READY_SECONDS
        self._ready = any(step.startswith("ready") for step in new)
        return new


@dataclass(frozen=True)
class _MarketClock:
    """Market time goes on over restarts of the exchange, and never back: what was screened stays the past."""

    start_ms: int | None
    speed: float
    begin: float

    def arguments(self) -> list[str]:
        """The time to start the exchange at now; none where it is to choose by itself."""
        if self.start_ms is None:
            return []
        now = self.start_ms + (time.monotonic() - self.begin) * 1000 * self.speed
        return ["--start", at(round(now)).isoformat()]


async def _market_clock(dsn: str, speed: float, *, recorded: bool) -> _MarketClock:
    async with Database(dsn, application_name="screener-up", max_size=1) as database, database.worker() as conn:
        newest = await runs.latest(conn, limit=1)
    last = to_ms(newest[0].candle_close) if newest else None
    real = time.time_ns() // 1_000_000
    if recorded:
        return _MarketClock(last, speed, time.monotonic())
    return _MarketClock(max(real, last or 0), speed, time.monotonic())


class _Stopped(Exception):
    """Ctrl-C or SIGTERM."""


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == 200)
    except OSError:
        return False
