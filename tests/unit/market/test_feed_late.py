"""Candles that come late, twice, wrong or cannot be: what the feed writes, tells and counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import numpy as np
import pytest

from market.feed import Feed
from tests.unit.market.feed_support import NAMES, START, at, differences, feed_over, until
from tests.unit.market.market_fake import MINUTE, T0, FakeSource, ManualClock, candle

LATE = "DDDUSDT"


class Told:
    """What the feed told, in order."""

    def __init__(self, feed: Feed) -> None:
        self.all: list[tuple[str, object]] = []
        feed.on_rebuild = self.rebuild
        feed.on_late = self.late

    async def rebuild(self, symbols: frozenset[str]) -> None:
        self.all.append(("rebuild", symbols))

    async def late(self, close_time: int, seconds: Mapping[str, float]) -> None:
        self.all.append(("late", ((close_time - START) // MINUTE, dict(seconds))))

    def of(self, kind: str) -> list[object]:
        return [what for name, what in self.all if name == kind]


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.waiting.ANSWER_S", 0.05)
    monkeypatch.setattr("market.repair.FIRST_PAUSE_S", 0.01)


@pytest.fixture
async def feed(source: FakeSource, clock: ManualClock) -> AsyncIterator[Feed]:
    feed = feed_over(source, clock)
    await feed.start()
    yield feed
    await feed.aclose()


async def test_a_symbol_that_comes_after_the_others_is_told_at_once_and_moves_to_late(
    feed: Feed, source: FakeSource, clock: ManualClock
) -> None:
    told = Told(feed)
    closes = feed.closes()
    source.quiet = source.unlisted = {LATE}
    source.close_minute(START + MINUTE)
    clock.now = START + MINUTE + 9000
    assert (await anext(closes)).stale == (LATE,)
    following = asyncio.ensure_future(anext(closes))
    clock.now = START + MINUTE + 12_000
    source.streams[0].put_nowait(at(LATE, START))
    await until(lambda: told.of("late"))
    # Long before the next minute closes: the engine steps the column, then the symbol is screened.
    assert told.all == [("rebuild", frozenset({LATE})), ("late", (1, {LATE: 12.0}))]
    assert not following.done()
    record = feed.coverage.minutes[-1]
    assert (record.fresh, record.late, record.stale, record.missing) == (tuple(NAMES[:3]), (LATE,), (), ())
    assert record.expected == 4
    assert record.late_seconds == {LATE: 12.0} and record.slowest_seconds == 12.0
    source.quiet = source.unlisted = set()
    source.close_minute(START + 2 * MINUTE)
    assert (await following).fresh == tuple(NAMES)
    assert differences(feed.panel, NAMES, "1m", START, START + MINUTE) == []


async def test_a_higher_candle_is_late_with_its_minute_also_after_the_next_minute(
    feed: Feed, source: FakeSource, clock: ManualClock
) -> None:
    told = Told(feed)
    closes = feed.closes()
    source.unlisted = {LATE}
    for i in range(1, 4):
        # The five minutes end with the third; the symbol lacks their last but one.
        source.close_minute(START + i * MINUTE, skip=[LATE] if i == 2 else [])
        clock.now = START + i * MINUTE + (9000 if i in (2, 3) else 100)
        await anext(closes)
    assert (T0 + 10 * MINUTE - START) // MINUTE == 3
    source.close_minute(START + 4 * MINUTE)
    await anext(closes)
    assert np.isnan(feed.panel.rows("5m", 3, np.array([T0 + 5 * MINUTE]))).all()
    following = asyncio.ensure_future(anext(closes))
    clock.now = START + 4 * MINUTE + 30_000
    source.streams[0].put_nowait(at(LATE, START + MINUTE))
    await until(lambda: told.of("late"))
    # The minute itself is past its limit; the five minutes are the newest there are.
    assert told.of("late") == [(3, {LATE: 90.0})]
    assert feed.report()["corrections"]["too_late"] == 1
    assert differences(feed.panel, NAMES, "5m", T0 + 5 * MINUTE, T0 + 5 * MINUTE) == []
    assert [c.stale for c in feed.coverage.minutes] == [(), (LATE,), (), ()]
    following.cancel()


async def test_later_than_the_limit_the_column_is_repaired_and_nothing_fires(
    source: FakeSource, clock: ManualClock
) -> None:
    feed = feed_over(source, clock, late_limit_s=20.0)
    await feed.start()
    told = Told(feed)
    closes = feed.closes()
    source.quiet = source.unlisted = {LATE}
    source.close_minute(START + MINUTE)
    clock.now = START + MINUTE + 9000
    await anext(closes)
    following = asyncio.ensure_future(anext(closes))
    clock.now = START + MINUTE + 21_000
    source.streams[0].put_nowait(at(LATE, START))
    await until(lambda: told.of("rebuild"))
    assert told.of("late") == []
    assert feed.coverage.minutes[-1].stale == (LATE,)
    assert differences(feed.panel, NAMES, "1m", START, START) == []
    following.cancel()
    await feed.aclose()


async def test_a_corrected_candle_corrects_the_panel_and_all_made_of_it(
    feed: Feed, source: FakeSource, clock: ManualClock
) -> None:
    told = Told(feed)
    closes = feed.closes()
    wrong = at("BBBUSDT", START + MINUTE, high=9999.0, volume=1e6)
    for i in range(1, 10):
        source.close_minute(START + i * MINUTE, skip=["BBBUSDT"] if i == 2 else [])
        if i == 2:
            source.streams[0].put_nowait(wrong)
        await anext(closes)
    assert feed.candles("BBBUSDT", "5m", 2)[0].high == feed.candles("BBBUSDT", "15m", 1)[0].high == 9999.0
    following = asyncio.ensure_future(anext(closes))
    source.streams[0].put_nowait(at("BBBUSDT", START + MINUTE))
    await until(lambda: told.of("rebuild"))
    assert told.all == [("rebuild", frozenset({"BBBUSDT"}))]
    for interval in ("1m", "5m", "15m"):
        assert differences(feed.panel, NAMES, interval, T0, T0 + 14 * MINUTE if interval == "1m" else T0) == []
    assert feed.report()["corrections"] == {"corrected": 1, "filled": 0, "too_late": 0, "duplicates": 0}
    following.cancel()


async def test_duplicates_and_old_candles_change_nothing(feed: Feed, source: FakeSource) -> None:
    told = Told(feed)
    closes = feed.closes()
    for i in range(1, 4):
        source.close_minute(START + i * MINUTE)
        for back in (0, 1, 2, 30):
            feed._inbox.add(at("AAAUSDT", START + (i - 1 - back) * MINUTE))
        assert (await anext(closes)).fresh == tuple(NAMES)
    assert told.all == [] and feed.corrections == 0
    assert feed.report()["corrections"]["duplicates"] >= 12
    assert differences(feed.panel, NAMES, "1m", START - 10 * MINUTE, START + 2 * MINUTE) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"low": 0.0}, "zero or negative"),
        ({"close": -1.0, "low": -2.0}, "zero or negative"),
        ({"high": 1.0}, "do not enclose"),
        ({"open": float("nan")}, "not a number"),
        ({"high": float("inf")}, "not a number"),
        ({"volume": -1.0}, "negative or infinite"),
        ({"open_time": START + 1}, "opens no candle"),
        ({"symbol": "ZZZUSDT"}, "not followed"),
        ({"interval": "7m"}, "opens no candle"),
    ],
)
async def test_what_cannot_be_a_candle_is_refused_counted_and_shown(
    feed: Feed, source: FakeSource, changes: dict[str, object], reason: str
) -> None:
    closes = feed.closes()
    source.close_minute(START + MINUTE, skip=["AAAUSDT"])
    source.streams[0].put_nowait(at("AAAUSDT", START, **changes))
    source.streams[0].put_nowait(at("AAAUSDT", START))
    assert (await anext(closes)).fresh == tuple(NAMES)
    assert differences(feed.panel, NAMES, "1m", START, START) == []
    refused = feed.report()["refused"]
    assert sum(refused["by_reason"].values()) == 1
    assert reason in refused["newest"][0]["reason"]
    assert refused["newest"][0]["symbol"] == changes.get("symbol", "AAAUSDT")


async def test_a_source_that_answers_nonsense_is_asked_until_it_does_not(
    feed: Feed, source: FakeSource, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("market.waiting.ANSWER_S", 5.0)
    whole, answers = source.candle_block, iter(range(3))

    async def broken(*args: Any) -> object:
        block = await whole(*args)
        if next(answers, None) is not None:
            block.values[:, 2] = 0.0
        return block

    monkeypatch.setattr(source, "candle_block", broken)
    closes = feed.closes()
    source.quiet = {LATE}
    source.close_minute(START + MINUTE)
    clock.now = START + MINUTE + 4500
    assert (await anext(closes)).fresh == tuple(NAMES)
    assert feed.report()["refused"]["by_reason"] == {"a price is zero or negative": 3}
    assert differences(feed.panel, NAMES, "1m", START, START) == []


class SlowClock(ManualClock):
    """A clock that is wrong until the source's time sets it."""

    def __init__(self, now: int, wrong_by: int) -> None:
        super().__init__(now)
        self.wrong_by = wrong_by

    def now_ms(self) -> int:
        return self.now + self.wrong_by

    def anchor(self, market_ms: int) -> None:
        self.wrong_by = 0


@pytest.mark.parametrize("wrong_by", [-3_600_000, 3_600_000])
async def test_a_clock_an_hour_off_is_set_by_the_exchange_and_no_minute_is_lost(wrong_by: int) -> None:
    true = ManualClock(START + 2000)
    source = FakeSource(true, NAMES)
    clock = SlowClock(START + 2000, 0)
    feed = feed_over(source, clock)
    await feed.start()
    closes = feed.closes()
    source.close_minute(START + MINUTE)
    clock.now = true.now
    await anext(closes)
    clock.wrong_by = wrong_by
    following = asyncio.ensure_future(anext(closes))
    await asyncio.sleep(0.05)
    source.close_minute(START + 2 * MINUTE)
    clock.now = true.now
    coverage = await asyncio.wait_for(following, 10)
    assert coverage.close_time == START + 2 * MINUTE and coverage.fresh == tuple(NAMES)
    assert coverage.seconds_after_close == pytest.approx(0.1)
    assert feed.report()["refused"]["by_reason"] == {}
    await feed.aclose()


async def test_a_candle_of_the_future_is_refused_once_the_clock_was_asked(feed: Feed, source: FakeSource) -> None:
    closes = feed.closes()
    following = asyncio.ensure_future(anext(closes))
    source.streams[0].put_nowait(at("AAAUSDT", START + 30 * MINUTE))
    await until(lambda: feed.refusals.counts)
    assert feed.refusals.counts == {"it lies in the future": 1}
    source.close_minute(START + MINUTE)
    assert (await following).fresh == tuple(NAMES)
    assert feed.panel.last_open("1m") == START


async def test_after_hours_away_history_is_filled_and_not_closed_minute_by_minute(
    feed: Feed, source: FakeSource, clock: ManualClock
) -> None:
    told = Told(feed)
    closes = feed.closes()
    source.close_minute(START + MINUTE)
    await anext(closes)
    clock.now = START + 400 * MINUTE + 1500
    following = asyncio.ensure_future(anext(closes))
    await until(lambda: told.all)
    source.close_minute(START + 401 * MINUTE)
    coverage = await following
    assert coverage.close_time == START + 401 * MINUTE and coverage.fresh == tuple(NAMES)
    assert told.of("rebuild") == [frozenset(NAMES)]
    assert feed.skipped_minutes == 399
    assert differences(feed.panel, NAMES, "1m", START + 110 * MINUTE, START + 400 * MINUTE) == []
    assert differences(feed.panel, NAMES, "5m", START, START + 390 * MINUTE) == []
    want = candle("AAAUSDT", "15m", T0 + 15 * 26 * MINUTE)
    assert feed.candles("AAAUSDT", "15m", 1)[0].close == want.close
