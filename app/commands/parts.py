"""The parts of the system as programs of their own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import click

from app.commands.options import keep_machine_code
from app.commands.output import fail
from app.settings import Settings, SettingsError


def load_settings() -> Settings:
    """Settings from the environment; a wrong value ends the program with what to change."""
    try:
        settings = Settings()
        settings.require_protection()
    except SettingsError as error:
        fail(str(error), code=2)
    except ValueError as error:
        fail(f"a setting is not valid: {error}", code=2)
    return settings


@click.command()
def api() -> None:
    """Serve the HTTP API on SCREENER_HOST and SCREENER_API_PORT."""
    import uvicorn

    settings = load_settings()
    uvicorn.run(
        "api.main:create_app",
        factory=True,
        host=settings.host,
        port=settings.api_port,
        log_level="warning",
        timeout_graceful_shutdown=2,
        server_header=False,
    )


@click.command()
def worker() -> None:
    """Hold the market, screen it each minute, analyse signals and watch positions."""
    keep_machine_code()
    from app.worker import run

    raise SystemExit(asyncio.run(run(load_settings())))


@click.command()
def warm() -> None:
    """Compile the engine's kernels ahead of the first start; does nothing where that was done."""
    keep_machine_code()
    import screener.engine.replay  # noqa: F401 - to import it is to compile it


@click.command()
def ui() -> None:
    """Serve the web app on SCREENER_HOST and SCREENER_UI_PORT."""
    from app.webapp import streamlit_command

    settings = load_settings()
    command, cwd, env = streamlit_command(settings)
    raise SystemExit(subprocess.call(command, cwd=cwd, env=env))


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.option("--port", default=9080, show_default=True, type=click.IntRange(1, 65535))
@click.option("--replay", type=click.Path(), help="Play recorded candles of DIR/<SYMBOL>/<interval>.parquet.")
@click.option("--speed", default=1.0, show_default=True, type=click.FloatRange(0.01, 1000))
@click.option("--seed", default=7, show_default=True, type=int)
@click.option("--symbols", default=200, show_default=True, type=click.IntRange(1, 1000))
@click.option("--faults", type=click.Path(), help="What goes wrong and when: a .toml or .json file.")
@click.option("--clock", default="real", show_default=True, type=click.Choice(["real", "manual"]))
@click.pass_context
def sim(
    ctx: click.Context,
    port: int,
    replay: str | None,
    speed: float,
    seed: int,
    symbols: int,
    faults: str | None,
    clock: str,
) -> None:
    """Run the simulated exchange alone; its first line says where it listens."""
    command = [sys.executable, "-m", "simexchange", "--port", str(port), "--speed", str(speed)]
    command += ["--seed", str(seed), "--symbols", str(symbols), "--clock", clock]
    if faults:
        command += ["--faults", faults]
    if replay:
        command += ["--replay", replay]
    # Replaced, not wrapped: signals and the exit code are the exchange's own.
    os.execv(sys.executable, [*command, *ctx.args])  # noqa: S606 - our own program
