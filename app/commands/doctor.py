"""`screener doctor`: what works, what does not, and what to do about it."""

from __future__ import annotations

import asyncio
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands.doctor_models import check_models
from app.commands.finding import Finding
from app.commands.options import DataCommand
from app.commands.output import FAILURE
from app.commands.parts import load_settings
from app.settings import Settings

if TYPE_CHECKING:
    from app.market_check import Tried

# A clock this far off the exchange's makes signed requests fail.
MAX_CLOCK_MS = 1000
# 2024-01-01, ms UTC: a clock before it was never set.
EARLIEST_MS = 1_704_067_200_000


@click.command(cls=DataCommand)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def doctor(as_json: bool) -> None:
    """Check database, market, exchange, model, Langfuse and clock, and say what to do.

    Exit code 1 if something is broken.
    """
    settings = load_settings()
    failed = False
    for finding in findings(settings):
        failed = failed or finding.state == "failed"
        if as_json:
            click.echo(json.dumps(asdict(finding)))
            continue
        click.echo(f"{finding.state:<7} {finding.name:<10} {finding.message}")
        if finding.do:
            click.echo(f"{'':<18} do: {finding.do}")
    if failed:
        raise SystemExit(FAILURE)


def findings(settings: Settings) -> Iterator[Finding]:
    """Every check in turn."""
    for check in (check_folder, check_database, check_market):
        yield check(settings)
    yield from check_exchange(settings)
    yield from check_models(settings)
    yield check_langfuse(settings)


def check_folder(settings: Settings) -> Finding:
    """Whether the data folder, or the nearest folder above it that exists, can be written to."""
    folder: Path = settings.data_dir
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        do = "choose another with --data-dir or SCREENER_DATA_DIR"
        return Finding("data", "failed", f"{nearest} cannot be written to", do)
    return Finding("data", "ok", str(folder) if nearest == folder else f"{folder} will be made")


def check_database(settings: Settings) -> Finding:
    """Whether the configured or embedded database answers with its schema in place."""
    from store.embedded import running_dsn
    from store.errors import StoreError
    from store.session import Database

    async def ping(dsn: str) -> None:
        async with Database(dsn, application_name="screener-doctor", max_size=1, timeout=5) as database:
            await database.ping()

    kind = "DATABASE_URL" if settings.database_url else f"embedded in {settings.data_dir}"
    try:
        dsn = settings.database_url or running_dsn(settings.data_dir / "postgres")
        if dsn is None:
            return Finding("database", "note", f"{kind}: not running", "`screener up` starts it")
        asyncio.run(ping(dsn))
    except StoreError as error:
        do = (
            "check DATABASE_URL and that its server runs, then `screener db migrate`"
            if settings.database_url
            else "stop `screener up` and start it again; its log is in the data folder"
        )
        return Finding("database", "failed", f"{kind}: {error}", do)
    return Finding("database", "ok", f"{kind}: answers, with its schema")


def check_market(settings: Settings) -> Finding:
    """Whether the API answers and reaches the worker, which holds the market."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    host = "127.0.0.1" if host in ("0.0.0.0", "[::]") else host  # noqa: S104 - compared, not listened on
    url = f"http://{host}:{settings.api_port}/ready"
    start = "`screener up` starts market, worker and API; from parts: `screener worker` and `screener api`"
    log = f"look at {settings.data_dir / 'logs' / 'worker.log'}"
    try:
        with urllib.request.urlopen(url, timeout=5):
            return Finding("market", "ok", f"{settings.market_label}: the worker answers through {url}")
    except urllib.error.HTTPError as error:
        if error.code == 503:
            return Finding("market", "failed", "the API answers, the worker that holds the market does not", log)
        do = f"if it is not the screener's, stop it or set SCREENER_API_PORT; else {log}"
        return Finding("market", "failed", f"{url} answers with status {error.code}", do)
    except (OSError, ValueError):
        return Finding("market", "note", f"{settings.market_label}: nothing listens at {url}", start)


def check_langfuse(settings: Settings) -> Finding:
    """Whether Langfuse's keys are given both or not at all, and whether its host takes them."""
    from app.gateway import read_keys
    from llm.langfuse_client import HostFailed, Unavailable, connection
    from llm.prompt_sources import SWITCH, managed_prompts

    del settings
    read_keys()
    given = [name for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY") if os.environ.get(name)]
    if len(given) == 1:
        missing = {"LANGFUSE_PUBLIC_KEY": "LANGFUSE_SECRET_KEY", "LANGFUSE_SECRET_KEY": "LANGFUSE_PUBLIC_KEY"}[given[0]]
        return Finding("langfuse", "failed", f"{given[0]} is set, {missing} is not", f"set {missing} too, or neither")
    if (link := connection()) is None:
        return Finding("langfuse", "ok", "not configured: nothing is traced")
    try:
        project = link.project()
    except (Unavailable, HostFailed) as error:
        do = "check LANGFUSE_BASE_URL and the keys; until then all works, and nothing is traced"
        return Finding("langfuse", "failed", f"configured, but {error}", do)
    where = "prompts from there" if managed_prompts() else f"prompts from the package ({SWITCH} is not on)"
    return Finding("langfuse", "ok", f"traces go to project {project}; {where}")


def check_exchange(settings: Settings) -> Iterator[Finding]:
    """Address, clock, weight, universe and streams of the exchange, by trying them; the machine's clock alone where
    the demo brings its own exchange.
    """
    now = time.time_ns() // 1_000_000
    if now < EARLIEST_MS:
        yield Finding("clock", "failed", "this machine's clock is years behind", "set the clock, or turn on NTP")
    if settings.market != "binance":
        if now >= EARLIEST_MS:
            yield Finding("clock", "ok", "set; the demo market brings its own exchange, which follows it")
        return
    from app.market_check import try_exchange

    tried = asyncio.run(try_exchange(settings))
    if tried.reach_problem is not None:
        yield Finding("exchange", "failed", f"{tried.venue}: {tried.reach_problem}", _reach_advice(tried))
        return
    yield Finding("exchange", "ok", f"{tried.venue}: {tried.rest} answers within {tried.journey_ms} ms")
    yield _clock_finding(tried)
    yield _weight_finding(tried)
    yield _universe_finding(tried)
    yield _streams_finding(tried)


def _reach_advice(tried: Tried) -> str:
    if tried.refused_for_s is not None:
        return (
            f"wait {tried.refused_for_s:.0f} s; stop other programs that ask the exchange from this address, "
            "since going on leads to a longer ban"
        )
    if " 451 " in (tried.reach_problem or "") or " 403 " in (tried.reach_problem or ""):
        return "the exchange does not serve this place: run the worker where it does, or set SCREENER_EXCHANGE_REST_URL"
    where = "SCREENER_EXCHANGE_REST_URL, " if tried.rest.startswith("http://") else ""
    return f"check {where}network, DNS, proxy and firewall; SCREENER_MARKET=demo needs none of them"


def _clock_finding(tried: Tried) -> Finding:
    offset = tried.offset_ms or 0
    text = f"{offset:+d} ms off the exchange's, known to {(tried.journey_ms or 0) // 2} ms"
    if abs(offset) <= MAX_CLOCK_MS + (tried.journey_ms or 0) // 2:
        return Finding("clock", "ok", text)
    return Finding(
        "clock",
        "note",
        f"{text}; candles are judged by the exchange's time all the same",
        "turn on NTP (timedatectl set-ntp true): logs and signed requests need it",
    )


def _weight_finding(tried: Tried) -> Finding:
    used, limit = tried.used_weight or 0, tried.weight_limit or 1
    text = f"{used} of {limit} used in this minute"
    if used <= limit // 2:
        return Finding("weight", "ok", text)
    return Finding("weight", "note", text, "other programs ask from this address too; back-fill will be slower")


def _universe_finding(tried: Tried) -> Finding:
    if tried.universe is None:
        return Finding("universe", "failed", str(tried.universe_problem), "try again; then see the log of the worker")
    report = tried.universe.report()
    reasons = "; ".join(
        f"{why} {found['count']} ({', '.join(found['first'][:3])}{', ...' if found['count'] > 3 else ''})"
        for why, found in report["reasons"].items()
    )
    text = f"{report['symbols']} symbols chosen, {report['rejected']} not" + (f": {reasons}" if reasons else "")
    if not tried.universe.symbols:
        return Finding("universe", "failed", text, "loosen SCREENER_QUOTE_ASSET and SCREENER_UNIVERSE_*")
    return Finding("universe", "ok", text)


def _streams_finding(tried: Tried) -> Finding:
    brought = ", ".join(f"{name} after {seconds:.1f} s" for name, seconds in tried.stream_seconds.items())
    if tried.stream_problems:
        text = "; ".join(f"{name}: {problem}" for name, problem in tried.stream_problems.items())
        do = "let WebSocket connections to that address through, or set SCREENER_EXCHANGE_STREAM_URL"
        return Finding("streams", "failed", f"{text}{f'; {brought}' if brought else ''}", do)
    return Finding("streams", "ok", f"{tried.streams}: {brought}")
