"""`screener check`: the save gate over recorded candles, as it is applied before a strategy is enabled."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import click

from app.commands.filters import candles_of, program_of
from app.commands.options import DATA, INTERVALS, DataCommand, keep_machine_code
from app.commands.output import FAILURE, read_program

WORDS = {"blocks": "blocks ", "warns": "warning", "info": "       "}


@click.command(cls=DataCommand)
@click.argument("file", metavar="FILE|-")
@DATA
@click.option("--interval", required=True, type=INTERVALS, help="Base interval.")
@click.option(
    "--trigger",
    type=click.Choice(["edge", "level"]),
    default="edge",
    show_default=True,
    help="Whether it fires when it becomes true, or on every candle it is.",
)
@click.option("--direction", type=click.Choice(["long", "short"]), default="long", show_default=True)
@click.option("--symbol", "symbols", multiple=True, help="The strategy's own symbols; all unless given.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def check(
    file: str,
    folder: Path,
    interval: str,
    trigger: Literal["edge", "level"],
    direction: Literal["long", "short"],
    symbols: tuple[str, ...],
    as_json: bool,
) -> None:
    """Try a filter on recorded candles: look-ahead, warm-up, how often it matches, where its stop and target lie.

    Exit code 1 where a finding blocks.
    """
    text = read_program(file, as_json=as_json)
    program = program_of(text, interval, folder, symbols, as_json=as_json)
    candles = candles_of(program, folder, (), as_json=as_json)
    keep_machine_code()
    from screener.gate import gate

    report = gate.check(program, candles, trigger, symbols, direction)
    if as_json:
        facts = {"hash": program.hash, "cost": program.cost, "reach": dict(program.reach)}
        click.echo(json.dumps({"ok": not report.blocks, **facts, **asdict(report)}))
    else:
        click.echo(program.reading)
        for finding in report.findings:
            fault = f" [{finding.condition}]" if finding.condition else ""
            hint = f" {finding.hint}" if finding.hint else ""
            click.echo(f"{finding.code} {WORDS[finding.severity]} {finding.message}{fault}{hint}")
        click.echo(
            f"{report.symbols:,} symbols × {report.candles:,} candles counted; {report.sampled_symbols:,} × "
            f"{report.sampled_candles:,} replayed over {report.cuts} cuts and later starts; {program.cost} nodes a "
            f"step; {report.milliseconds / 1000:.2f} s",
            err=True,
        )
    if report.blocks:
        raise SystemExit(FAILURE)
