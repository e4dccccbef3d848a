"""The source's streams, kept open for ever: candles of all symbols spread over connections, and prices.

1. `follow` spreads the symbols over connections of at most `per_connection`. A symbol that joins goes where there is
   room, and that connection is replaced by one that carries it too; one that leaves is left out at the next
   replacement.
2. `_keep` sees to one connection (`Connection`). When it ends, it pauses (longer while it keeps failing, never at the
   same moments as the others), sets the clock by the source's time, tells `on_back` that the source answers, and
   opens it again. python-binance gives up after five attempts; a feed must not.
3. An exchange ends every connection after a day. So it is replaced before (`_replace`): the next one is opened while
   the old one still delivers, and the old one is closed once the next one does.
4. What two connections both bring is handed on once (`_take`); a closed candle that comes again with other values
   is handed on again: the source has corrected it.
5. `_keep_clock` asks the source for its time regularly. A difference that the journey of the question does not
   explain is a jump: it is counted and logged.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any

from market.clock import Clock
from market.connections import Connection, Reader, Spread
from market.source import MarketSource, Traffic
from market.types import Candle, Price, RateLimited, SourceUnavailable

log = logging.getLogger(__name__)

SYMBOLS_PER_STREAM = 200
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 30.0
STABLE_S = 20.0
"""A connection that lived for so many real seconds starts over with short pauses."""
LIFETIME_S = 23 * 3600.0
OVERLAP_S = 5.0
"""Real seconds that the old connection stays open after the next one has begun to deliver."""
REPLACE_WITHIN_S = 60.0
REPLACE_AGAIN_S = 60.0
CLOCK_EVERY_S = 30.0
CLOCK_WITHIN_S = 5.0
JUMP_MS = 250
"""Market milliseconds at speed 1 that a clock may be off by without a word, besides the journey."""
KEPT_CANDLES = 6
"""Closed candles of a symbol that are remembered, each with all its versions."""


class Subscriptions:
    """Minute candles and prices of a source, handed to `on_candle` and `on_price`.

    `lifetime_s` (real seconds) is the age at which a connection is replaced; `chance` gives numbers in [0, 1).
    """

    def __init__(
        self,
        source: MarketSource,
        clock: Clock,
        on_candle: Callable[[Candle], None],
        on_price: Callable[[Price], None],
        on_back: Callable[[], None],
        *,
        per_connection: int = SYMBOLS_PER_STREAM,
        lifetime_s: float = LIFETIME_S,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.duplicates = 0
        self.clock_jumps = 0
        self.last_jump_ms = 0
        self._source = source
        self._clock = clock
        self._on_candle = on_candle
        self._on_price = on_price
        self._on_back = on_back
        self._lifetime_s = lifetime_s
        self._chance = chance
        self._clock_set_s: float | None = None
        self._round_trip_ms = 0.0
        self._spread = Spread(per_connection, self._read_candles)
        self._prices = Connection("prices", (), self._read_prices)
        self._changed = asyncio.Event()
        self._newest: dict[tuple[str, str], dict[int, list[Candle]]] = {}

    @property
    def connections(self) -> list[Connection]:
        """The state of all connections, that of prices last."""
        return [*self._spread.connections, self._prices]

    @property
    def reconnects(self) -> int:
        """How often a connection that ended was opened again."""
        return self._spread.past_reconnects + sum(one.reconnects for one in self.connections)

    def report(self) -> dict[str, Any]:
        """Connections and clock, for status and metrics; times in real seconds."""
        now = time.monotonic()
        return {
            "connections": [one.report(now) for one in self.connections],
            "reconnects": self.reconnects,
            "duplicates": self.duplicates,
            "clock": {
                "set_ago_s": None if self._clock_set_s is None else round(now - self._clock_set_s, 1),
                "machine_ahead_ms": time.time_ns() // 1_000_000 - self._clock.now_ms()
                if self._clock.speed == 1.0
                else None,
                "round_trip_ms": round(self._round_trip_ms, 1),
                "jumps": self.clock_jumps,
                "last_jump_ms": self.last_jump_ms,
            },
        }

    def follow(self, symbols: Sequence[str]) -> None:
        """Stream the candles of these symbols from now on, and no others."""
        self._spread.assign(symbols)
        followed = set(symbols)
        for key in [key for key in self._newest if key[0] not in followed]:
            del self._newest[key]
        self._changed.set()

    def works(self, symbols: Sequence[str]) -> list[Coroutine[Any, Any, None]]:
        """What has to run, each until cancelled."""
        self.follow(symbols)
        return [self._keep_all(), self._keep(self._prices), self._keep_clock()]

    async def set_clock(self) -> bool:
        """Set the clock by the source's time: a restarted exchange may have another.

        False when it did not answer.
        """
        before = time.monotonic()
        try:
            told = await self._source.server_time_ms()
        except SourceUnavailable as error:
            log.warning("the market's time is not known: %s", error)
            return False
        journey_s = time.monotonic() - before
        now = told + int(journey_s / 2 * 1000 * self._clock.speed)
        jump = now - self._clock.now_ms()
        # Within half the journey the two agree: a slow answer knows no better than the clock.
        if abs(jump) > journey_s / 2 * 1000 * self._clock.speed or self._clock_set_s is None:
            self._clock.anchor(now)
        if abs(jump) > (JUMP_MS + journey_s / 2 * 1000) * self._clock.speed and self._clock_set_s is not None:
            self.clock_jumps += 1
            self.last_jump_ms = jump
            log.warning("the market's clock was set by %+d ms", jump)
        self._clock_set_s = time.monotonic()
        self._round_trip_ms = journey_s * 1000
        return True

    async def _keep_clock(self) -> None:
        while True:
            await asyncio.sleep(CLOCK_EVERY_S)
            await self.set_clock()

    async def _keep_all(self) -> None:
        """Keep a task for each connection of candles, as symbols join and leave."""
        tasks: dict[Connection, asyncio.Task[None]] = {}
        try:
            while True:
                self._changed.clear()
                for gone in [one for one in tasks if one not in self._spread.connections]:
                    await _cancel([tasks.pop(gone)])
                for one in self._spread.connections:
                    if one not in tasks:
                        tasks[one] = asyncio.create_task(self._keep(one))
                change = asyncio.create_task(self._changed.wait())
                try:
                    done, _ = await asyncio.wait([change, *tasks.values()], return_when=asyncio.FIRST_COMPLETED)
                finally:
                    change.cancel()
                for task in done:
                    # A keeper never ends by itself: if one did, that is a fault of ours, and it surfaces here.
                    task.result()
        finally:
            await _cancel(list(tasks.values()))

    async def _keep(self, one: Connection) -> None:
        """Have the connection open until cancelled."""
        pause = FIRST_PAUSE_S
        while True:
            began = time.monotonic()
            error = await self._live(one)
            if time.monotonic() - began > STABLE_S:
                pause = FIRST_PAUSE_S
            least = error.retry_after_s if isinstance(error, RateLimited) else 0.0
            wait = max(least, pause * (0.5 + self._chance()))
            one.reason = str(error)
            log.warning("stream of %s is opened again in %.1f s: %s", one, wait, error)
            await asyncio.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE_S)
            one.reconnects += 1
            if await self._answers():
                self._on_back()

    async def _answers(self) -> bool:
        """Set the clock before a connection is opened again; a source that asks to back off must not hold that up."""
        try:
            async with asyncio.timeout(CLOCK_WITHIN_S):
                return await self.set_clock()
        except TimeoutError:
            return False

    async def _live(self, one: Connection) -> SourceUnavailable:
        """Open the connection, and replace it as often as needed; returns why the last one ended."""
        reader = one.start()
        try:
            # Apart from each other, so that not all are replaced at once.
            due_s = time.monotonic() + self._lifetime_s * (1.0 - 0.1 * self._chance())
            while True:
                await one.until_due(reader, due_s)
                if reader.task.done():
                    return reader.task.result()
                later = await self._replace(one, reader)
                whole = self._lifetime_s if later is not reader else REPLACE_AGAIN_S
                due_s = time.monotonic() + whole * (1.0 - 0.1 * self._chance())
                if later is reader:
                    await asyncio.wait([reader.task], timeout=REPLACE_AGAIN_S * self._chance())
                reader = later
        finally:
            await one.close()

    async def _replace(self, one: Connection, old: Reader) -> Reader:
        """Open the next connection beside the old one; returns the one that goes on."""
        new = one.start()
        stays = old
        try:
            if await new.delivers(REPLACE_WITHIN_S):
                await asyncio.wait([new.task], timeout=OVERLAP_S)
            if new.task.done() or new.traffic.opened is None:
                log.warning("stream of %s could not be replaced yet", one)
            else:
                stays = new
                one.replaced += 1
        finally:
            await one.stop(old if stays is new else new)
        return stays

    async def _read_candles(self, symbols: Sequence[str], traffic: Traffic) -> None:
        async with aclosing(self._source.stream_candles(symbols, "1m", traffic)) as candles:
            async for candle in candles:
                self._take(candle)

    async def _read_prices(self, symbols: Sequence[str], traffic: Traffic) -> None:
        del symbols
        async with aclosing(self._source.stream_prices(traffic)) as prices:
            async for price in prices:
                self._on_price(price)

    def _take(self, candle: Candle) -> None:
        """Hand a candle on, unless that very candle was handed on before."""
        newest = self._newest.setdefault((candle.symbol, candle.interval), {})
        known = newest.get(candle.open_time)
        if known is None:
            newest[candle.open_time] = [candle]
            if len(newest) > KEPT_CANDLES:
                del newest[next(iter(newest))]
        elif candle in known:
            self.duplicates += 1
            return
        else:
            known.append(candle)
        self._on_candle(candle)


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
