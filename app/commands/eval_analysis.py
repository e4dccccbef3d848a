"""`screener eval analysis`: past signals decided on with what was known then, and followed to their end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.commands.options import INTERVALS, DataCommand, keep_machine_code
from app.commands.output import BAD_INPUT, FAILURE, fail, fail_filter, read_program, say
from app.commands.parts import load_settings
from app.settings import SettingsError

if TYPE_CHECKING:
    from app.analysis_eval import Figures
    from llm.evals.compare import Comparison
    from llm.evals.results import EvalRun


@click.command(cls=DataCommand)
@click.option("--model", help="A model as litellm names it [SCREENER_MODEL, else the offline analyst].")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Recorded candles, DIR/<SYMBOL>/<interval>.parquet or .csv [a made-up market].",
)
@click.option("--strategy", "strategies", multiple=True, help="A built-in strategy's code; may be repeated [all].")
@click.option("--filter", "filter_", metavar="FILE|-", help="A filter of your own in their place.")
@click.option("--direction", type=click.Choice(["long", "short"]), default="long", help="Of --filter.")
@click.option("--interval", type=INTERVALS, help="Base interval in the place of the strategies' own.")
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="At most so many signals.")
@click.option(
    "--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Signals asked at a time."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def analysis(
    model: str | None,
    data: Path | None,
    strategies: tuple[str, ...],
    filter_: str | None,
    direction: Any,
    interval: str | None,
    limit: int,
    concurrency: int,
    as_json: bool,
) -> None:
    """Decide on past signals with what was known then, and score the decisions by what came.

    Results are in R: profit after fees over the risk. Progress goes to standard error. Ctrl-C ends the run and keeps
    what was decided. Exit code 1 where signals are missing.
    """
    keep_machine_code()
    settings = load_settings()
    from app.analysis_eval import Choice, Plan, run
    from app.commands.evals import until_stopped
    from market.history import HistoryError
    from screener import FilterError

    code = read_program(filter_, as_json=as_json) if filter_ is not None else None
    choice = Choice(model, data, strategies, code, direction, interval, limit, concurrency)
    try:
        plan = Plan(settings, choice)
    except FilterError as error:
        fail_filter(error.diagnostics, as_json=as_json)
    except (HistoryError, SettingsError, ValueError) as error:
        fail(str(error), as_json=as_json, code=BAD_INPUT, error_code="dataset")
    try:
        ended = asyncio.run(until_stopped(lambda progress, stop: run(plan, progress=progress, stop=stop)))
    except OSError as error:
        fail(f"the run cannot be kept: {error}", as_json=as_json)
    show(ended.run, ended.since, as_json=as_json, notes=ended.notes)
    if not as_json:
        say(f"kept as {ended.path}")
    for note in ended.notes:
        say(f"screener: {note}", err=True)
    if not ended.run.complete:
        say(
            f"screener: {ended.run.stopped}; {len(ended.run.results)} of {ended.run.info.asked} signals are decided on",
            err=True,
        )
        raise SystemExit(FAILURE)


def show(run: EvalRun, since: Comparison | None, *, as_json: bool, notes: tuple[str, ...] = ()) -> None:
    """Print a run's tables, or all of it as JSON."""
    from app.analysis_eval import figures
    from llm.evals import report

    found = figures(run.results)
    if as_json:
        row = {**report.as_json(run, (), since), "figures": asdict(found), "notes": list(notes)}
        click.echo(json.dumps(row))
        return
    info = run.info
    say(f"{info.kind} by {info.model} on {info.market}, {len(run.results):,} signals")
    say("")
    for line in _tables(run, found):
        say(line)
    say("")
    say(report.spent(run))
    for line in report.failures(run):
        say(line)
    for line in report.changes(since) if since is not None else ():
        say(line)


def _tables(run: EvalRun, found: Figures) -> Iterator[str]:
    from app.commands.outcomes import calibration_lines, lift_lines
    from llm.evals import report

    columns = (
        report.Column("right", "score"),
        report.Column("entered", "entered"),
        report.Column("grounded", "grounded"),
        report.Column("refused", "refused", counted=True),
        report.Column("won", "won", counted=True),
        report.Column("bare won", "bare won"),
    )
    yield from report.table(run, columns, ())
    yield ""
    yield from lift_lines(found.lift)
    yield ""
    yield from calibration_lines(found.calibration)
    if found.refusals:
        yield ""
        yield "entries refused, by the check that failed:"
        for name, count in found.refusals.items():
            yield f"  {count:>5,}  {name}"
