"""`screener eval`: how good a translator is by what its programs do, or an analyst by what came, and the runs kept."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from app.commands.eval_analysis import analysis
from app.commands.eval_analysis import show as show_analysis
from app.commands.options import DataCommand, keep_machine_code
from app.commands.output import BAD_INPUT, FAILURE, fail, say
from app.commands.parts import load_settings
from app.settings import Settings, SettingsError

if TYPE_CHECKING:
    from llm.evals.compare import Comparison
    from llm.evals.results import EvalRun

LINE_EVERY_S = 2.0
Ended = TypeVar("Ended")


def _styles(context: click.Context, parameter: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    from llm.evals.dataset import Style

    known = get_args(Style)
    found = tuple(name.strip() for text in names for name in text.split(",") if name.strip())
    if unknown := [name for name in found if name not in known]:
        raise click.BadParameter(f"{unknown[0]!r} is no style; there are {', '.join(known)}")
    return found


@click.group(name="eval")
def evaluation() -> None:
    """Score a translator on sentences with reference filters, or decisions on past signals."""


evaluation.add_command(analysis)


@evaluation.command(cls=DataCommand)
@click.option("--model", help="A model as litellm names it [SCREENER_MODEL, else the offline translator].")
@click.option(
    "--dataset", type=click.Path(path_type=Path, dir_okay=False), help="Cases as JSON lines [the package's own]."
)
@click.option("--style", "styles", multiple=True, callback=_styles, help="Cases of this style only; may be repeated.")
@click.option("--limit", type=click.IntRange(1), help="So many cases, spread over the dataset.")
@click.option("--market", type=click.Path(path_type=Path, file_okay=False), help="Recorded candles to score on too.")
@click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Cases asked at a time.")
@click.option("--resume", is_flag=True, help="Take what the last run has, where it did not finish.")
@click.option("--cached", is_flag=True, help="Let the model cache answer; cost and latency are then too low.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def generate(
    model: str | None,
    dataset: Path | None,
    styles: Any,
    limit: int | None,
    market: Path | None,
    concurrency: int,
    resume: bool,
    cached: bool,
    as_json: bool,
) -> None:
    """Translate every sentence of a dataset and score the programs by what they match.

    Progress goes to standard error. Ctrl-C ends the run and keeps what was scored. Exit code 1 where cases are missing.
    """
    keep_machine_code()
    settings = load_settings()
    from app.evaluation import Choice, Plan, run
    from llm.evals.dataset import DatasetError
    from market.history import HistoryError

    choice = Choice(model, dataset, styles, limit, market, concurrency, resume, cached)
    try:
        plan = Plan(settings, choice)
    except (DatasetError, HistoryError, SettingsError, ValueError) as error:
        fail(str(error), as_json=as_json, code=BAD_INPUT, error_code="dataset")
    try:
        outcome = asyncio.run(until_stopped(lambda progress, stop: run(plan, progress=progress, stop=stop)))
    except OSError as error:
        fail(f"the run cannot be kept: {error}", as_json=as_json)
    _show(outcome.run, outcome.since, as_json=as_json)
    for note in outcome.notes:
        say(f"screener: {note}", err=True)
    if not as_json:
        say(f"kept as {outcome.path}")
    if not outcome.run.complete:
        say(
            f"screener: {outcome.run.stopped}; {len(outcome.run.results)} of {outcome.run.info.asked} cases are scored "
            "and kept, and --resume goes on from there",
            err=True,
        )
        raise SystemExit(FAILURE)


@evaluation.command(name="list", cls=DataCommand)
@click.option("--model", help="Runs of this model only.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="So many, the newest.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_(model: str | None, limit: int, as_json: bool) -> None:
    """Print the runs that are kept, newest first."""
    found = [run for run in _kept(load_settings()) if model is None or run.info.model == model]
    from llm.evals.report import totals

    for run in found[:limit]:
        scores = totals(run)
        if as_json:
            row = {**run.info.model_dump(mode="json"), "scored": len(run.results), "complete": run.complete}
            click.echo(json.dumps({**row, "scores": {name: round(value, 6) for name, value in scores.items()}}))
            continue
        part = "" if run.complete else f" of {run.info.asked}"
        say(
            f"{run.info.id[:8]}  {run.info.started_at:%Y-%m-%d %H:%M}  {run.info.kind}  {run.info.model}  "
            f"{run.info.dataset} {run.info.dataset_hash[:8]}  {len(run.results)}{part} cases  "
            f"score {100 * scores['score']:.1f}, frozen {100 * scores['score.frozen']:.1f}"
        )
    if not found and not as_json:
        say("no run is kept; `screener eval generate` makes one", err=True)


@evaluation.command(cls=DataCommand)
@click.argument("run", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(run: str | None, as_json: bool) -> None:
    """Print a kept run, by the first letters of its id, or the newest one."""
    kept = _kept(load_settings())
    found = [one for one in kept if one.info.id.startswith(run or "")]
    if not found:
        fail(f"no run {run} is kept" if run else "no run is kept", as_json=as_json, code=BAD_INPUT)
    if run and len(found) > 1:
        fail(f"{len(found)} runs begin with {run}; give more letters", as_json=as_json, code=BAD_INPUT)
    from llm.evals.compare import compare, earlier

    before = earlier(found[0], kept)
    _show(found[0], compare(found[0], before) if before is not None else None, as_json=as_json)
    if found[0].stopped and not as_json:
        say(f"{found[0].stopped}; {len(found[0].results)} of {found[0].info.asked} cases")


def _kept(settings: Settings) -> list[EvalRun]:
    from app.evaluation import runs

    return asyncio.run(runs(settings))


async def until_stopped(begin: Callable[[Callable[[int, int], None], asyncio.Event], Awaitable[Ended]]) -> Ended:
    """The run that `begin` starts with a progress callback and the event that ends it: set by the first SIGINT or
    SIGTERM; a second one ends the program."""
    from app.bootstrap import flush_traces

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def ask() -> None:
        stop.set()
        for number in numbers:
            loop.remove_signal_handler(number)

    for number in numbers:
        loop.add_signal_handler(number, ask)
    printer = _Printer()
    try:
        return await begin(printer.show, stop)
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
        printer.end()
        await flush_traces()


def _show(run: EvalRun, since: Comparison | None, *, as_json: bool) -> None:
    """Print the tables, or all of it as JSON."""
    if run.info.kind == "analysis":
        show_analysis(run, since, as_json=as_json)
        return
    from llm.evals import report
    from llm.evals.translation import AGREEMENT, DETAILS, ORDER

    if as_json:
        click.echo(json.dumps(report.as_json(run, ORDER, since)))
        return
    info = run.info
    say(f"{info.kind} by {info.model} on {info.dataset} ({info.dataset_hash[:8]}), scored on {info.market}")
    say("")
    for line in report.table(run, AGREEMENT, ORDER):
        say(line)
    say("")
    for line in report.table(run, DETAILS, ORDER, by_split=True):
        say(line)
    say("")
    say(report.spent(run))
    for title, lines in (
        ("could not be answered or scored, and counted as wrong:", list(report.failures(run))),
        ("lowest scores, frozen cases left out:", list(report.worst(run))),
        ("", list(report.changes(since)) if since is not None else []),
    ):
        if lines and title:
            say(title)
        for line in lines:
            say(line)


class _Printer:
    """How far the run is, on standard error: one line on a terminal, else a new one now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown = time.monotonic()
        self._printed = False

    def show(self, done: int, count: int) -> None:
        """Print the line, unless the last one is too recent."""
        now = time.monotonic()
        if now - self._shown < (0.1 if self._terminal else LINE_EVERY_S):
            return
        self._shown, self._printed = now, True
        line = f"{done:,} of {count:,} cases"
        click.echo(f"\r\x1b[K{line}" if self._terminal else line, nl=not self._terminal, err=True)

    def end(self) -> None:
        """Leave the line behind."""
        if self._terminal and self._printed:
            say(err=True)
