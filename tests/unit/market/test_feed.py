"""The feed against a scripted market."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from market.feed import Feed
from market.types import Coverage, Price
from tests.unit.market.market_fake import MINUTE, T0, FakeSource, ManualClock, candle

NAMES = ["AAAUSDT", "BBBUSDT", "CCCUSDT", "DDDUSDT"]
START = T0 + 7 * MINUTE


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START + 2000)


@pytest.fixture
def source(clock: ManualClock) -> FakeSource:
    return FakeSource(clock, NAMES)


@pytest.fixture
async def feed(source: FakeSource, clock: ManualClock) -> AsyncIterator[Feed]:
    feed = Feed(source, clock, NAMES, ["5m", "15m"], capacity=300, backfill=60)
    yield feed
    await feed.aclose()


def close_of(feed: Feed, symbol: str, interval: str, open_time: int) -> float:
    times, values = feed.panel.window(interval, "close", 300)
    at = np.flatnonzero(times == open_time)
    return float(values[at[0], feed.panel.index(symbol)]) if len(at) else float("nan")


async def test_start_backfills_every_interval_up_to_the_boundary(feed: Feed, source: FakeSource) -> None:
    steps: list[tuple[int, int]] = []
    await feed.start(lambda done, total: steps.append((done, total)))
    assert feed.boundary == START
    assert steps[-1] == (12, 12)
    for interval, newest in (("1m", START - MINUTE), ("5m", T0), ("15m", T0 - 15 * MINUTE)):
        assert feed.panel.last_open(interval) == newest
        held = feed.candles("BBBUSDT", interval, 60)
        assert len(held) == 60
        want = candle("BBBUSDT", interval, newest)
        assert (held[-1].open_time, held[-1].close, held[-1].volume) == (newest, want.close, want.volume)
        assert held[-1].taker_buy_base == want.taker_buy_base
    assert feed.prices["AAAUSDT"].price == candle("AAAUSDT", "1m", START - MINUTE).close


async def test_minutes_are_yielded_in_order_and_higher_candles_folded(feed: Feed, source: FakeSource) -> None:
    await feed.start()
    closes = feed.closes()
    for i in range(1, 10):
        source.close_minute(START + i * MINUTE)
        coverage = await anext(closes)
        assert coverage.close_time == START + i * MINUTE
        assert coverage.fresh == tuple(NAMES)
        assert not coverage.stale and not coverage.missing
        assert 0 <= coverage.seconds_after_close < 1
    want = candle("CCCUSDT", "15m", T0)
    held = feed.candles("CCCUSDT", "15m", 1)[0]
    assert (held.open_time, held.open, held.high, held.low, held.close, held.volume) == (
        T0,
        want.open,
        want.high,
        want.low,
        want.close,
        want.volume,
    )
    assert feed.corrections == 0
    # nothing but the back-fill was asked by REST
    assert len(source.requests) == 12


async def test_panel_never_runs_ahead_of_the_yielded_minute(feed: Feed, source: FakeSource) -> None:
    await feed.start()
    closes = feed.closes()
    for i in range(1, 6):
        source.close_minute(START + i * MINUTE)
        await asyncio.sleep(0.01)
    for i in range(1, 6):
        coverage = await anext(closes)
        assert coverage.close_time == START + i * MINUTE
        assert feed.panel.last_open("1m") == START + (i - 1) * MINUTE
        assert len(coverage.fresh) == 4


async def test_a_quiet_symbol_is_asked_by_rest_before_the_deadline(
    feed: Feed, source: FakeSource, clock: ManualClock
) -> None:
    await feed.start()
    closes = feed.closes()
    source.quiet = {"DDDUSDT"}
    source.close_minute(START + MINUTE)
    clock.now = START + MINUTE + 4100
    coverage = await anext(closes)
    assert coverage.fresh == tuple(NAMES)
    assert close_of(feed, "DDDUSDT", "1m", START) == candle("DDDUSDT", "1m", START).close
    assert feed.corrections == 0


async def test_a_late_candle_is_a_correction_and_tells_the_engines(
    feed: Feed, source: FakeSource, clock: ManualClock
) -> None:
    await feed.start()
    closes = feed.closes()
    told: list[tuple[frozenset[str], int | None]] = []

    async def rebuild(symbols: frozenset[str]) -> None:
        told.append((symbols, feed.panel.last_open("1m")))

    feed.on_rebuild = rebuild
    source.quiet = source.unlisted = {"DDDUSDT"}
    source.close_minute(START + MINUTE)
    clock.now = START + MINUTE + 9000
    coverage = await anext(closes)
    assert coverage.fresh == tuple(NAMES[:3])
    assert coverage.stale == ("DDDUSDT",)
    assert np.isnan(close_of(feed, "DDDUSDT", "1m", START))
    source.streams[0].put_nowait(candle("DDDUSDT", "1m", START))
    source.quiet = source.unlisted = set()
    source.close_minute(START + 2 * MINUTE)
    await anext(closes)
    assert close_of(feed, "DDDUSDT", "1m", START) == candle("DDDUSDT", "1m", START).close
    # engines are told while the panel still ends with the minute they know
    assert told == [(frozenset({"DDDUSDT"}), START)]


async def test_silence_of_all_is_covered_as_stale_then_repaired(
    feed: Feed, source: FakeSource, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("market.subscriptions.FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr("market.repair.FIRST_PAUSE_S", 0.01)
    await feed.start()
    closes = feed.closes()
    source.down = True
    source.drop_streams()
    seen: list[Coverage] = []
    for i in range(1, 8):
        clock.now = START + i * MINUTE + 9000
        seen.append(await anext(closes))
    assert [c.close_time for c in seen] == [START + i * MINUTE for i in range(1, 8)]
    assert all(not c.fresh for c in seen)
    assert seen[0].stale == tuple(NAMES) and seen[-1].missing == tuple(NAMES)
    assert feed.failure == "down"
    source.down = False
    while not source.streams or feed.holes:
        await asyncio.sleep(0.01)
    source.close_minute(START + 8 * MINUTE)
    back = await anext(closes)
    assert back.fresh == tuple(NAMES)
    for i in range(8):
        for name in NAMES:
            assert close_of(feed, name, "1m", START + i * MINUTE) == candle(name, "1m", START + i * MINUTE).close
    # the 5m and 15m candles that ended in the silence are whole again
    for name in NAMES:
        assert close_of(feed, name, "5m", T0 + 5 * MINUTE) == candle(name, "5m", T0 + 5 * MINUTE).close
        assert close_of(feed, name, "15m", T0) == candle(name, "15m", T0).close
    assert feed.reconnects >= 1 and feed.failure is None


async def test_an_interval_is_added_while_running(feed: Feed, source: FakeSource) -> None:
    await feed.start()
    closes = feed.closes()
    source.close_minute(START + MINUTE)
    await anext(closes)
    await asyncio.gather(feed.require("3m", 50), feed.require("3m", 50))
    assert len([r for r in source.requests if r[1] == "3m"]) == 4
    assert feed.panel.last_open("3m") == T0 + 3 * MINUTE
    for i in range(2, 5):
        source.close_minute(START + i * MINUTE)
        await anext(closes)
    assert feed.panel.last_open("3m") == T0 + 6 * MINUTE
    assert close_of(feed, "AAAUSDT", "3m", T0 + 6 * MINUTE) == candle("AAAUSDT", "3m", T0 + 6 * MINUTE).close
    await feed.require("3m", 400)
    assert len(feed.candles("AAAUSDT", "3m", 400)) == 400
    with pytest.raises(ValueError, match="unknown interval"):
        await feed.require("7m")


async def test_a_delisted_symbol_is_not_waited_for(feed: Feed, source: FakeSource, clock: ManualClock) -> None:
    source.unlisted = source.quiet = {"DDDUSDT"}
    await feed.start()
    closes = feed.closes()
    for i in range(1, 4):
        source.close_minute(START + i * MINUTE)
        coverage = await asyncio.wait_for(anext(closes), 1)
        assert coverage.missing == ("DDDUSDT",)


async def test_a_clock_that_jumped_ahead_is_caught_up_in_order(
    feed: Feed, source: FakeSource, clock: ManualClock
) -> None:
    await feed.start()
    closes = feed.closes()
    clock.now = START + 40 * MINUTE + 500
    for i in range(1, 41):
        coverage = await asyncio.wait_for(anext(closes), 3)
        assert coverage.close_time == START + i * MINUTE
        assert coverage.fresh == tuple(NAMES)
    assert feed.corrections == 0
    assert feed.panel.last_open("15m") == T0 + 30 * MINUTE


async def test_prices_follow_the_stream(feed: Feed, source: FakeSource) -> None:
    await feed.start()
    source.price_queue.put_nowait(Price("AAAUSDT", 5.5, START))
    source.price_queue.put_nowait(Price("ZZZUSDT", 1.0, START))
    await asyncio.sleep(0.02)
    assert feed.prices["AAAUSDT"].price == 5.5
    assert "ZZZUSDT" not in feed.prices


async def test_a_fault_of_a_background_task_surfaces(
    feed: Feed, source: FakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    await feed.start()

    def broken(candle: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(feed._streams, "_on_candle", broken)
    source.close_minute(START + MINUTE)
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(anext(feed.closes()), 3)


def test_a_feed_needs_symbols(source: FakeSource, clock: ManualClock) -> None:
    with pytest.raises(ValueError, match="at least one symbol"):
        Feed(source, clock, [])
