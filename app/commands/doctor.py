"""`screener doctor`: what works, what does not, and what to do about it."""

from __future__ import annotations

import asyncio
import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import click

from app.commands.options import DataCommand
from app.commands.output import FAILURE
from app.commands.parts import load_settings
from app.settings import Settings

# A clock this far off the exchange's makes signed requests fail and candles close late.
MAX_CLOCK_MS = 1000
# 2024-01-01, ms UTC: a clock before it was never set.
EARLIEST_MS = 1_704_067_200_000
KEYS = {
    "anthropic": "ANTHROPIC_API_KEY",
    "azure": "AZURE_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "groq": "GROQ_API_KEY",
    "mistral": "MISTRAL_API_KEY",
    "openai": "OPENAI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "xai": "XAI_API_KEY",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `note` is in order but worth knowing; `do` says what to do about a failure."""

    name: str
    state: Literal["ok", "note", "failed"]
    message: str
    do: str = ""


@click.command(cls=DataCommand)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def doctor(as_json: bool) -> None:
    """Check database, market, model, Langfuse and clock, and say what to do. Exit code 1 if something is broken."""
    settings = load_settings()
    failed = False
    for check in (check_folder, check_database, check_market, check_model, check_langfuse, check_clock):
        finding = check(settings)
        failed = failed or finding.state == "failed"
        if as_json:
            click.echo(json.dumps(asdict(finding)))
            continue
        click.echo(f"{finding.state:<7} {finding.name:<10} {finding.message}")
        if finding.do:
            click.echo(f"{'':<18} do: {finding.do}")
    if failed:
        raise SystemExit(FAILURE)


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


def check_model(settings: Settings) -> Finding:
    """Whether the named model can be called, without calling it: that would cost money."""
    if settings.model is None:
        message = "none configured: the offline translator and analyst serve"
        return Finding("model", "ok", message)
    if find_spec("litellm") is None:
        return Finding("model", "failed", "litellm is not installed", "install the package anew: pip install -e .")
    provider = settings.model.split("/")[0] if "/" in settings.model else "openai"
    key = KEYS.get(provider)
    if key and not os.environ.get(key):
        do = f"set {key}, or unset SCREENER_MODEL to work offline"
        return Finding("model", "failed", f"{settings.model} needs {key}, which is not set", do)
    return Finding("model", "ok", f"{settings.model}; try it: screener generate 'RSI below 30'")


def check_langfuse(settings: Settings) -> Finding:
    """Whether Langfuse's keys are given both or not at all."""
    del settings
    given = [name for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY") if os.environ.get(name)]
    if len(given) == 1:
        missing = {"LANGFUSE_PUBLIC_KEY": "LANGFUSE_SECRET_KEY", "LANGFUSE_SECRET_KEY": "LANGFUSE_PUBLIC_KEY"}[given[0]]
        return Finding("langfuse", "failed", f"{given[0]} is set, {missing} is not", f"set {missing} too, or neither")
    return Finding("langfuse", "ok", "configured" if given else "not configured: nothing is traced")


def check_clock(settings: Settings) -> Finding:
    """The machine's clock: against Binance's where Binance is the market, else that it has been set."""
    now = time.time_ns() // 1_000_000
    if now < EARLIEST_MS:
        return Finding("clock", "failed", "this machine's clock is years behind", "set the clock, or turn on NTP")
    if settings.market != "binance":
        return Finding("clock", "ok", "set; the demo market follows this machine's clock")
    from market.types import MarketError

    try:
        offset = asyncio.run(_offset(settings))
    except (MarketError, OSError) as error:
        do = "check the network and whether api.binance.com can be reached from here"
        return Finding("clock", "failed", f"Binance does not tell the time: {error}", do)
    if abs(offset) > MAX_CLOCK_MS:
        return Finding(
            "clock", "failed", f"{offset:+d} ms off Binance's clock", "turn on NTP (timedatectl set-ntp true)"
        )
    return Finding("clock", "ok", f"{offset:+d} ms off Binance's clock")


async def _offset(settings: Settings) -> int:
    from app.bootstrap import market_source

    source = market_source(settings)
    try:
        before = time.time_ns() // 1_000_000
        theirs = await asyncio.wait_for(source.server_time_ms(), timeout=10)
        after = time.time_ns() // 1_000_000
    finally:
        await source.aclose()
    return (before + after) // 2 - theirs
