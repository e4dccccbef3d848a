"""The rolling check of the panel against the exchange."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from market.feed import Feed
from market.source import CandleBlock
from tests.unit.market.feed_support import NAMES, START, at, differences, feed_over, until
from tests.unit.market.market_fake import MINUTE, T0, FakeSource, ManualClock


@pytest.fixture
async def feed(source: FakeSource, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Feed]:
    monkeypatch.setattr("market.audit.SETTLE_S", 0.02)
    monkeypatch.setattr("market.audit.PAUSE_S", 0.02)
    monkeypatch.setattr("market.audit.LONGEST_WAIT_S", 0.01)
    # All four symbols within two minutes.
    feed = feed_over(source, clock, audit_hours=2 / 60)
    feed._auditor._pause_s = 0.0
    await feed.start()
    yield feed
    await feed.aclose()


def audit(feed: Feed) -> dict[str, object]:
    report = feed.report()["audit"]
    assert isinstance(report, dict)
    return report


async def test_what_differs_is_found_within_a_round_recorded_and_repaired(
    feed: Feed, source: FakeSource, clock: ManualClock
) -> None:
    rebuilt: set[str] = set()

    async def rebuild(symbols: frozenset[str]) -> None:
        rebuilt.update(symbols)

    feed.on_rebuild = rebuild
    good = at("CCCUSDT", START - 20 * MINUTE)
    row = np.array(
        [[v * 1.01 for v in (good.open, good.high, good.low, good.close)] + [good.volume, 1.0, 5.0, 4.0, 1.0]]
    )
    feed._store.put(CandleBlock("CCCUSDT", "1m", np.array([good.open_time], np.int64), row))
    feed.panel.put("5m", 1, np.array([T0 - 25 * MINUTE]), {name: np.full(1, np.nan) for name in ("open", "close")})
    assert differences(feed.panel, NAMES, "1m", START - 30 * MINUTE, START - MINUTE) != []
    closes = feed.closes()
    following = asyncio.ensure_future(anext(closes))
    for i in range(1, 10):
        clock.now = max(clock.now, START + i * MINUTE + 100)
        source.close_minute(START + i * MINUTE)
        await following
        following = asyncio.ensure_future(anext(closes))
        await asyncio.sleep(0.1)
    assert audit(feed)["rounds"] != 0
    await until(lambda: rebuilt >= {"CCCUSDT", "BBBUSDT"})
    assert differences(feed.panel, NAMES, "1m", START - 30 * MINUTE, START + MINUTE) == []
    assert differences(feed.panel, NAMES, "5m", T0 - 50 * MINUTE, T0) == []
    report = audit(feed)
    assert report["differing"] == 1 and report["lacking"] == 1 and report["failure"] is None
    found = report["newest_differences"]
    assert isinstance(found, list)
    assert {(d["symbol"], d["interval"], d["what"]) for d in found} == {
        ("CCCUSDT", "1m", "other values"),
        ("BBBUSDT", "5m", "not held"),
    }
    following.cancel()


async def test_a_candle_that_came_with_two_values_is_asked_for_and_the_exchange_decides(
    feed: Feed, source: FakeSource
) -> None:
    closes = feed.closes()
    source.close_minute(START + MINUTE)
    await anext(closes)
    following = asyncio.ensure_future(anext(closes))
    true = at("AAAUSDT", START)
    # The wrong value comes last: the stream alone would have it.
    feed._inbox.add(replace(true, close=true.close + 1, high=true.high + 1))
    await until(lambda: differences(feed.panel, NAMES, "1m", START, START))
    await until(lambda: not differences(feed.panel, NAMES, "1m", START, START))
    assert audit(feed)["differing"] == 1
    following.cancel()


async def test_all_symbols_are_checked_after_a_reconnect(
    feed: Feed, source: FakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("market.subscriptions.FIRST_PAUSE_S", 0.01)
    before = len(source.requests)
    source.drop_streams()
    await until(lambda: len(source.requests) >= before + 4)
    assert sorted(source.requests[before:]) == [(name, "1m", 100) for name in NAMES]
    assert feed.reconnects == 1


async def test_a_source_that_is_away_is_said_and_asked_again(feed: Feed, source: FakeSource) -> None:
    source.down = True
    feed._auditor.hurry(NAMES)
    await until(lambda: audit(feed)["failure"] == "down")
    source.down = False
    feed._auditor.hurry(NAMES)
    await until(lambda: audit(feed)["failure"] is None)


async def test_a_candle_the_exchange_does_not_have_is_recorded_and_kept(feed: Feed, source: FakeSource) -> None:
    closes = feed.closes()
    source.close_minute(START + MINUTE)
    await anext(closes)
    whole = source.candle_block

    async def without(*args: Any) -> CandleBlock:
        block = await whole(*args)
        keep = block.open_times != START - 5 * MINUTE
        return CandleBlock(block.symbol, block.interval, block.open_times[keep], block.values[keep])

    source.candle_block = without  # type: ignore[method-assign, assignment] # it stands for the source's own
    feed._auditor.hurry(["AAAUSDT"])
    await until(lambda: audit(feed)["not_at_the_exchange"] == 1)
    assert differences(feed.panel, NAMES, "1m", START - 30 * MINUTE, START) == []
