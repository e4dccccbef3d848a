"""`screener soak`: a simulated run under faults, audited."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from app.commands.output import BAD_INPUT, FAILURE, fail
from app.soak import SCRIPT, Soak, SoakError, SoakOptions, SoakReport


@click.command()
@click.option("--hours", default=24.0, show_default=True, type=click.FloatRange(0.1, 24 * 14), help="Of exchange time.")
@click.option("--seed", default=7, show_default=True, type=int)
@click.option("--speed", default=120.0, show_default=True, type=click.FloatRange(1, 600))
@click.option("--symbols", default=20, show_default=True, type=click.IntRange(1, 400))
@click.option(
    "--faults",
    default=SCRIPT,
    type=click.Path(path_type=Path),
    help="What goes wrong, as for `screener sim`; without it every kind of fault does.",
)
@click.option("--json", "as_json", is_flag=True)
def soak(hours: float, seed: int, speed: float, symbols: int, faults: Path, as_json: bool) -> None:
    """Run a feed beside the simulated exchange while everything goes wrong, then compare it with the truth."""
    options = SoakOptions(hours, seed, speed, symbols, faults)
    try:
        with _quiet():
            report = asyncio.run(Soak(options, lambda line: click.echo(line, err=True)).run())
    except SoakError as error:
        fail(str(error), as_json=as_json, code=BAD_INPUT if error.bad_input else FAILURE)
    except KeyboardInterrupt:
        fail("interrupted; nothing was compared", as_json=as_json)
    click.echo(json.dumps(report.row()) if as_json else table(report))
    if not report.good:
        raise SystemExit(FAILURE)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what feed and client say about each fault, which is expected here."""
    before = {name: logging.getLogger(name).level for name in ("market", "binance")}
    logging.getLogger("market").setLevel(logging.ERROR)
    logging.getLogger("binance").setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def table(report: SoakReport) -> str:
    """The report for people."""
    row = report.row()
    lines = [
        f"{report.options.hours:g} h of exchange time in {report.real_seconds / 60:.1f} min, "
        f"{report.options.symbols} symbols, intervals {' '.join(row['intervals'])}, seed {report.options.seed}",
        "",
        *(f"{'fault ' + kind:<32}{times:>12} times" for kind, times in report.struck.items()),
        "",
        *(f"{name.replace('_', ' '):<32}{value:>12,}" for name, value in row["coverage"].items()),
        "",
        f"{'reconnects':<32}{report.feed['reconnects']:>12,}",
        *(f"{name.replace('_', ' '):<32}{value:>12,}" for name, value in report.feed["corrections"].items()),
        f"{'minutes until all was well':<32}{report.settled_minutes:>12,}",
        f"{'candles compared':<32}{report.compared:>12,}",
        f"{'not equal to the truth':<32}{len(report.differences):>12,}",
        f"{'not accounted for':<32}{len(report.unaccounted):>12,}",
        *(f"  {line}" for line in [*report.differences, *report.unaccounted][:20]),
        "",
        "ok: the panel equals the truth, and every minute is accounted for" if report.good else "FAILED",
    ]
    return "\n".join(lines)
