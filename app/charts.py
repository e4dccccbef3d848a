"""Candles of any interval for charts: what the feed holds, made from its minutes, or asked for once and kept.

1. `candles` takes what is at hand (`_held`), and goes back page by page (`_page`) where that does not reach far enough.
2. A page is the newest `PAGE` candles before a fixed edge: one request, whoever and however many look at it. Pages of
   the past are kept, the newest until its next candle closes; two that ask for the same page wait for one answer.
3. The exchange is asked for `MOST_PAGES` pages a minute at most, so that no viewer can spend the weight the feed needs.
4. `forming` is the candle under way, from what closed of it and the last price.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from market.aggregate import aggregate
from market.clock import Clock
from market.source import FIELDS, CandleBlock
from market.types import Candle, MarketError, Price, SymbolInfo
from screener.intervals import interval_ms, open_of

PAGE = 1000
"""Candles of a page: the most that one request brings for its weight."""
MOST_CANDLES = 5000
MOST_PAGES = 120
KEPT_PAGES = 256
MINUTE_MS = interval_ms("1m")
NEWEST_MINUTES = 1500
ASK_AGAIN_S = 10.0


class CandleSource(Protocol):
    """Where candles that are not held come from."""

    async def candle_block(
        self, symbol: str, interval: str, limit: int = 1000, start_ms: int | None = None, end_ms: int | None = None
    ) -> CandleBlock:
        """At most `limit` closed candles, the newest that opened by `end_ms`."""
        ...


class ChartMarket(Protocol):
    """What charts need of the market."""

    infos: dict[str, SymbolInfo]

    @property
    def source(self) -> CandleSource:
        """The exchange."""
        ...

    @property
    def clock(self) -> Clock:
        """Market time."""
        ...

    @property
    def prices(self) -> dict[str, Price]:
        """Last prices by symbol."""
        ...

    def candles(self, symbol: str, interval: str, limit: int) -> list[Candle]:
        """Closed candles held, oldest first; none where the interval is not held."""
        ...


class TooManyPages(Exception):
    """More history was asked for in a minute than the exchange is asked for; `retry_after_s` seconds from now it is
    given again."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"too much history was asked for at once; try again in {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class _Page:
    """Candles, oldest first. Good while the candle under way is the one that opened at `end` (ms UTC; -1: for ever),
    and until `ask_again` (monotonic seconds) where the newest closed candle was not there yet."""

    candles: list[Candle]
    end: int
    ask_again: float

    def good(self, end: int) -> bool:
        return self.end == -1 or (self.end == end and time.monotonic() < self.ask_again)


class Charts:
    """Candles of `market` for screens. Everything runs in one event loop."""

    def __init__(self, market: ChartMarket) -> None:
        self._market = market
        self._pages: OrderedDict[tuple[str, str, int], _Page] = OrderedDict()
        self._begins: dict[tuple[str, str], int] = {}
        self._asking: dict[tuple[str, str, int], asyncio.Task[list[Candle]]] = {}
        self._asked: deque[float] = deque()

    async def candles(
        self, symbol: str, interval: str, limit: int, from_ms: int | None = None, to_ms: int | None = None
    ) -> tuple[list[Candle], bool]:
        """The newest `limit` (1 to `MOST_CANDLES`) closed candles that opened in [from_ms, to_ms), oldest first, and
        whether there may be earlier ones in that range.

        Where the exchange does not answer, what is at hand is given. Raises KeyError for a symbol that is not screened,
        ValueError for an unknown interval; TooManyPages and MarketError where nothing is at hand.
        """
        info, step = self._market.infos[symbol], interval_ms(interval)
        limit = min(limit, MOST_CANDLES)
        end = open_of(self._market.clock.now_ms(), interval)
        last = end if to_ms is None else min(to_ms, end)
        found = self._held(symbol, interval, limit + max(0, end - last) // step + 1)
        if found and found[-1].open_time + step < end and self._market.clock.now_ms() - end >= 2 * MINUTE_MS:
            # The newest closed candle is not held, and it is not merely late: the exchange may have it.
            found = []
        first = max(from_ms or 0, info.listed_ms or 0)
        rows = [c for c in found if first <= c.open_time < last]
        edge = min(found[0].open_time if found else end, last)
        while len(rows) < limit and self._earlier(symbol, interval, edge, first):
            try:
                older = await self._page(symbol, interval, edge, end)
            except (MarketError, TooManyPages):
                if not rows:
                    raise
                break
            rows = [c for c in older if first <= c.open_time < edge] + rows
            edge = min(edge, older[0].open_time) if older else 0
        return rows[-limit:], len(rows) > limit or self._earlier(symbol, interval, edge, first)

    def _earlier(self, symbol: str, interval: str, edge: int, first: int) -> bool:
        """Whether candles before `edge` may exist that opened at `first` or later."""
        return edge > max(first, self._begins.get((symbol, interval), 0))

    async def forming(self, symbol: str, interval: str) -> Candle | None:
        """The candle under way: the closed hours and minutes in it, and the last price as its close. None where one of
        them is missing or there is no price.

        What was traded since the last minute closed is not in its volume, nor in high and low unless it is the last
        price. Raises as `candles`.
        """
        price = self._market.prices.get(symbol)
        minutes = self._market.candles(symbol, "1m", 62)
        now = self._market.clock.now_ms()
        if price is None or not minutes or now - minutes[-1].close_time > 2 * MINUTE_MS:
            return None
        closed, opened = minutes[-1].close_time, open_of(now, interval)
        hour = max(opened, open_of(closed, "1h"))
        hours = (hour - opened) // interval_ms("1h")
        parts = (await self.candles(symbol, "1h", hours, opened, hour))[0] if hours else []
        parts = [*parts, *(c for c in minutes if c.open_time >= hour)]
        if sum(interval_ms(c.interval) for c in parts) != max(0, closed - opened):
            return None
        last = price.price if price.time_ms >= closed else minutes[-1].close
        start = parts[0].open if parts else minutes[-1].close
        return Candle(
            symbol,
            interval,
            opened,
            start,
            max([start, last, *(c.high for c in parts)]),
            min([start, last, *(c.low for c in parts)]),
            last,
            sum(c.volume for c in parts),
            sum(c.quote_volume for c in parts),
            sum(c.trades for c in parts),
            sum(c.taker_buy_base for c in parts),
            float("nan"),
        )

    def _held(self, symbol: str, interval: str, count: int) -> list[Candle]:
        """The newest closed candles at hand, about `count`: the feed's, else folded from its minutes, whole ones
        only."""
        found = self._market.candles(symbol, interval, min(count, NEWEST_MINUTES))
        if found or interval == "1m":
            return found
        step = interval_ms(interval)
        minutes = self._market.candles(symbol, "1m", min((count + 1) * (step // MINUTE_MS), NEWEST_MINUTES))
        if not minutes:
            return []
        times = np.array([c.open_time for c in minutes], np.int64)
        fields = {name: np.array([getattr(c, name) for c in minutes], np.float64) for name in FIELDS}
        opens, folded = aggregate(times, fields, "1m", interval)
        table = np.stack([folded[name] for name in FIELDS], axis=1).tolist()
        rows = [Candle(symbol, interval, t, *row) for t, row in zip(opens.tolist(), table, strict=True)]
        # A minute that is missing here may not be missing at the exchange: from there on back it is asked.
        known = [row.close == row.close for row in rows]
        broken = len(known) - known[::-1].index(False) if False in known else 0
        return rows[broken:]

    async def _page(self, symbol: str, interval: str, edge: int, end: int) -> list[Candle]:
        """The page that holds the candles right before `edge`; `end` is where the candle under way opened."""
        size = PAGE * interval_ms(interval)
        key = (symbol, interval, -(-edge // size))
        kept = self._pages.get(key)
        if kept is not None and kept.good(end):
            self._pages.move_to_end(key)
            return kept.candles
        task = self._asking.get(key)
        if task is None:
            task = asyncio.create_task(self._ask(key, end))
            self._asking[key] = task
            task.add_done_callback(lambda done: self._answered(key, done))
        # Who goes away does not take the answer from those who wait for it.
        return await asyncio.shield(task)

    def _answered(self, key: tuple[str, str, int], task: asyncio.Task[list[Candle]]) -> None:
        del self._asking[key]
        if not task.cancelled():
            # Seen here as well: all who waited may have gone away.
            task.exception()

    async def _ask(self, key: tuple[str, str, int], end: int) -> list[Candle]:
        symbol, interval, number = key
        self._spend()
        edge = number * PAGE * interval_ms(interval)
        block = await self._market.source.candle_block(symbol, interval, PAGE, None, min(edge, end) - 1)
        candles = block.candles()
        # The newest closed candle may not be served yet: one less is no sign that history begins here.
        if len(candles) < PAGE - 1:
            self._begins[symbol, interval] = candles[0].open_time if candles else min(edge, end)
        newest = bool(candles) and candles[-1].close_time >= end
        again = math.inf if newest else time.monotonic() + ASK_AGAIN_S
        self._pages[key] = _Page(candles, -1 if edge < end else end, again)
        self._pages.move_to_end(key)
        while len(self._pages) > KEPT_PAGES:
            self._pages.popitem(last=False)
        return candles

    def _spend(self) -> None:
        """Count a request; raises TooManyPages where a minute's are spent."""
        now = time.monotonic()
        while self._asked and now - self._asked[0] > 60:
            self._asked.popleft()
        if len(self._asked) >= MOST_PAGES:
            raise TooManyPages(60 - (now - self._asked[0]))
        self._asked.append(now)
