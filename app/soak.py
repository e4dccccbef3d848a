"""A simulated run under faults, audited: a real feed beside the simulated exchange while everything goes wrong.

1. `Soak.run` starts the exchange as a process of its own with a fault script, and a feed over it.
2. `_follow` takes every minute that the feed closes, until the hours are over; then the faults are taken back, and
   the run goes on until the panel equals the truth, or for `SETTLE_MINUTES`.
3. `differences` compares every candle held with /sim/truth; `unaccounted` checks the records of all minutes. Either
   not empty is a failure of the feed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from app.processes import die_with_parent
from market.binance import BinanceSource
from market.clock import ScaledClock
from market.feed import Feed
from market.types import Candle, Coverage, SourceUnavailable
from screener.intervals import interval_ms

SCRIPT: Final = Path(__file__).parent / "builtin" / "soak.toml"
INTERVALS: Final = ("5m", "15m", "1h", "4h")
BACKFILL: Final = 300
AUDIT_HOURS: Final = 1.0
SETTLE_MINUTES: Final = 240
MINUTE_MS: Final = 60_000
_STARTS_WITHIN_S: Final = 60.0
_CLOSES_WITHIN_S: Final = 180.0


class SoakError(Exception):
    """The run could not be carried out; the message says why. `bad_input` where what was asked for cannot be."""

    def __init__(self, message: str, *, bad_input: bool = False) -> None:
        super().__init__(message)
        self.bad_input = bad_input


@dataclass(frozen=True, slots=True)
class SoakOptions:
    """`hours` of exchange time at `speed` exchange seconds for each real one."""

    hours: float = 24.0
    seed: int = 7
    speed: float = 120.0
    symbols: int = 20
    script: Path = SCRIPT


@dataclass(slots=True)
class SoakReport:
    """What a run found. `differences` and `unaccounted` are empty where the feed did what it must."""

    options: SoakOptions
    real_seconds: float = 0.0
    settled_minutes: int = 0
    struck: dict[str, int] = field(default_factory=dict)
    minutes: list[Coverage] = field(default_factory=list)
    compared: int = 0
    differences: list[str] = field(default_factory=list)
    unaccounted: list[str] = field(default_factory=list)
    feed: dict[str, Any] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether the panel equals the truth and every minute is accounted for."""
        return not self.differences and not self.unaccounted and bool(self.minutes) and self.compared > 0

    def coverage(self) -> dict[str, float]:
        """Sums over all minutes; seconds are market seconds after the close."""
        groups = {
            name: sum(len(getattr(one, name)) for one in self.minutes) for name in ("fresh", "late", "stale", "missing")
        }
        seconds = sorted(one.seconds_after_close for one in self.minutes)
        return {
            "minutes": len(self.minutes),
            "whole_minutes": sum(not (one.late or one.stale or one.missing) for one in self.minutes),
            **groups,
            "median_seconds_after_close": round(seconds[len(seconds) // 2], 3) if seconds else math.nan,
            "slowest_seconds_after_close": round(seconds[-1], 3) if seconds else math.nan,
        }

    def row(self) -> dict[str, Any]:
        """In JSON."""
        options = self.options
        return {
            "ok": self.good,
            "hours": options.hours,
            "seed": options.seed,
            "speed": options.speed,
            "symbols": options.symbols,
            "intervals": ["1m", *INTERVALS],
            "real_seconds": round(self.real_seconds, 1),
            "settled_minutes": self.settled_minutes,
            "faults_struck": self.struck,
            "coverage": self.coverage(),
            "candles_compared": self.compared,
            "differences": self.differences,
            "unaccounted": self.unaccounted,
            "feed": self.feed,
        }


class Soak:
    """One run; `progress` is called now and then with a line to show."""

    def __init__(self, options: SoakOptions, progress: Callable[[str], None] = lambda line: None) -> None:
        self._options = options
        self._progress = progress
        self._report = SoakReport(options)
        self._kept: dict[int, Coverage] = {}

    async def run(self) -> SoakReport:
        """Carry it out. Raises SoakError where the exchange cannot be started or the feed stands still."""
        began = time.monotonic()
        async with _exchange(self._options) as address, aiohttp.ClientSession(address) as control:
            source = BinanceSource(address, address.replace("http", "ws", 1))
            try:
                await self._soak(source, control)
            finally:
                await source.aclose()
        self._report.real_seconds = time.monotonic() - began
        return self._report

    async def _soak(self, source: BinanceSource, control: aiohttp.ClientSession) -> None:
        report, options = self._report, self._options
        names = [info.symbol for info in await _answer(source.symbols)]
        minutes = round(options.hours * 60)
        feed = Feed(
            source,
            ScaledClock(0, options.speed),
            names,
            INTERVALS,
            capacity=minutes + BACKFILL + SETTLE_MINUTES,
            backfill=BACKFILL,
            audit_hours=AUDIT_HOURS,
        )
        try:
            await feed.start()
            closes = feed.closes()
            yielded = await self._follow(feed, closes, minutes, control)
            await _clear(control)
            for settled in range(SETTLE_MINUTES):
                yielded.append(await self._next(feed, closes))
                if feed.holes or len(yielded[-1].fresh) < len(names):
                    continue
                report.settled_minutes = settled + 1
                report.compared, report.differences = await differences(feed, control)
                if not report.differences:
                    break
            else:
                report.settled_minutes = SETTLE_MINUTES
                report.compared, report.differences = await differences(feed, control)
                if feed.holes:
                    report.unaccounted.append(f"{feed.holes} ranges of candles are still being asked for")
            report.minutes = [self._kept[one.close_time] for one in yielded if one.close_time in self._kept]
            report.unaccounted += unaccounted(yielded, report.minutes, names)
            report.feed = {"reconnects": feed.reconnects, **feed.report()}
        finally:
            await feed.aclose()

    async def _follow(
        self, feed: Feed, closes: AsyncIterator[Coverage], minutes: int, control: aiohttp.ClientSession
    ) -> list[Coverage]:
        """Take so many minutes; returns them as they were yielded."""
        yielded: list[Coverage] = []
        told = time.monotonic()
        while len(yielded) < minutes:
            yielded.append(await self._next(feed, closes))
            if time.monotonic() - told > 10.0 or len(yielded) == minutes:
                told = time.monotonic()
                self._report.struck = await _struck(control) or self._report.struck
                self._progress(
                    f"{len(yielded) // 60:02d}:{len(yielded) % 60:02d} of {minutes // 60:02d}:{minutes % 60:02d}  "
                    f"faults {sum(self._report.struck.values())}  reconnects {feed.reconnects}  "
                    f"corrections {feed.corrections}  holes {feed.holes}"
                )
        for _ in range(100):
            # The exchange itself may be away just now.
            if struck := await _struck(control):
                self._report.struck = struck
                break
            await asyncio.sleep(0.1)
        return yielded

    async def _next(self, feed: Feed, closes: AsyncIterator[Coverage]) -> Coverage:
        try:
            coverage = await asyncio.wait_for(anext(closes), _CLOSES_WITHIN_S)
        except TimeoutError as error:
            raise SoakError(f"no minute was closed for {_CLOSES_WITHIN_S:.0f} s; the feed: {feed.report()}") from error
        # A record changes for a while after it was yielded: symbols come late.
        self._kept.update((one.close_time, one) for one in feed.coverage.minutes)
        return coverage


async def differences(feed: Feed, control: aiohttp.ClientSession) -> tuple[int, list[str]]:
    """How many candles of the panel were compared with the truth, and a line for each symbol and interval that is not
    equal to it, whole, up to the feed's boundary.
    """
    found = []
    compared = 0
    boundary = feed.boundary
    for interval in feed.intervals:
        step = interval_ms(interval)
        # Weeks do not begin with the epoch, but are not among the intervals here.
        first, last = feed.panel.first_open(interval), boundary // step * step - step
        for symbol in feed.symbols:
            url = f"/sim/truth/{symbol}/{interval}"
            async with control.get(url, params={"start": first or 0, "end": last}) as response:
                truth = await response.json()
            held = {candle.open_time: candle for candle in feed.candles(symbol, interval, 1_000_000)}
            wrong = [row[0] for row in truth if row[0] not in held or not _same(held[row[0]], row)]
            extra = sorted(held.keys() - {row[0] for row in truth})
            compared += len(truth)
            if wrong or extra or not truth:
                lacking = sum(time not in held for time in wrong)
                found.append(
                    f"{symbol} {interval}: of {len(truth)} candles {lacking} lack, {len(wrong) - lacking} differ, "
                    f"{len(extra)} are not true; first at {(wrong + extra + [0])[0]}"
                )
    return compared, found


def _same(candle: Candle, row: Sequence[Any]) -> bool:
    exact = (candle.open, candle.high, candle.low, candle.close, candle.trades)
    summed = (candle.volume, candle.quote_volume, candle.taker_buy_base)
    return exact == tuple(float(row[at]) for at in (1, 2, 3, 4, 8)) and all(
        math.isclose(mine, float(row[at]), rel_tol=1e-9) for mine, at in zip(summed, (5, 7, 9), strict=True)
    )


def unaccounted(yielded: Sequence[Coverage], kept: Sequence[Coverage], symbols: Iterable[str]) -> list[str]:
    """What is not accounted for: minutes without a record or out of order, symbols in no group or in several."""
    found = []
    times = [one.close_time for one in yielded]
    if times != list(range(times[0], times[0] + MINUTE_MS * len(times), MINUTE_MS)):
        found.append("the minutes that were closed are not one after the other")
    if [one.close_time for one in kept] != times:
        found.append(f"{len(times)} minutes were closed, and {len(kept)} have a record")
    expected = Counter(symbols)
    for one in (*yielded, *kept):
        if Counter([*one.fresh, *one.late, *one.stale, *one.missing]) != expected:
            found.append(f"the record of {one.close_time} does not have every symbol once")
        if set(one.late_seconds) != set(one.late):
            found.append(f"the record of {one.close_time} does not say how late each was")
    return found


@contextlib.asynccontextmanager
async def _exchange(options: SoakOptions) -> AsyncIterator[str]:
    """The exchange as a process; its address. Raises SoakError where it does not start."""
    command = [sys.executable, "-m", "simexchange", "--port", "0", "--speed", str(options.speed)]
    command += ["--seed", str(options.seed), "--symbols", str(options.symbols), "--faults", str(options.script)]
    with tempfile.TemporaryFile() as complaints:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=complaints, preexec_fn=die_with_parent
        )
        try:
            assert process.stdout is not None
            try:
                line = await asyncio.wait_for(process.stdout.readline(), _STARTS_WITHIN_S)
                address = str(json.loads(line)["rest"])
            except (TimeoutError, ValueError) as error:
                complaints.seek(0)
                said = complaints.read(2_000).decode("utf-8", "replace").strip()
                # Its own way to refuse options and scripts.
                refused = said != "" and await _ended(process) == 2
                raise SoakError(f"the simulated exchange did not start: {said or error}", bad_input=refused) from error
            yield address
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _ended(process: asyncio.subprocess.Process) -> int | None:
    """The exit code of a process that is about to end."""
    try:
        async with asyncio.timeout(5.0):
            return await process.wait()
    except TimeoutError:
        return None


async def _struck(control: aiohttp.ClientSession) -> dict[str, int]:
    """How often each kind of fault struck so far; empty while the exchange is away."""
    found: Counter[str] = Counter()
    try:
        async with control.get("/sim/state") as response:
            for one in (await response.json())["faults"]:
                found[one["kind"]] += one["fired"]
    except aiohttp.ClientError:
        return {}
    return dict(found)


async def _clear(control: aiohttp.ClientSession) -> None:
    """Take all faults back, waiting for an exchange that is away."""
    for _ in range(600):
        try:
            async with control.delete("/sim/faults") as response:
                response.raise_for_status()
                return
        except aiohttp.ClientError:
            await asyncio.sleep(0.1)
    raise SoakError("the simulated exchange did not come back")


async def _answer(ask: Callable[[], Any]) -> Any:
    """The answer of a source that may be away for a moment."""
    for _ in range(20):
        try:
            return await ask()
        except SourceUnavailable:
            await asyncio.sleep(0.5)
    return await ask()
