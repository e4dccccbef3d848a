"""Whatever order candles come in, twice, wrong first, or by repair alone: the panel ends as the market was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from market.checks import Refusals
from market.coverage import CoverageLog
from market.inbox import Inbox
from market.source import CandleBlock
from market.writing import Writer
from screener.intervals import is_close
from tests.unit.market.feed_support import START, at, differences, store_with_history
from tests.unit.market.market_fake import MINUTE, T0, ManualClock, candle

NAMES = ["AAAUSDT", "BBBUSDT", "CCCUSDT"]
INTERVALS = ["1m", "3m", "5m", "15m"]
MINUTES = 12
MORE = 5
NEVER = 99


@dataclass(frozen=True)
class Way:
    """How a candle comes: so many minutes late, or never; how often; with a wrong value first; its place among those
    that come in the same minute.
    """

    delay: int
    times: int
    wrong: bool
    place: int


WAYS = st.builds(
    Way, st.sampled_from([0, 0, 0, 0, 1, 2, 4, NEVER]), st.integers(1, 3), st.booleans(), st.integers(0, 1000)
)


def block_of(name: str, interval: str, open_time: int) -> CandleBlock:
    c = candle(name, interval, open_time)
    row = [c.open, c.high, c.low, c.close, c.volume, c.quote_volume, c.trades, c.taker_buy_base, c.taker_buy_quote]
    return CandleBlock(name, interval, np.array([open_time], np.int64), np.array([row]))


@settings(max_examples=40, deadline=None)
@given(st.lists(WAYS, min_size=MINUTES * len(NAMES), max_size=MINUTES * len(NAMES)))
def test_any_order_of_arrival_gives_the_same_panel_and_accounts_for_every_symbol(ways: list[Way]) -> None:
    clock = ManualClock(START)
    store = store_with_history(NAMES, INTERVALS[1:], 40, START)
    refusals = Refusals()
    inbox = Inbox(store, clock, refusals)
    asked: list[tuple[str, str, int]] = []
    writer = Writer(store, inbox, clock, lambda label, name, first, last: asked.append((label, name, first)), 600.0)
    log = CoverageLog(stale_ms=5 * MINUTE)
    inbox.boundary = START
    live = np.ones(len(NAMES), np.bool_)

    def correct() -> None:
        corrected = writer.correct(inbox.take_past(), INTERVALS)
        for close_time, seconds in corrected.late.items():
            log.came_late(close_time, seconds)
            # Late candles are screened, so the engine is told of their columns.
            assert corrected.symbols >= set(seconds)

    ways = [*ways, *[Way(0, 1, False, 0)] * (MORE * len(NAMES))]
    plan = [(START + i // len(NAMES) * MINUTE, NAMES[i % len(NAMES)], way) for i, way in enumerate(ways)]
    for minute in range(MINUTES + MORE):
        close_time = START + (minute + 1) * MINUTE
        clock.now = close_time + 500
        for opened, name, way in _arriving(plan, close_time, 0):
            _bring(inbox, opened, name, way)
        fresh = writer.advance(close_time, INTERVALS, live)
        log.begin(store, close_time, fresh, clock.now)
        clock.now = close_time + 20_000
        for opened, name, way in _arriving(plan, close_time, 1):
            _bring(inbox, opened, name, way)
        correct()
    # What never came is fetched: the minutes, and the higher candles that were asked for.
    for opened, name, way in plan:
        if way.delay == NEVER:
            inbox.add_block(block_of(name, "1m", opened))
    correct()
    for label, name, first in asked:
        inbox.add_block(block_of(name, label, first))
    correct()

    assert refusals.counts == {}
    for interval in INTERVALS:
        last = store.panel.last_open(interval)
        assert last is not None
        assert differences(store.panel, NAMES, interval, T0 - 15 * MINUTE, last) == []
    assert len(log.minutes) == MINUTES + MORE
    for record in log.minutes:
        groups = [*record.fresh, *record.late, *record.stale, *record.missing]
        assert sorted(groups) == NAMES
        assert set(record.late_seconds) == set(record.late)
    for opened, name, way in plan:
        (record,) = (r for r in log.minutes if r.close_time == opened + MINUTE)
        assert (name in record.fresh) == (way.delay == 0)
        # Late by a part of a minute is screened; what the next minute has overtaken is repaired alone, unless a
        # longer candle ends with it.
        if way.delay <= 1 or not any(is_close(opened + MINUTE, label) for label in INTERVALS[1:]):
            assert (name in record.late) == (way.delay == 1)


def _arriving(plan: list[tuple[int, str, Way]], close_time: int, least: int) -> list[tuple[int, str, Way]]:
    """What comes in time (`least` 0) with this close, or after it."""
    found = [
        (opened, name, way)
        for opened, name, way in plan
        if (way.delay == 0 and least == 0 and opened + MINUTE == close_time)
        or (least == 1 and way.delay > 0 and opened + way.delay * MINUTE == close_time)
    ]
    return sorted(found, key=lambda item: item[2].place)


def _bring(inbox: Inbox, opened: int, name: str, way: Way) -> None:
    true = at(name, opened)
    if way.wrong:
        inbox.add(at(name, opened, high=true.high + 7.0, volume=true.volume + 1.0))
    for _ in range(way.times):
        inbox.add(true)
