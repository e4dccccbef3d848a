"""A real feed beside the simulated exchange while something goes wrong, until the panel equals the truth again.

`run` starts an exchange in this process and a feed over `BinanceSource`, waits for one whole minute, sets the faults,
and goes on minute by minute until they are over and the panel equals the truth. `Outcome` tells what was seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import numpy as np

from app.soak import differences
from market.binance import BinanceSource
from market.binance.rest import Venue
from market.feed import Feed
from market.types import Coverage
from simexchange.candles import Candles, join
from simexchange.clock import VirtualClock
from simexchange.faults.injector import FaultInjector
from simexchange.faults.script import parse_faults
from simexchange.market import SyntheticMarket
from simexchange.noise import Ints
from simexchange.server import Exchange

START = 1_795_271_040_000
MINUTE = 60_000
# Not a divisor of anything: messages that come by real seconds must not keep falling on whole minutes.
SPEED = 57.0
TICK_S = 0.02
BLOCK = 120
AUDIT_HOURS = 0.1
INTERVALS = ("3m", "15m")
# Real seconds until the panel must equal the truth; machines under load are slow.
LONGEST_S = 150.0
GIVEN_UP_S = 200.0
Faults = list[dict[str, Any]]


class Remembered(SyntheticMarket):
    """A market that makes candles in blocks, and each block once, however many exchanges ask."""

    def __init__(self, seed: int, count: int) -> None:
        super().__init__(seed, count)
        self._every = np.arange(count, dtype=np.int64)
        self._blocks: dict[tuple[int, int], Candles] = {}

    def candles(self, rows: Ints, length: int, index: int, count: int) -> Candles:
        parts = []
        for number in range(index // BLOCK, (index + count - 1) // BLOCK + 1):
            if (length, number) not in self._blocks:
                self._blocks[length, number] = super().candles(self._every, length, number * BLOCK, BLOCK)
            first = number * BLOCK
            parts.append(self._blocks[length, number].slice(max(index - first, 0), min(index + count - first, BLOCK)))
        return join(parts).take(rows)


class Pace:
    """Market time of all runs: `SPEED` times real time, but it stands still until `starting` runs have started, and
    goes no further while the machine does not get on with them.
    """

    def __init__(self, starting: int = 0) -> None:
        self.ms = 0.0
        self.starting = starting

    async def run(self) -> None:
        """Let time pass until cancelled."""
        before = time.monotonic()
        while True:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            if self.starting == 0:
                self.ms += min(now - before, 2 * TICK_S) * 1000 * SPEED
            before = now


class ExchangeClock(VirtualClock):
    """The exchange's clock, by a pace."""

    def __init__(self, pace: Pace) -> None:
        super().__init__(START, SPEED)
        self._pace = pace

    def now_ms(self) -> int:
        return START + int(self._pace.ms)


class FeedClock:
    """The feed's clock, by the same pace."""

    speed = SPEED

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._offset = 0.0

    def now_ms(self) -> int:
        return int(self._pace.ms + self._offset)

    def anchor(self, market_ms: int) -> None:
        self._offset = market_ms - self._pace.ms

    async def sleep_until(self, time_ms: int) -> None:
        while self.now_ms() < time_ms:
            await asyncio.sleep(TICK_S)


@dataclass
class Outcome:
    """What a run left: the differences between panel and truth at the end, the records of all minutes, the exchange's
    own account of its faults, the feed's report.
    """

    symbols: tuple[str, ...]
    differences: list[str] = field(default_factory=lambda: ["nothing was compared"])
    yielded: list[Coverage] = field(default_factory=list)
    kept: list[Coverage] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def fired(self) -> list[int]:
        """How often each fault struck."""
        return [int(one["fired"]) for one in self.state["faults"]]


@asynccontextmanager
async def feeding(
    market: SyntheticMarket, pace: Pace, audit_hours: float, venue: Venue = "spot"
) -> AsyncIterator[tuple[Feed, FaultInjector, VirtualClock, str]]:
    """A started feed, the exchange's faults and clock, and its address."""
    clock = ExchangeClock(pace)
    faults = FaultInjector(clock)
    exchange = Exchange(market, clock, faults=faults)
    port = await exchange.start("127.0.0.1", 0)
    source = BinanceSource(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}", venue=venue)
    names = [info.symbol for info in await source.symbols()]
    feed = Feed(source, FeedClock(pace), names, INTERVALS, capacity=200, backfill=60, audit_hours=audit_hours)
    try:
        await feed.start()
        yield feed, faults, clock, f"http://127.0.0.1:{port}"
    finally:
        await feed.aclose()
        await source.aclose()
        await exchange.stop()


async def run_all(scripts: Sequence[tuple[Faults, Venue, bool]]) -> list[Outcome | BaseException]:
    """Runs with these faults, at a venue, with an audit or without, all at once; what a run raised stands in its
    place.
    """
    market, pace = Remembered(7, 3), Pace(len(scripts))
    passing = asyncio.create_task(pace.run())
    try:
        runs = [asyncio.wait_for(run(*script, market, pace), GIVEN_UP_S) for script in scripts]
        return await asyncio.gather(*runs, return_exceptions=True)
    finally:
        passing.cancel()


async def run(faults: Faults, venue: Venue, audited: bool, market: SyntheticMarket, pace: Pace) -> Outcome:
    """Let these faults happen to a feed; `at` counts from its first whole minute. Returns when all is well again, or
    with the differences that remain.
    """
    symbols = len(market.listings)
    async with contextlib.AsyncExitStack() as stack:
        try:
            feed, injector, clock, address = await stack.enter_async_context(
                feeding(market, pace, AUDIT_HOURS if audited else 0.0, venue)
            )
        finally:
            pace.starting -= 1
        outcome = Outcome(feed.symbols)
        closes = feed.closes()
        while not outcome.yielded or len(outcome.yielded[-1].fresh) < symbols:
            outcome.yielded.append(await asyncio.wait_for(anext(closes), LONGEST_S))
        while len(injector.state()["connections"][venue]) < 2:
            # Candles and prices; the first minute may have come by REST.
            await asyncio.sleep(TICK_S)
        set_at = clock.now_ms()
        script = parse_faults(faults, set_at)
        injector.add(script)
        over = max(fault.at_ms + fault.for_ms + fault.every_ms * 2 for fault in script)
        async with aiohttp.ClientSession(address) as control:
            until = time.monotonic() + LONGEST_S
            while outcome.differences and time.monotonic() < until:
                outcome.yielded.append(await asyncio.wait_for(anext(closes), LONGEST_S))
                held_back = injector.state()["held_back"]
                if clock.now_ms() < over + MINUTE or held_back or feed.holes:
                    outcome.differences = [f"not compared: {held_back} messages held back, {feed.holes} holes"]
                elif all(len(one.fresh) == symbols for one in outcome.yielded[-2:]):
                    _, outcome.differences = await differences(feed, control)
        outcome.kept = list(feed.coverage.minutes)
        outcome.state = injector.state()
        outcome.report = {"reconnects": feed.reconnects, **feed.report()}
        return outcome
