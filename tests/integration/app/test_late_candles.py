"""Symbols that come late, are corrected, join and leave: from the feed through the engine into the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from app.market import HeldMarket
from app.screening import Screener
from app.settings import Settings
from app.times import at, to_ms
from app.worker import Worker
from market.cache import HistoryCache
from market.types import Coverage, SymbolInfo
from market.universe import UniverseRules, read_universe
from store import events, positions, runs, signals
from store.records import ScreenRun, Signal, Strategy
from store.session import Database
from store.trading_records import NewPosition
from tests.fixtures.fake_market import SYMBOLS, FakeMarket
from tests.integration.app.screened import ABOVE, started, store_strategy
from tests.unit.market.feed_support import START, differences, until
from tests.unit.market.feed_support import at as minute
from tests.unit.market.market_fake import MINUTE, FakeSource, ManualClock, candle

LATE = "SOLUSDT"
NAMES = ["AAAUSDT", "BBBUSDT", "CCCUSDT", "DDDUSDT"]


async def stored(database: Database, of: Strategy) -> dict[tuple[str, int], Signal]:
    async with database.worker() as conn:
        page = await signals.list_page(conn, limit=500, strategy_id=of.id)
    return {(s.symbol, to_ms(s.candle_close)): s for s in page.items}


async def run_of(database: Database, close: int, interval: str = "1m") -> ScreenRun:
    async with database.worker() as conn:
        found = await runs.latest(conn, limit=500, interval=interval)
    return next(r for r in found if r.candle_close == at(close))


def held_back(market: FakeMarket) -> Coverage:
    """The next minute closes, and one symbol's candle is not there."""
    market.advance()
    nothing = {name: np.full(1, np.nan) for name in market.fields}
    column = SYMBOLS.index(LATE)
    market.panel.put("1m", column, np.array([market.newest_close - MINUTE]), nothing)
    others = tuple(name for name in SYMBOLS if name != LATE)
    return Coverage(market.newest_close, others, (), (LATE,), (), 8.0)


async def comes(market: FakeMarket, *screeners: Screener) -> None:
    """The candle that was held back comes."""
    row, column = market.held - 1, SYMBOLS.index(LATE)
    fields = {name: values[row : row + 1, column] for name, values in market.fields.items()}
    market.panel.put("1m", column, market.opens[row : row + 1], fields)
    for screener in screeners:
        screener.engines.refresh([LATE])


async def test_late_symbols_fire_once_marked_late_as_if_they_had_come_in_time(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    strategy = await store_strategy(database, owner=new_user)
    level = await store_strategy(database, "match = close > open", new_user, controls={"trigger": "level"})
    first, second = await started(database, market, "w1"), await started(database, market, "w2")
    begin = market.newest_close
    for index in range(24):
        coverage = held_back(market) if index % 3 else market.advance()
        await asyncio.gather(first.screen(coverage), second.screen(coverage))
        if index % 3:
            await comes(market, first, second)
            late = {LATE: 12.5}
            await asyncio.gather(*(s.screen_late(market.newest_close, late) for s in (first, second, first)))
    expected = market.edges(ABOVE, begin, market.newest_close)
    found = await stored(database, strategy)
    assert found.keys() == expected
    assert any(symbol == LATE for symbol, _ in expected)
    for one in [*found.values(), *(await stored(database, level)).values()]:
        index = (to_ms(one.candle_close) - begin) // MINUTE - 1
        is_late = one.symbol == LATE and index % 3 > 0
        assert (one.late, one.late_seconds) == ((True, 12.5) if is_late else (False, None))
    run = await run_of(database, market.newest_close)
    assert (run.symbols_fresh, run.symbols_late, run.symbols_stale, run.symbols_missing) == (5, 1, 0, 0)
    assert run.absent == {"late": [LATE], "stale": [], "missing": []}
    assert (run.seconds_after_close, run.slowest_seconds) == (8.0, 12.5)
    both = await stored(database, strategy) | await stored(database, level)
    fired = [*await stored(database, strategy), *await stored(database, level)]
    assert run.matches == sum(close == market.newest_close for _, close in fired) and both
    whole = await run_of(database, begin + MINUTE)
    assert (whole.symbols_fresh, whole.symbols_late, whole.slowest_seconds) == (6, 0, 0.5)


async def test_what_matched_late_is_in_the_strategys_record(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    level = await store_strategy(database, "match = close > 0", new_user, controls={"trigger": "level"})
    screener = await started(database, market)
    await screener.screen(held_back(market))
    await comes(market, screener)
    assert len(await screener.screen_late(market.newest_close, {LATE: 9.0})) == 1
    assert await screener.screen_late(market.newest_close, {LATE: 9.0}) == []
    async with database.worker() as conn:
        (record,) = await runs.of_strategy(conn, level.id)
    assert record.matched == len(SYMBOLS)


async def test_a_late_candle_that_came_while_the_worker_was_dead_is_screened_at_the_start(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    rising = await store_strategy(database, owner=new_user)
    level = await store_strategy(database, "match = close > 0", new_user, controls={"trigger": "level"})
    begin = market.newest_close
    for index in range(16):
        killed = await started(database, market)
        coverage = held_back(market)
        await killed.screen(coverage)
        row, column = market.held - 1, SYMBOLS.index(LATE)
        fields = {name: values[row : row + 1, column] for name, values in market.fields.items()}
        market.panel.put("1m", column, market.opens[row : row + 1], fields)
        after = await started(database, market)
        await after.recover()
        await after.recover()
        run = await run_of(database, market.newest_close)
        assert run.absent == {"late": [LATE], "stale": [], "missing": []}, index
    assert (await stored(database, rising)).keys() == market.edges(ABOVE, begin, market.newest_close)
    fired = await stored(database, level)
    assert fired.keys() == {(name, begin + (n + 1) * MINUTE) for name in SYMBOLS for n in range(16)}
    assert all(one.late is (one.symbol == LATE) for one in fired.values())


async def test_a_symbol_that_is_overtaken_by_the_next_candle_fires_nothing(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    level = await store_strategy(database, "match = close > 0", new_user, controls={"trigger": "level"})
    screener = await started(database, market)
    coverage = held_back(market)
    await screener.screen(coverage)
    await comes(market, screener)
    await screener.screen(market.advance())
    assert await screener.screen_late(coverage.close_time, {LATE: 70.0}) == []
    assert (LATE, coverage.close_time) not in await stored(database, level)
    assert (await run_of(database, coverage.close_time)).absent["stale"] == [LATE]


# The worker over a scripted exchange


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START + 2000)


@pytest.fixture
def source(clock: ManualClock) -> FakeSource:
    return FakeSource(clock, NAMES)


@pytest.fixture
async def worker(
    database: Database, source: FakeSource, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Worker]:
    monkeypatch.setattr("market.waiting.ANSWER_S", 0.05)
    monkeypatch.setattr("app.market.UNIVERSE_SECONDS", 0.05)
    monkeypatch.setattr("app.market.RETRY_SECONDS", 0.05)
    monkeypatch.setattr("app.market.FIRST_BACKFILL", 60)
    settings = Settings(_env_file=None, data_dir=tmp_path, history="test", candles_held=300, worker_name="w1")
    rules = UniverseRules()
    universe = await read_universe(source, rules, clock.now)
    market = HeldMarket(settings, source, clock, universe, rules)
    worker = Worker(settings, database, market)
    yield worker
    await market.aclose()


async def next_close(worker: Worker, closes: AsyncIterator[Coverage]) -> Coverage:
    """Wait for a minute and screen it, as the worker's ticks do."""
    coverage = await asyncio.wait_for(anext(closes), 20)
    await worker.screener.screen(coverage)
    return coverage


async def test_the_worker_screens_late_symbols_when_they_arrive_of_higher_intervals_too(
    database: Database, worker: Worker, source: FakeSource, clock: ManualClock, new_user: UUID
) -> None:
    minutely = await store_strategy(database, "match = close > 0", new_user, controls={"trigger": "level"})
    fives = await store_strategy(
        database, "match = close > 0", new_user, base_interval="5m", controls={"trigger": "level"}
    )
    await worker.start()
    closes = worker.market.feed.closes()
    source.unlisted = {"DDDUSDT"}
    # START is seven minutes past; the five minutes close with the third.
    for i in range(1, 4):
        source.close_minute(START + i * MINUTE, skip=["DDDUSDT"] if i == 3 else [])
        clock.now = START + i * MINUTE + (9000 if i == 3 else 100)
        coverage = await next_close(worker, closes)
    assert coverage.stale == ("DDDUSDT",)
    last = START + 3 * MINUTE
    assert {s for s, close in await stored(database, fives) if close == last} == set(NAMES[:3])
    following = asyncio.ensure_future(anext(closes))
    clock.now = last + 20_000
    source.streams[0].put_nowait(minute("DDDUSDT", last - MINUTE))
    await until(lambda: worker.market.coverage[-1].late)
    async with asyncio.timeout(10):
        while len(await stored(database, fives)) < 4:
            await asyncio.sleep(0.02)
    for strategy in (minutely, fives):
        one = (await stored(database, strategy))["DDDUSDT", last]
        assert (one.late, one.late_seconds, float(one.price)) == (
            True,
            20.0,
            candle("DDDUSDT", "1m", last - MINUTE).close,
        )
    for interval in ("1m", "5m"):
        run = await run_of(database, last, interval)
        assert (run.symbols_fresh, run.symbols_late, run.symbols_stale) == (3, 1, 0)
        assert run.slowest_seconds == 20.0
    report = worker.market.report()
    assert report["coverage_summary"]["late"] == 1 and report["holes"] == 0
    assert report["cache"]["directory"].endswith("history/test")
    source.unlisted = set()
    source.close_minute(START + 4 * MINUTE)
    assert (await following).fresh == tuple(NAMES)
    assert differences(worker.market.panel, NAMES, "5m", START - 40 * MINUTE, START + 1 * MINUTE) == []


async def test_symbols_join_and_leave_a_running_worker_and_holders_are_told(
    database: Database, worker: Worker, source: FakeSource, clock: ManualClock, new_user: UUID
) -> None:
    level = await store_strategy(database, "match = close > 0", new_user, controls={"trigger": "level"})
    async with database.worker() as conn:
        position = await positions.open_position(
            conn,
            NewPosition(
                owner_id=new_user,
                symbol="DDDUSDT",
                side="long",
                quantity=Decimal(1),
                entry_price=Decimal(100),
                opened_at=at(START),
            ),
        )
    assert position is not None
    await worker.start()
    closes = worker.market.feed.closes()
    source.close_minute(START + MINUTE)
    await next_close(worker, closes)
    price = worker.market.prices["DDDUSDT"]
    following = asyncio.ensure_future(anext(closes))
    source.names.remove("DDDUSDT")
    # More than the panel's and the engine's columns have room for.
    new = ["EEEUSDT", *(f"N{i:02d}USDT" for i in range(70))]
    source.names += new
    await until(lambda: "EEEUSDT" in worker.market.infos)
    assert "DDDUSDT" not in worker.market.infos
    assert isinstance(worker.market.rules["DDDUSDT"], SymbolInfo), "a position in it can still be closed"
    assert worker.market.prices["DDDUSDT"] == price
    left = worker.market.report()["universe"]["left"]
    assert left == {"DDDUSDT": {"reason": "the exchange lists it no more", "last_price": price.price}}
    await until(lambda: all(worker.market.candles(name, "1m", 60) for name in new))
    source.close_minute(START + 2 * MINUTE)
    coverage = await following
    screened = {*NAMES[:3], *new}
    assert set(coverage.fresh) == screened
    await worker.screener.screen(coverage)
    assert {s for s, close in await stored(database, level) if close == START + 2 * MINUTE} == screened
    async with database.worker() as conn:
        (told,) = await events.list_events(conn, kind="SYMBOL_LEFT")
    assert told.owner_id == new_user and told.position_id == position.id
    assert "DDDUSDT is no longer screened (the exchange lists it no more)" in told.message
    # A filter may name the new symbol from now on.
    leader = await store_strategy(
        database, 'match = symbol("EEEUSDT").close > 0', new_user, controls={"trigger": "level"}
    )
    await worker.sync()
    source.close_minute(START + 3 * MINUTE)
    await next_close(worker, closes)
    assert {s for s, _ in await stored(database, leader)} == screened


async def test_a_position_in_a_symbol_that_is_not_listed_keeps_its_last_price_over_a_restart(
    database: Database, worker: Worker, source: FakeSource, clock: ManualClock, new_user: UUID, tmp_path: Path
) -> None:
    cache = HistoryCache(tmp_path / "history" / "test")
    assert cache.write(await source.candle_block("GONEUSDT", "1m", 30)) == 30
    async with database.worker() as conn:
        opened = await positions.open_position(
            conn,
            NewPosition(
                owner_id=new_user,
                symbol="GONEUSDT",
                side="long",
                quantity=Decimal(1),
                entry_price=Decimal(100),
                opened_at=at(START),
            ),
        )
    assert opened is not None
    await worker.start()
    last = candle("GONEUSDT", "1m", START - MINUTE)
    price = worker.market.prices["GONEUSDT"]
    assert (price.price, price.time_ms) == (last.close, last.close_time)
    assert worker.market.left["GONEUSDT"].status == "DELISTED"
    assert "GONEUSDT" in worker.market.report()["universe"]["left"] and "GONEUSDT" not in worker.market.infos
    # Whoever holds it can have it closed at that price, on paper.
    async with database.worker() as conn:
        await conn.execute("update public.positions set close_requested_at = now() where id = %s", (opened.id,))
    await worker.trader.watch()
    async with database.worker() as conn:
        assert await positions.all_open(conn) == []
