"""History over restarts: warm start from the cache, and what is kept in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from market.cache import HistoryCache
from market.feed import Feed
from market.source import CandleBlock
from tests.unit.market.feed_support import NAMES, START, at, differences, feed_over, until
from tests.unit.market.market_fake import MINUTE, T0, FakeSource, ManualClock, candle


@pytest.fixture
def cache(tmp_path: Path) -> HistoryCache:
    return HistoryCache(tmp_path / "history")


@pytest.fixture
async def stopped(source: FakeSource, clock: ManualClock, cache: HistoryCache) -> AsyncIterator[Feed]:
    """A feed that ran for ten minutes and was stopped."""
    feed = feed_over(source, clock, cache=cache)
    await feed.start()
    closes = feed.closes()
    for i in range(1, 11):
        source.close_minute(START + i * MINUTE)
        await anext(closes)
    await feed.aclose()
    source.requests.clear()
    clock.now += 2000
    yield feed


async def again(source: FakeSource, clock: ManualClock, cache: HistoryCache) -> Feed:
    feed = feed_over(source, clock, cache=cache)
    await feed.start()
    return feed


def whole(feed: Feed, last: int) -> bool:
    found = differences(feed.panel, NAMES, "1m", last - 59 * MINUTE, last)
    for interval, step in (("5m", 5), ("15m", 15)):
        end = feed.panel.last_open(interval)
        assert end is not None
        found += differences(feed.panel, NAMES, interval, end - 40 * step * MINUTE, end)
    assert found == []
    return True


async def test_a_stopped_feed_starts_from_what_it_kept_and_asks_for_the_rest_alone(
    stopped: Feed, source: FakeSource, clock: ManualClock, cache: HistoryCache
) -> None:
    assert len(cache.held("BBBUSDT", "1m").times) == 70
    feed = await again(source, clock, cache)
    assert source.requests == [] and whole(feed, START + 9 * MINUTE)
    await feed.aclose()
    clock.now += 25 * MINUTE
    feed = await again(source, clock, cache)
    # Each symbol's new candles and the newest one that is held.
    assert sorted(set(source.requests)) == sorted(
        (name, interval, count) for name in NAMES for interval, count in (("1m", 26), ("5m", 6), ("15m", 2))
    )
    assert whole(feed, START + 34 * MINUTE)
    assert feed.report()["backfill"]["from_cache"] == 4 * (35 + 55 + 59)
    await feed.aclose()


async def test_more_history_than_is_kept_is_asked_for(
    stopped: Feed, source: FakeSource, clock: ManualClock, cache: HistoryCache
) -> None:
    feed = feed_over(source, clock, cache=cache, backfill=200)
    await feed.start()
    assert set(source.requests) == {(n, i, c) for n in NAMES for i, c in (("1m", 130), ("5m", 138), ("15m", 139))}
    assert differences(feed.panel, NAMES, "1m", START - 180 * MINUTE, START + 9 * MINUTE) == []
    await feed.aclose()
    # And kept: the next start asks for nothing.
    source.requests.clear()
    feed = feed_over(source, clock, cache=cache, backfill=200)
    await feed.start()
    assert source.requests == []
    await feed.aclose()


async def test_history_that_an_exchange_does_not_have_is_asked_for_once(
    source: FakeSource, clock: ManualClock, cache: HistoryCache
) -> None:
    asked = source.candle_block
    listed = START - 20 * MINUTE

    async def young(symbol: str, interval: str, limit: int, start: int | None, end: int | None) -> object:
        return await asked(
            symbol, interval, limit, max(start or 0, T0 - 60 * MINUTE if interval != "1m" else listed), end
        )

    source.candle_block = young  # type: ignore[method-assign, assignment] # it stands for the source's own
    clock.now += 200 * MINUTE
    for attempt in range(2):
        source.requests.clear()
        feed = feed_over(source, clock, ["15m"], cache=cache)
        await feed.start()
        assert len(source.requests) == (8 if attempt == 0 else 0)
        await feed.aclose()


async def test_files_of_another_market_are_not_used(
    stopped: Feed, source: FakeSource, clock: ManualClock, cache: HistoryCache
) -> None:
    for interval in ("1m", "5m", "15m"):
        held = cache.held("AAAUSDT", interval)
        values = held.values.copy()
        values[:, :4] *= 2
        cache.write(CandleBlock("AAAUSDT", interval, held.times, values))
    clock.now += 20 * MINUTE
    feed = await again(source, clock, cache)
    assert whole(feed, START + 29 * MINUTE)
    assert feed._filler.mistrusted == {"AAAUSDT"}
    await feed.aclose()
    assert cache.held("AAAUSDT", "1m").values[-60:, 3].tolist() == [
        candle("AAAUSDT", "1m", START + i * MINUTE).close for i in range(-30, 30)
    ]


async def test_a_correction_before_the_first_saving_hides_no_row_from_it(
    stopped: Feed, source: FakeSource, clock: ManualClock, cache: HistoryCache
) -> None:
    held = cache.held("AAAUSDT", "1m")
    values = held.values.copy()
    values[:, :4] *= 2
    cache.write(CandleBlock("AAAUSDT", "1m", held.times, values))
    clock.now += 20 * MINUTE
    feed = await again(source, clock, cache)
    closes = feed.closes()
    following = asyncio.ensure_future(anext(closes))
    true = at("AAAUSDT", START + 28 * MINUTE)
    feed._inbox.add(at("AAAUSDT", START + 28 * MINUTE, high=true.high + 0.5))
    await until(lambda: feed.corrections)
    source.close_minute(START + 31 * MINUTE)
    await following
    await feed.aclose()
    assert cache.held("AAAUSDT", "1m").values[-60:-10, 3].tolist() == [
        candle("AAAUSDT", "1m", START + i * MINUTE).close for i in range(-29, 21)
    ]


@pytest.mark.parametrize("fault", ["corrupt", "half", "folder"])
async def test_a_broken_file_is_survived_recorded_and_fetched_again(
    stopped: Feed, source: FakeSource, clock: ManualClock, cache: HistoryCache, fault: str
) -> None:
    path = cache.path("CCCUSDT", "1m")
    if fault == "corrupt":
        path.write_bytes(b"PAR1 nothing of the kind PAR1")
    elif fault == "half":
        path.write_bytes(path.read_bytes()[:300])
    else:
        path.unlink()
        path.mkdir()
    feed = await again(source, clock, cache)
    assert whole(feed, START + 9 * MINUTE)
    report = feed.report()["cache"]
    assert report["problems"] >= 1 and "CCCUSDT" in report["newest_problems"][0]["path"]
    assert {name for name, _, _ in source.requests} == {"CCCUSDT"}
    await feed.aclose()


async def test_a_full_disk_stops_nothing_and_is_tried_again(
    stopped: Feed, source: FakeSource, clock: ManualClock, cache: HistoryCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = await again(source, clock, cache)
    closes = feed.closes()
    with monkeypatch.context() as patch:

        def full(*args: Any) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr("market.cache.replace_file", full)
        for i in range(11, 14):
            source.close_minute(START + i * MINUTE)
            assert (await anext(closes)).fresh == tuple(NAMES)
        assert feed._saver is not None
        await feed._saver.save(feed.boundary)
        report = feed.report()["cache"]
        assert "No space left" in report["newest_problems"][0]["message"]
        assert len(cache.held("AAAUSDT", "1m").times) == 70
    await feed.aclose()
    assert len(cache.held("AAAUSDT", "1m").times) == 73


async def test_what_was_corrected_after_it_was_saved_is_saved_again(
    stopped: Feed, source: FakeSource, clock: ManualClock, cache: HistoryCache
) -> None:
    true = at("AAAUSDT", START + 3 * MINUTE)
    feed = await again(source, clock, cache)
    closes = feed.closes()
    following = asyncio.ensure_future(anext(closes))
    feed._inbox.add(at("AAAUSDT", START + 3 * MINUTE, close=true.close + 0.5))
    await until(lambda: feed.corrections)
    source.close_minute(START + 11 * MINUTE)
    await following
    await feed.aclose()
    held = cache.held("AAAUSDT", "1m")
    assert held.values[held.times == true.open_time, 3] == [true.close + 0.5]
    five = cache.held("AAAUSDT", "5m")
    assert not np.isnan(five.values[:, 3]).any() and len(five.times) == 62
