"""`screener data`: recorded candles on this machine: fetch them, say what is there and what is missing.

1. `download` asks the exchange for the candles that the folder lacks (`market.download`), and says how far it is.
2. `list_` and `gaps` read any folder that `--data` takes, and change nothing in it.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from app.commands.options import DataCommand, iso, moment
from app.commands.output import BAD_INPUT, FAILURE, fail
from app.settings import Settings
from screener import INTERVAL_MS, interval_ms

if TYPE_CHECKING:
    from market.binance import BinanceSource
    from market.cache import HistoryCache
    from market.candle_file import Held
    from market.download import Download, Job, Progress

LINE_EVERY_S: Final = 2.0
# What weighs least for each candle: futures weigh 1,000 candles 5, and 499 of them 2.
PER_REQUEST: Final = {"spot": 1000, "usdm": 499}


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(text.replace(",", " ").split()))


def _intervals(text: str) -> list[str]:
    names = _names(text)
    if unknown := [name for name in names if name not in INTERVAL_MS]:
        raise click.BadParameter(f"{unknown[0]!r} is no interval; there are {' '.join(INTERVAL_MS)}")
    if not names:
        raise click.BadParameter("name at least one, as in 1m,1h")
    return names


def _symbols(text: str) -> list[str]:
    names = [name.upper() for name in _names(text)]
    if not names:
        raise click.BadParameter("name at least one, as in BTCUSDT,ETHUSDT")
    return names


@click.group()
def data() -> None:
    """Recorded candles: download them, list them, find their gaps."""


@data.command(cls=DataCommand)
@click.option("--symbols", type=_symbols, help="Symbols, separated by commas: BTCUSDT,ETHUSDT.")
@click.option("--all", "every", is_flag=True, help="The symbols that the SCREENER_UNIVERSE_ settings choose.")
@click.option("--intervals", required=True, type=_intervals, help="Intervals, separated by commas: 1m,1h.")
@click.option("--from", "start", required=True, type=moment, help="First open time, UTC: 2024-01-01.")
@click.option("--to", "end", type=moment, help="Open times before this [now].")
@click.option("--out", type=click.Path(path_type=Path), help="Folder [history/<venue> in SCREENER_DATA_DIR].")
@click.option("--venue", type=click.Choice(["spot", "usdm"]), help="Market of the exchange [SCREENER_VENUE].")
@click.option("--rest-url", help="Another server of Binance's shape [SCREENER_EXCHANGE_REST_URL].")
@click.option("--archive-url", help="Another archive of whole months [SCREENER_ARCHIVE_URL].")
@click.option("--no-archive", is_flag=True, help="Ask for everything by REST.")
@click.option("--again", is_flag=True, help="Ask once more for candles that the exchange did not have.")
@click.option("--quiet", is_flag=True, help="Print no progress.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per symbol and interval.")
def download(
    symbols: list[str] | None,
    every: bool,
    intervals: list[str],
    start: int,
    end: int | None,
    out: Path | None,
    venue: Literal["spot", "usdm"] | None,
    rest_url: str | None,
    archive_url: str | None,
    no_archive: bool,
    again: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Fetch the candles that the folder lacks. Stop it when you like, and go on with the same command.

    Progress goes to standard error. Exit code 1 where something could not be fetched or stored.
    """
    if every == (symbols is not None):
        fail("name symbols with --symbols, or take --all", as_json=as_json, code=BAD_INPUT, error_code="usage")
    if end is not None and start >= end:
        fail("--from is not before --to", as_json=as_json, code=BAD_INPUT, error_code="usage")
    try:
        settings = Settings()
    except ValueError as error:
        fail(f"a setting is not valid: {error}", as_json=as_json, code=BAD_INPUT)
    chosen = {"venue": venue, "exchange_rest_url": rest_url, "archive_url": archive_url}
    settings = settings.model_copy(update={name: value for name, value in chosen.items() if value})
    from market.archive import BINANCE_ARCHIVE

    archive = settings.archive_url or (None if settings.exchange_rest_url else BINANCE_ARCHIVE)
    wanted = _Wanted(symbols, intervals, start, end, None if no_archive else archive, again)
    folder = out or _kept(settings)
    if folder is None:
        message = "--out must say where candles of another server go: they would mix with Binance's"
        fail(message, as_json=as_json, code=BAD_INPUT, error_code="usage")
    raise SystemExit(asyncio.run(_run(wanted, settings, folder, quiet=quiet, as_json=as_json)))


def _kept(settings: Settings) -> Path | None:
    """Where the feed keeps this exchange's candles; None where nobody said so for a server that is not Binance's."""
    name = settings.history or (None if settings.exchange_rest_url else settings.venue)
    return settings.data_dir / "history" / name if name else None


@dataclass(frozen=True)
class _Wanted:
    """What a run is asked for; `symbols` None are all that the settings choose."""

    symbols: list[str] | None
    intervals: list[str]
    start: int
    end: int | None
    archive: str | None
    again: bool


async def _run(wanted: _Wanted, settings: Settings, folder: Path, *, quiet: bool, as_json: bool) -> int:
    """Download until done or stopped; the exit code."""
    from app.bootstrap import market_source
    from market.archive import Archive
    from market.cache import HistoryCache
    from market.download import Download
    from market.types import SourceUnavailable

    source = market_source(settings)
    archive = Archive(settings.venue, wanted.archive) if wanted.archive else None
    cache = HistoryCache(folder)
    printer = None if quiet else _Printer()
    try:
        try:
            now_ms = await source.server_time_ms()
            symbols = await _chosen(wanted, settings, source, now_ms, as_json=as_json)
        except SourceUnavailable as error:
            fail(f"{error}; --rest-url names another server", as_json=as_json)
        run = Download(
            source,
            cache,
            now_ms=now_ms,
            start=wanted.start,
            end=wanted.end,
            archive=archive,
            per_request=PER_REQUEST[settings.venue],
            again=wanted.again,
            report=lambda job: printer.show(run.progress, job) if printer else None,
        )
        stopped = await _until_stopped(run, symbols, wanted.intervals)
    finally:
        await source.aclose()
        if archive is not None:
            await archive.aclose()
    if printer is not None:
        printer.end()
    return _conclude(run, cache, stopped, as_json=as_json)


async def _chosen(
    wanted: _Wanted, settings: Settings, source: BinanceSource, now_ms: int, *, as_json: bool
) -> list[str]:
    """The symbols to fetch; one that the exchange does not know ends the program."""
    from app.bootstrap import universe_rules
    from market.universe import read_universe

    if wanted.symbols is None:
        # How many symbols the demo shows is no rule for what is recorded.
        rules = replace(universe_rules(settings), limit=settings.universe_limit)
        return list((await read_universe(source, rules, now_ms)).symbols)
    known = {info.symbol for info in await source.symbols()}
    for name in wanted.symbols:
        if name not in known:
            near = get_close_matches(name, sorted(known), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            message = f"the exchange knows no symbol {name}{hint}"
            fail(message, as_json=as_json, code=BAD_INPUT, error_code="unknown_symbol")
    return wanted.symbols


async def _until_stopped(run: Download, symbols: list[str], intervals: list[str]) -> str | None:
    """Why the run ended before all was done; None where it did not."""
    from market.cache import CacheError
    from market.types import RateLimited

    task = asyncio.ensure_future(run.run(symbols, intervals))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return "stopped; what came in is stored, and the same command goes on from there"
    except CacheError as error:
        return f"{error}; what was stored before is unharmed"
    except RateLimited as error:
        return f"{error}; go on in {error.retry_after_s / 60:.0f} minutes with the same command"
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    return None


def _conclude(run: Download, cache: HistoryCache, stopped: str | None, *, as_json: bool) -> int:
    """Print what was done; the exit code."""
    progress = run.progress
    for job in progress.jobs if as_json else ():
        click.echo(json.dumps(_job_row(job)))
    for note in dict.fromkeys(run.notes):
        click.echo(f"screener: {note}", err=True)
    for problem in dict.fromkeys(cache.problems):
        click.echo(f"screener: {problem.path}: {problem.message}", err=True)
    failed = [job for job in progress.jobs if job.failure]
    for job in failed:
        click.echo(f"screener: {job.symbol} {job.interval}: {job.failure}", err=True)
    if not as_json:
        archived = sum(job.from_archive for job in progress.jobs)
        click.echo(
            f"{progress.done - len(failed):,} of {len(progress.jobs):,} files complete in {cache.directory}: "
            f"{progress.fetched:,} candles fetched, {archived:,} of them from the archive, "
            f"{sum(job.requests for job in progress.jobs):,} requests, {_span(progress.seconds)}"
        )
    if stopped is not None:
        click.echo(f"screener: {stopped}", err=True)
    return FAILURE if stopped is not None or failed else 0


def _job_row(job: Job) -> dict[str, Any]:
    """A job in JSON."""
    return {
        "symbol": job.symbol,
        "interval": job.interval,
        "done": job.done and job.failure is None,
        "fetched": job.fetched,
        "from_archive": job.from_archive,
        "requests": job.requests,
        "failure": job.failure,
    }


class _Printer:
    """Progress in one line on standard error: rewritten on a terminal, else a new one now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown = 0.0

    def show(self, progress: Progress, job: Job) -> None:
        """Print the line, unless the last one is too recent."""
        now = time.monotonic()
        if now - self._shown < (0.1 if self._terminal else LINE_EVERY_S):
            return
        self._shown = now
        line = progress_line(progress, job)
        click.echo(f"\r\x1b[K{line}" if self._terminal else line, nl=not self._terminal, err=True)

    def end(self) -> None:
        """Leave the line behind."""
        if self._terminal and self._shown:
            click.echo(err=True)


def progress_line(progress: Progress, job: Job) -> str:
    """How far one symbol and the whole run are: `BTCUSDT 1m 12,000 candles, 24% | 3 of 40 files, …`."""
    share = 100 if job.done else 100 * min(job.covered, job.pages) // max(job.pages, 1)
    left = None if progress.done == len(progress.jobs) else progress.rest_s
    rate = progress.fetched / max(progress.seconds, 0.001)
    return (
        f"{job.symbol} {job.interval} {job.fetched:,} candles, {share}% | {progress.done:,} of "
        f"{len(progress.jobs):,} files, {progress.fetched:,} candles, {rate:,.0f}/s, "
        f"{'' if left is None else _span(left) + ' left'}"
    ).rstrip(", ")


def _span(seconds: float) -> str:
    """`42 s`, `7 min`, `3 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


@data.command(cls=DataCommand, name="list")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object per file.")
def list_(folder: Path | None, as_json: bool) -> None:
    """What DIR holds, file by file. DIR is what --data takes [history/<venue> in SCREENER_DATA_DIR].

    Exit code 1 where a file cannot be read.
    """
    unread = 0
    for row in _files(folder, as_json=as_json):
        unread += row.problem is not None
        times = row.held.times
        record = {
            **row.record(),
            "candles": len(times),
            "from": iso(int(times[0])) if len(times) else None,
            "to": iso(int(times[-1]) + interval_ms(row.interval)) if len(times) else None,
            "bytes": row.path.stat().st_size,
        }
        if as_json:
            click.echo(json.dumps(record))
        elif row.problem is None:
            span = f"{record['from']} to {record['to']}" if len(times) else "no candles"
            click.echo(f"{row.symbol:<14} {row.interval:<4} {len(times):>10,}  {span}  {record['bytes']:>12,} bytes")
    raise SystemExit(FAILURE if unread else 0)


@data.command(cls=DataCommand)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object per file.")
def gaps(folder: Path | None, as_json: bool) -> None:
    """Candles missing between the first and the last of each file of DIR.

    A gap is confirmed where the exchange was asked and has none either. Exit code 1 where a file cannot be read.
    """
    from market.candle_file import gaps_of

    unread = files = found = missing = confirmed = 0
    for row in _files(folder, as_json=as_json):
        files += 1
        unread += row.problem is not None
        times, step = row.held.times, interval_ms(row.interval)
        spans = gaps_of(times, row.interval, int(times[0]), int(times[-1])) if len(times) else []
        known = [any(a <= first and last <= b for a, b in row.held.absent) for first, last in spans]
        counts = [(last - first) // step for first, last in spans]
        found += len(spans)
        missing += sum(counts)
        confirmed += sum(known)
        entries = [
            {"from": iso(first), "to": iso(last), "candles": count, "confirmed": sure}
            for (first, last), count, sure in zip(spans, counts, known, strict=True)
        ]
        if as_json:
            click.echo(json.dumps({**row.record(), "missing": sum(counts), "gaps": entries}))
        else:
            for entry in entries:
                sure = "  the exchange has none" if entry["confirmed"] else ""
                span = f"{entry['from']} to {entry['to']}  {entry['candles']:,} candles"
                click.echo(f"{row.symbol:<14} {row.interval:<4} {span}{sure}")
    if not as_json:
        click.echo(f"{files:,} files: {found:,} gaps, {missing:,} candles; {confirmed:,} gaps confirmed", err=True)
    raise SystemExit(FAILURE if unread else 0)


@dataclass(frozen=True)
class _File:
    """A candle file and what was read of it; `problem` says why it could not be."""

    symbol: str
    interval: str
    path: Path
    held: Held
    problem: str | None

    def record(self) -> dict[str, Any]:
        """The beginning of its line in JSON."""
        return {"symbol": self.symbol, "interval": self.interval, "problem": self.problem}


def _files(folder: Path | None, *, as_json: bool) -> Iterator[_File]:
    """Every candle file of a folder. One that cannot be read is told on standard error."""
    from market.candle_file import NOTHING, read_held
    from market.history import HistoryError, intervals_of, symbols_in

    if folder is None:
        settings = Settings()
        folder = _kept(settings) or settings.data_dir / "history" / settings.venue
    try:
        symbols = symbols_in(folder)
    except (HistoryError, OSError) as error:
        fail(str(error), as_json=as_json, code=BAD_INPUT, error_code="bad_data")
    for symbol in symbols:
        for interval, path in intervals_of(folder / symbol).items():
            held, problem = NOTHING, None
            try:
                held = read_held(path, interval)
            except (HistoryError, OSError) as error:
                problem = str(error)
                click.echo(f"screener: {problem}", err=True)
            yield _File(symbol, interval, path, held, problem)
