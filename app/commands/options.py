"""Options that several commands share, and a command class whose usage errors are JSON under `--json`."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import click

from app.commands.output import BAD_INPUT
from app.times import to_ms
from screener import INTERVAL_MS

INTERVALS = click.Choice(list(INTERVAL_MS))
DATA = click.option(
    "--data", "folder", required=True, type=click.Path(path_type=Path), help="DIR/<SYMBOL>/<interval>.parquet"
)
"""Where recorded candles are."""


class DataCommand(click.Command):
    """A command that prints data: with `--json`, what is wrong with its arguments is JSON on standard output."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; a usage error under `--json` is printed as JSON and ends the program with 2."""
        wants_json = "--json" in args
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if not wants_json:
                raise
            hint = f"see `{ctx.command_path} --help`"
            row = {"code": "usage", "line": None, "column": None, "message": error.format_message(), "hint": hint}
            click.echo(json.dumps({"errors": [row]}))
            ctx.exit(BAD_INPUT)


def moment(text: str) -> int:
    """Milliseconds UTC of an ISO 8601 date or time, UTC where it names no zone; BadParameter where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time; write 2026-01-05 or 2026-01-05T12:00:00Z") from None
    return to_ms(found if found.tzinfo else found.replace(tzinfo=UTC))


def iso(time_ms: int) -> str:
    """Milliseconds UTC as ISO 8601 with Z; the milliseconds only where there are any."""
    time = datetime.fromtimestamp(time_ms / 1000, UTC).replace(tzinfo=None)
    return time.isoformat(timespec="milliseconds" if time_ms % 1000 else "seconds") + "Z"


def keep_machine_code() -> None:
    """Say where the engine's machine code is kept between runs, unless the environment says so already.

    To be called before the engine is imported. Where no cache folder can be made, the engine chooses itself.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        folder = (Path(base) if base else Path.home() / ".cache") / "signal-screener" / "numba"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return
    if os.access(folder, os.W_OK):
        os.environ["NUMBA_CACHE_DIR"] = str(folder)
