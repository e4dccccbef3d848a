"""Candles for charts: what is held, what is made of minutes, what is asked for, and how often."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import numpy as np
import pytest

from app import charts
from app.charts import PAGE, Charts, TooManyPages
from market.source import FIELDS, CandleBlock
from market.types import Candle, Price, SourceUnavailable, SymbolInfo
from screener.intervals import interval_ms, open_of
from tests.fixtures.fake_market import StandingClock

MINUTE = 60_000
NOW = 1_767_600_000_000 + 37 * MINUTE + 20_000
DAY = interval_ms("1d")
SYMBOL = "BTCUSDT"


def candle(interval: str, opened: int) -> Candle:
    """A candle whose numbers follow from its minutes' numbers: it opens at the first and closes one past the last."""
    first, last = opened // MINUTE, (opened + interval_ms(interval)) // MINUTE
    low, high, count = float(first), float(last), float(last - first)
    return Candle(SYMBOL, interval, opened, low, high + 0.5, low - 0.5, high, count, 2 * count, count, count, count)


class Exchange:
    """Every closed candle since `begin`; counts what it is asked."""

    def __init__(self, clock: StandingClock, begin: int = 0) -> None:
        self.clock, self.begin = clock, begin
        self.asked: list[tuple[str, int | None]] = []
        self.down = False
        self.gate: asyncio.Event | None = None

    async def candle_block(
        self, symbol: str, interval: str, limit: int = 1000, start_ms: int | None = None, end_ms: int | None = None
    ) -> CandleBlock:
        self.asked.append((interval, end_ms))
        if self.gate is not None:
            await self.gate.wait()
        if self.down:
            raise SourceUnavailable("no answer")
        step = interval_ms(interval)
        newest = min(open_of(end_ms or 0, interval), open_of(self.clock.now, interval) - step)
        opens = np.arange(newest, max(self.begin - 1, newest - limit * step), -step, dtype=np.int64)[::-1]
        rows = [[getattr(candle(interval, int(t)), name) for name in FIELDS] for t in opens]
        return CandleBlock(symbol, interval, opens, np.array(rows).reshape(len(opens), len(FIELDS)))


class Market:
    """Holds `held` minutes and no other interval."""

    def __init__(self, held: int = 200, begin: int = 0) -> None:
        self.clock = StandingClock(NOW)
        self.source = Exchange(self.clock, begin)
        small = Decimal("0.01")
        self.infos = {SYMBOL: SymbolInfo(SYMBOL, "BTC", "USDT", "TRADING", small, small, small, small)}
        self.prices: dict[str, Price] = {}
        self.held = held
        self.missing: set[int] = set()

    def candles(self, symbol: str, interval: str, limit: int) -> list[Candle]:
        if interval != "1m":
            return []
        end = open_of(self.clock.now, "1m")
        opens = range(end - self.held * MINUTE, end, MINUTE)[-limit:]
        return [candle("1m", t) for t in opens if t not in self.missing]


def contiguous(found: list[Candle], interval: str, count: int, end: int) -> None:
    step = interval_ms(interval)
    assert [c.open_time for c in found] == list(range(end - count * step, end, step))
    for c in found:
        assert c == candle(interval, c.open_time)


async def test_what_is_held_is_not_asked_for() -> None:
    market = Market()
    found, _ = await Charts(market).candles(SYMBOL, "1m", 150)
    contiguous(found, "1m", 150, open_of(NOW, "1m"))
    assert market.source.asked == []


async def test_minutes_make_the_higher_candles_as_far_as_they_reach() -> None:
    market = Market(held=200)
    found, _ = await Charts(market).candles(SYMBOL, "15m", 12)
    contiguous(found, "15m", 12, open_of(NOW, "15m"))
    assert market.source.asked == []


@pytest.mark.parametrize("interval", ["1m", "5m", "1h", "12h", "1d", "3d", "1w"])
async def test_what_is_not_held_is_asked_for_by_the_page_and_joined(interval: str) -> None:
    market = Market(held=30)
    found, _ = await Charts(market).candles(SYMBOL, interval, 1500)
    contiguous(found, interval, 1500, open_of(NOW, interval))
    assert 1 <= len(market.source.asked) <= 3


async def test_a_hole_in_the_minutes_is_no_hole_in_the_chart() -> None:
    market = Market(held=200)
    market.missing.add(open_of(NOW, "1m") - 100 * MINUTE)
    found, _ = await Charts(market).candles(SYMBOL, "5m", 30)
    contiguous(found, "5m", 30, open_of(NOW, "5m"))
    assert len(market.source.asked) == 1


async def test_pages_meet_without_gap_or_overlap() -> None:
    market, asked = Market(held=0), 2500
    shown = Charts(market)
    pages: list[Candle] = []
    end: int | None = None
    while len(pages) < asked:
        page, _ = await shown.candles(SYMBOL, "1h", 170, None, end)
        pages = page + pages
        end = page[0].open_time
    contiguous(pages, "1h", len(pages), open_of(NOW, "1h"))
    assert len(market.source.asked) <= len(pages) // PAGE + 2


async def test_a_range_is_closed_below_and_open_above() -> None:
    shown = Charts(Market(held=0))
    end = open_of(NOW, "1h")
    found, _ = await shown.candles(SYMBOL, "1h", 500, end - 10 * interval_ms("1h"), end - 4 * interval_ms("1h"))
    contiguous(found, "1h", 6, end - 4 * interval_ms("1h"))
    assert await shown.candles(SYMBOL, "1h", 500, end, end) == ([], False)
    assert await shown.candles(SYMBOL, "1h", 500, end + DAY, end + 2 * DAY) == ([], False)
    assert await shown.candles(SYMBOL, "1h", 500, None, 0) == ([], False)
    assert await shown.candles(SYMBOL, "1h", 500, None, -5) == ([], False)


async def test_the_past_is_asked_for_once_and_the_newest_page_once_a_candle() -> None:
    market = Market(held=0)
    shown = Charts(market)
    for _ in range(5):
        await shown.candles(SYMBOL, "1h", 1500)
    before = len(market.source.asked)
    assert before <= 3
    market.clock.now += interval_ms("1h")
    found, _ = await shown.candles(SYMBOL, "1h", 1500)
    contiguous(found, "1h", 1500, open_of(market.clock.now, "1h"))
    assert len(market.source.asked) - before <= 2


async def test_history_has_a_beginning_that_is_not_asked_for_twice() -> None:
    begin = open_of(NOW, "1h") - 40 * interval_ms("1h")
    market = Market(held=0, begin=begin)
    shown = Charts(market)
    found, _ = await shown.candles(SYMBOL, "1h", 300)
    contiguous(found, "1h", 40, open_of(NOW, "1h"))
    asked = len(market.source.asked)
    for end in range(begin, begin - 50 * DAY, -DAY):
        assert await shown.candles(SYMBOL, "1h", 300, None, end) == ([], False)
    assert len(market.source.asked) == asked


async def test_many_who_ask_alike_wait_for_one_answer() -> None:
    market = Market(held=0)
    market.source.gate = asyncio.Event()
    shown = Charts(market)
    waiting = [asyncio.create_task(shown.candles(SYMBOL, "1d", 100)) for _ in range(50)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.pop().cancel()
    market.source.gate.set()
    answers = await asyncio.gather(*waiting)
    assert len(market.source.asked) == 1
    assert all(answer == answers[0] and len(answer[0]) == 100 for answer in answers)


async def test_a_failure_is_told_and_not_kept() -> None:
    market = Market(held=0)
    market.source.down = True
    shown = Charts(market)
    with pytest.raises(SourceUnavailable):
        await shown.candles(SYMBOL, "1d", 10)
    market.source.down = False
    assert len((await shown.candles(SYMBOL, "1d", 10))[0]) == 10


async def test_what_is_at_hand_is_given_where_the_exchange_does_not_answer() -> None:
    market = Market(held=30)
    market.source.down = True
    found, more = await Charts(market).candles(SYMBOL, "1m", 300)
    contiguous(found, "1m", 30, open_of(NOW, "1m"))
    assert more, "who asks for the page before is told why there is none"


async def test_there_are_earlier_ones_until_history_begins() -> None:
    begin = open_of(NOW, "1h") - 40 * interval_ms("1h")
    shown = Charts(Market(held=0, begin=begin))
    assert (await shown.candles(SYMBOL, "1h", 39))[1]
    assert not (await shown.candles(SYMBOL, "1h", 40))[1]
    assert not (await shown.candles(SYMBOL, "1h", 5, begin + 36 * interval_ms("1h")))[1]
    assert (await shown.candles(SYMBOL, "1h", 5, begin + 30 * interval_ms("1h")))[1]


async def test_viewers_cannot_spend_the_feed_s_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "MOST_PAGES", 4)
    market = Market(held=0)
    shown = Charts(market)
    with pytest.raises(TooManyPages) as refusal:
        for page in range(20):
            await shown.candles(SYMBOL, "1m", 10, None, NOW - page * 1100 * MINUTE)
    assert len(market.source.asked) == 4
    assert 0 < refusal.value.retry_after_s <= 60


async def test_pages_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "KEPT_PAGES", 3)
    market = Market(held=0)
    shown = Charts(market)
    for page in range(8):
        await shown.candles(SYMBOL, "1m", 1, None, NOW - page * 1100 * MINUTE)
    assert len(shown._pages) == 3


async def test_the_candle_under_way_is_its_minutes_and_the_last_price() -> None:
    market = Market()
    shown = Charts(market)
    assert await shown.forming(SYMBOL, "15m") is None, "no price yet"
    market.prices[SYMBOL] = Price(SYMBOL, 1e9, NOW)
    opened = open_of(NOW, "15m")
    minutes = [candle("1m", t) for t in range(opened, open_of(NOW, "1m"), MINUTE)]
    under_way = await shown.forming(SYMBOL, "15m")
    assert under_way is not None
    assert under_way.open_time == opened
    assert under_way.open == minutes[0].open
    assert under_way.close == under_way.high == 1e9
    assert under_way.low == minutes[0].low
    assert under_way.volume == len(minutes)
    market.missing.add(opened + MINUTE)
    assert await shown.forming(SYMBOL, "15m") is None, "half a candle misleads"


async def test_a_minute_under_way_goes_on_from_the_last_close() -> None:
    market = Market()
    market.prices[SYMBOL] = Price(SYMBOL, 5.0, NOW)
    under_way = await Charts(market).forming(SYMBOL, "1m")
    assert under_way is not None
    last = candle("1m", open_of(NOW, "1m") - MINUTE)
    assert (under_way.open, under_way.high, under_way.low, under_way.close) == (last.close, last.close, 5.0, 5.0)
    assert under_way.volume == 0


@pytest.mark.parametrize("interval", ["2h", "1d", "1w"])
async def test_a_long_candle_under_way_is_made_of_hours_and_minutes(interval: str) -> None:
    market = Market(held=70)
    market.clock.now += 7 * interval_ms("1h")
    now = market.clock.now
    market.prices[SYMBOL] = Price(SYMBOL, 3.0, now)
    under_way = await Charts(market).forming(SYMBOL, interval)
    assert under_way is not None
    first = open_of(now, interval)
    assert (under_way.open, under_way.low) == (candle("1m", first).open, 3.0)
    assert under_way.high == candle("1m", open_of(now, "1m") - MINUTE).high
    assert under_way.volume == (open_of(now, "1m") - first) // MINUTE


async def test_no_candle_is_under_way_where_an_hour_of_it_cannot_be_had() -> None:
    market = Market(held=70)
    market.clock.now += 7 * interval_ms("1h")
    market.prices[SYMBOL] = Price(SYMBOL, 3.0, market.clock.now)
    market.source.begin = open_of(market.clock.now, "1d") + interval_ms("1h")
    assert await Charts(market).forming(SYMBOL, "1d") is None


async def test_unknown_symbols_and_intervals() -> None:
    shown = Charts(Market())
    with pytest.raises(KeyError):
        await shown.candles("NOPE", "1m", 1)
    with pytest.raises(ValueError, match="unknown interval"):
        await shown.candles(SYMBOL, "7m", 1)
