"""History at the start, for new intervals and for new symbols: from the cache what it holds, the rest by REST.

1. `fill` takes jobs of symbol and interval, some at a time. Each reads the cache in a thread, asks the source for the
   spans that lack (`_fetch`, until it answers), and delivers one block.
2. The newest candle of the cache is asked for with what lacks: where the source has another one there, the file is of
   another market or was changed, and nothing of that symbol's files is used.
3. What REST brought is put into the cache by `market.saving` afterwards, with the spans that the exchange itself has no
   candles of (`absent`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping

import numpy as np

from market.cache import HistoryCache, Span, gaps_of
from market.source import FIELDS, CandleBlock, MarketSource
from market.types import SourceUnavailable, UnknownSymbol
from screener.intervals import interval_ms, open_of

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with the number of back-fill jobs done, and their total."""
Deliver = Callable[[CandleBlock], Awaitable[None]]

AT_ONCE = 8
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
# Spans that lack beyond this many are fetched as one.
MOST_SPANS = 3
# A candle this old that the exchange does not have will not come any more.
SETTLED_MS = 3_600_000


class Filler:
    """Fetches history of `source`; `cache` may hold some of it."""

    def __init__(
        self,
        source: MarketSource,
        sound: Callable[[CandleBlock], CandleBlock],
        cache: HistoryCache | None = None,
    ) -> None:
        self.requests = 0
        self.from_cache = 0
        self.mistrusted: set[str] = set()
        self.absent: dict[tuple[str, str], list[Span]] = {}
        self._source = source
        self._sound = sound
        self._cache = cache
        # Told which candles are in the cache: symbol, interval, and the open time of the first that is not.
        self.on_cached: Callable[[str, str, int], None] = lambda symbol, interval, until: None

    async def fill(
        self,
        symbols: Iterable[str],
        counts: Mapping[str, int],
        until: int,
        deliver: Deliver,
        progress: Progress | None = None,
    ) -> None:
        """Deliver the newest candles that closed by `until` (ms UTC), so many of each interval."""
        jobs = [(label, symbol) for label in counts for symbol in symbols]
        gate = asyncio.Semaphore(AT_ONCE)
        done = 0

        async def one(label: str, symbol: str) -> None:
            nonlocal done
            async with gate:
                block = await self.newest(symbol, label, counts[label], until)
                if len(block):
                    await deliver(block)
            done += 1
            if progress is not None:
                progress(done, len(jobs))

        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(one(*job))

    async def newest(self, symbol: str, interval: str, count: int, until: int) -> CandleBlock:
        """The newest `count` candles that closed by `until` (ms UTC); fewer where there are fewer."""
        step = interval_ms(interval)
        end = open_of(until, interval)
        start = end - count * step
        held, spans = await self._held(symbol, interval, start, end)
        if len(spans) > MOST_SPANS:
            spans = [(spans[0][0], spans[-1][1])]
        last = int(held.open_times[-1]) if len(held) else None
        blocks = [held]
        for first, stop in spans:
            again = last is not None and first == last + step
            block = await self._fetch(symbol, interval, first - step if again else first, stop)
            if block is None or not len(block):
                continue
            if again and _differs(held, block):
                log.warning("%s %s: the source has another candle than the file; all is fetched", symbol, interval)
                self.mistrusted.add(symbol)
                whole = await self._fetch(symbol, interval, start, end)
                return whole if whole is not None else block
            blocks.append(block)
        self.from_cache += len(held)
        # What was fetched before the newest that is held has to be saved as well.
        until_held = 0 if last is None else min([last + step, *(first for first, _ in spans)])
        self.on_cached(symbol, interval, until_held)
        return _joined(symbol, interval, blocks)

    async def _held(self, symbol: str, interval: str, start: int, end: int) -> tuple[CandleBlock, list[Span]]:
        """What the cache holds of [start, end), and the spans it lacks."""
        nothing = CandleBlock(symbol, interval, np.empty(0, np.int64), np.empty((0, len(FIELDS))))
        if self._cache is None or symbol in self.mistrusted:
            return nothing, [(start, end)]
        cache = self._cache

        def read() -> tuple[CandleBlock, list[Span]]:
            step = interval_ms(interval)
            newest = cache.read(symbol, interval, (end - start) // step, end)
            if len(newest) and int(newest.open_times[0]) <= start <= int(newest.open_times[-1]):
                # The usual case, and the only one in which a long file need not be read whole.
                inside = newest.open_times >= start
                block = CandleBlock(symbol, interval, newest.open_times[inside], newest.values[inside])
                last = int(newest.open_times[-1]) + step
                return block, [(last, end)] if last < end else []
            held = cache.held(symbol, interval)
            inside = (held.times >= start) & (held.times < end)
            block = CandleBlock(symbol, interval, held.times[inside], held.values[inside])
            return block, gaps_of(held.times, interval, start, end, held.absent)

        try:
            block, spans = await asyncio.to_thread(read)
        except ValueError as error:
            log.warning("no history is kept of %s: %s", symbol, error)
            return nothing, [(start, end)]
        return self._sound(block), spans

    async def _fetch(self, symbol: str, interval: str, first: int, end: int) -> CandleBlock | None:
        """Candles with open times in [first, end), asked for until the source answers; None for an unknown symbol."""
        step = interval_ms(interval)
        pause = FIRST_PAUSE_S
        while True:
            try:
                self.requests += 1
                block = await self._source.candle_block(symbol, interval, (end - first) // step, first, end - 1)
                break
            except UnknownSymbol as error:
                log.warning("%s", error)
                return None
            except SourceUnavailable as error:
                log.warning("back-fill waits %.0f s: %s", pause, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
        block = self._sound(block)
        if self._cache is not None and len(block):
            lacking = gaps_of(block.open_times, interval, first, end)
            settled = [(a, b) for a, b in lacking if b < end - SETTLED_MS]
            self.absent.setdefault((symbol, interval), []).extend(settled)
        return block


def _differs(held: CandleBlock, block: CandleBlock) -> bool:
    """Whether the first candle of a block has other prices than the last one held; False where it is another one."""
    same = int(block.open_times[0]) == int(held.open_times[-1])
    return same and bool((block.values[0, :4] != held.values[-1, :4]).any())


def _joined(symbol: str, interval: str, blocks: list[CandleBlock]) -> CandleBlock:
    """Blocks of one symbol as one, ascending; of equal times the later block's."""
    if len(blocks) == 1:
        return blocks[0]
    times = np.concatenate([np.empty(0, np.int64), *(b.open_times for b in blocks)])
    values = np.concatenate([np.empty((0, 9)), *(b.values for b in blocks)])
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    last = np.append(np.diff(times) != 0, True) if len(times) else np.zeros(0, np.bool_)
    return CandleBlock(symbol, interval, times[last], values[last])
