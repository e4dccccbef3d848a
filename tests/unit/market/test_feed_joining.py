"""Symbols that join and leave a running feed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from market.feed import Feed
from market.types import SourceUnavailable, SymbolInfo
from tests.unit.market.feed_support import NAMES, START, differences, feed_over, until
from tests.unit.market.market_fake import MINUTE, T0, FakeSource, ManualClock


class Universe:
    """The symbols that shall be followed, as a test sets them, and what was told."""

    def __init__(self, feed: Feed, source: FakeSource) -> None:
        self.source = source
        self.names = list(NAMES)
        self.down = False
        self.reads = 0
        self.told: list[tuple[list[str], list[str]]] = []
        self.rebuilt: list[frozenset[str]] = []
        feed.on_rebuild = self.rebuild
        feed.follow(self.read, self.tell, 0.02)

    async def read(self) -> Sequence[SymbolInfo]:
        self.reads += 1
        if self.down:
            raise SourceUnavailable("down")
        return [info for info in await self.source.symbols() if info.symbol in self.names]

    async def tell(self, infos: Sequence[SymbolInfo], joined: Sequence[str], left: Sequence[str]) -> None:
        self.told.append((list(joined), list(left)))

    async def rebuild(self, symbols: frozenset[str]) -> None:
        self.rebuilt.append(symbols)


@pytest.fixture
async def feed(source: FakeSource, clock: ManualClock) -> AsyncIterator[Feed]:
    feed = feed_over(source, clock)
    await feed.start()
    yield feed
    await feed.aclose()


async def test_a_listed_symbol_joins_with_its_history_and_is_waited_for(feed: Feed, source: FakeSource) -> None:
    universe = Universe(feed, source)
    closes = feed.closes()
    following = asyncio.ensure_future(anext(closes))
    source.names.append("EEEUSDT")
    universe.names.append("EEEUSDT")
    # More than a second set of columns at once.
    many = [f"N{i:03d}USDT" for i in range(70)]
    source.names += many
    universe.names += many
    await until(lambda: feed.panel.last_open("15m") is not None and len(universe.rebuilt) >= 2)
    await until(lambda: not differences(feed.panel, [*NAMES, "EEEUSDT", *many], "1m", START - 50 * MINUTE, START - 1))
    assert universe.told == [(["EEEUSDT", *many], [])]
    assert universe.rebuilt[0] == frozenset(["EEEUSDT", *many])
    assert feed.corrections == 0
    await until(lambda: source.streams and feed._streams.connections[0].symbols)
    source.close_minute(START + MINUTE)
    coverage = await following
    assert coverage.fresh == (*NAMES, "EEEUSDT", *many) == feed.symbols
    source.quiet = source.unlisted = {"EEEUSDT"}
    source.close_minute(START + 2 * MINUTE)
    following = asyncio.ensure_future(anext(closes))
    await asyncio.sleep(0.05)
    assert not following.done(), "the new symbol is waited for like the others"
    source.quiet = source.unlisted = set()
    source.close_minute(START + 2 * MINUTE)
    assert len((await following).fresh) == 75
    for i in range(3, 10):
        source.close_minute(START + i * MINUTE)
        await anext(closes)
    for interval, last in (("1m", START + 8 * MINUTE), ("5m", T0 + 10 * MINUTE), ("15m", T0)):
        assert differences(feed.panel, [*NAMES, "EEEUSDT", *many], interval, T0 - 15 * MINUTE, last) == []


async def test_a_delisted_symbol_leaves_keeps_its_price_and_may_come_back(
    feed: Feed, source: FakeSource, clock: ManualClock
) -> None:
    universe = Universe(feed, source)
    closes = feed.closes()
    source.close_minute(START + MINUTE)
    await anext(closes)
    price = feed.prices["DDDUSDT"]
    following = asyncio.ensure_future(anext(closes))
    universe.names.remove("DDDUSDT")
    await until(lambda: universe.told)
    assert universe.told == [([], ["DDDUSDT"])] and universe.rebuilt == [frozenset({"DDDUSDT"})]
    assert feed.symbols == tuple(NAMES[:3]) and feed.panel.symbols == tuple(NAMES)
    assert feed.prices["DDDUSDT"] == price
    assert feed.candles("DDDUSDT", "1m", 10) == []
    source.close_minute(START + 2 * MINUTE)
    coverage = await following
    # Its candle still comes over the stream that was open: refused, and expected of nobody.
    assert coverage.fresh == tuple(NAMES[:3]) and coverage.expected == 3
    assert np.isnan(feed.panel.rows("1m", 3, np.array([START + MINUTE]))).all()
    following = asyncio.ensure_future(anext(closes))
    universe.names.append("DDDUSDT")
    await until(lambda: feed.candles("DDDUSDT", "1m", 10))
    assert universe.told[1] == (["DDDUSDT"], [])
    source.close_minute(START + 3 * MINUTE)
    assert (await following).fresh == tuple(NAMES)
    assert differences(feed.panel, NAMES, "1m", START - 20 * MINUTE, START + 2 * MINUTE) == []


async def test_an_exchange_that_does_not_answer_or_lists_next_to_nothing_is_not_believed(
    feed: Feed, source: FakeSource
) -> None:
    universe = Universe(feed, source)
    following = asyncio.ensure_future(anext(feed.closes()))
    universe.down = True
    await until(lambda: universe.reads > 2)
    universe.down = False
    universe.names = []
    reads = universe.reads
    await until(lambda: universe.reads > reads + 3)
    assert feed.symbols == tuple(NAMES) and universe.told == []
    # The same answer twice is taken for true, unless it is that there is nothing.
    universe.names = ["AAAUSDT"]
    await until(lambda: universe.told)
    assert feed.symbols == ("AAAUSDT",)
    source.close_minute(START + MINUTE)
    assert (await following).fresh == ("AAAUSDT",)
