"""`screener outcomes`: what became of the signals, and what the decisions on them were worth."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import click

from app.commands.options import DataCommand, moment
from app.commands.output import fail, say
from app.commands.parts import load_settings
from app.settings import LOCAL_USER
from app.times import at

HOUR_MS = 3_600_000

if TYPE_CHECKING:
    from analysis.blocks import Interval
    from analysis.track_record import Calibration, Lift
    from app.outcome_views import Group, Summary


@click.command(cls=DataCommand)
@click.option("--strategy", type=click.UUID, help="Signals of this strategy's id only.")
@click.option("--since", help="Candles that closed since this time, ISO 8601.")
@click.option("--limit", type=click.IntRange(1), default=20_000, show_default=True, help="So many signals, the newest.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def outcomes(strategy: UUID | None, since: str | None, limit: int, as_json: bool) -> None:
    """Print what signals came to, traded or not: calibration, lift over the bare filter, and both by group.

    Results are in R: profit after fees over the risk. Intervals hold 95 % of a bootstrap over blocks of time.
    """
    from app.eval_records import address
    from store.errors import StoreError

    first = at(moment(since)) if since is not None else None
    dsn = address(load_settings())
    if dsn is None:
        fail("no database runs here; start `screener up`, or set DATABASE_URL", as_json=as_json)
    try:
        found = asyncio.run(_read(dsn, strategy, first, limit))
    except StoreError as error:
        fail(str(error), as_json=as_json, error_code="database")
    if as_json:
        click.echo(json.dumps(asdict(found)))
        return
    for line in lines(found):
        say(line)


async def _read(dsn: str, strategy: UUID | None, since: datetime | None, limit: int) -> Summary:
    from app.outcome_views import summarise
    from store import outcomes as kept
    from store.session import Database

    async with (
        Database(dsn, application_name="screener-cli", max_size=1) as database,
        database.user(UUID(LOCAL_USER)) as conn,
    ):
        rows = await kept.followed(conn, strategy_id=strategy, since=since, limit=limit + 1)
    return summarise(rows[:limit], limited=len(rows) > limit)


def lines(found: Summary) -> Iterator[str]:
    """A summary for people."""
    if not found.signals:
        yield "no signal is followed yet"
        return
    more = ", the newest" if found.limited else ""
    yield (
        f"{found.signals:,} signals{more}, {found.plans:,} plans: {found.open:,} open, {found.invalid:,} could not be "
        f"followed to an end ({found.late:,} were past stop or target before they could be entered)"
    )
    yield ""
    yield from lift_lines(found.lift)
    yield ""
    yield from calibration_lines(found.calibration)
    for title, groups in (
        ("by strategy", found.by_strategy),
        ("by decision", found.by_decision),
        ("by model", found.by_model),
        ("by prompt version", found.by_prompt_version),
    ):
        yield ""
        yield from _group_lines(title, groups)


def lift_lines(lift: Lift) -> Iterator[str]:
    """What the decisions added to the bare filter, and in what."""
    yield (
        f"R a signal, over {lift.signals:,} signals decided on that ended, of {lift.closes:,} candle closes in "
        f"{lift.blocks:,} blocks of {lift.block_ms / HOUR_MS:,.3g} hours:"
    )
    for name, interval in (
        ("entered, on the analysis' plan", lift.entered),
        ("all, on the bare filter's plan", lift.bare),
        ("lift", lift.difference),
        ("  of it selection, on the bare plan", lift.selection),
        ("  of it the plan, on the entered", lift.plan),
        ("not entered, on the bare filter's plan", lift.avoided),
        *([(f"{lift.others:,} not decided on, on the bare plan", lift.undecided)] if lift.others else []),
    ):
        yield f"  {name:<40} {_interval(interval)}"


def calibration_lines(found: Calibration) -> Iterator[str]:
    """Confidence against what came."""
    if not found.bins:
        yield "no entered signal has ended, so there is no calibration yet"
        return
    yield f"{'confidence':<14} {'entered':>8} {'said':>7} {'won':>7} {'mean R':>8}"
    for b in found.bins:
        name = f"{b.low} to {min(b.high, 100)} %"
        yield f"{name:<14} {b.count:>8,} {b.confidence:>6.0f}% {100 * b.won:>6.0f}% {b.mean_r:>+8.2f}"
    off, brier = 100 * (found.error or 0), found.brier or 0
    yield f"mean distance {off:.0f} points, Brier score {brier:.3f} ({found.count:,} trades)"


def _group_lines(title: str, groups: Sequence[Group]) -> Iterator[str]:
    width = max(len(title), *(len(g.name) for g in groups)) if groups else len(title)
    yield f"{title:<{width}} {'signals':>8} {'entered':>8} {'ended':>7} {'won':>6} {'mean R':>8} {'bare R':>8}  lift"
    for g in groups:
        won = "-" if g.won is None else f"{100 * g.won:.0f}%"
        yield (
            f"{g.name:<{width}} {g.signals:>8,} {g.entered:>8,} {g.ended:>7,} {won:>6} {_r(g.lift.entered):>8} "
            f"{_r(g.lift.bare or g.lift.undecided):>8}  {_interval(g.lift.difference)}"
        )


def _interval(found: Interval | None) -> str:
    if found is None:
        return "-"
    if found.low is None or found.high is None:
        return f"{found.value:+.2f} (too few blocks for an interval)"
    return f"{found.value:+.2f} ({found.low:+.2f} to {found.high:+.2f})"


def _r(found: Interval | None) -> str:
    return "-" if found is None else f"{found.value:+.2f}"
