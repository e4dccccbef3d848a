"""Screening against a real database: once each, over edits, failures, kills and a database that goes away."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from app.times import at, to_ms
from store import runs, signals, strategies
from store.embedded import EmbeddedPostgres
from store.records import StrategyChanges
from store.session import Database
from tests.fixtures.database import make_user, migrated_server
from tests.fixtures.fake_market import SYMBOLS, FakeMarket
from tests.integration.app.screened import ABOVE, Killed, read, run_statuses, started, store_strategy, stored

RISING = "match = close > open and close[1] > open[1]"
Found = set[tuple[str, int]]


async def test_matches_equal_the_replay_with_values_and_candles(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    strategy = await store_strategy(database, owner=new_user)
    screener = await started(database, market)
    begin = market.newest_close
    for _ in range(15):
        await screener.screen(market.advance())
    expected = market.edges(ABOVE, begin, market.newest_close)
    assert expected
    assert await stored(database, strategy) == sorted(expected)
    async with database.worker() as conn:
        one = (await signals.list_page(conn, limit=1, strategy_id=strategy.id)).items[0]
    (condition,) = one.conditions
    assert condition["value"] is True
    assert condition["left"] == pytest.approx(float(one.price))
    assert condition["left"] > condition["right"]
    assert one.candles[-1][0] + 60_000 == to_ms(one.candle_close)
    assert one.candles[-1][4] == pytest.approx(float(one.price))
    after = await read(database, strategy)
    assert after.watermark == at(market.newest_close)
    assert after.state == "live"
    assert set((await run_statuses(database)).values()) == {"done"}


RANKED = """
up = close > open
match = up and close > ta.sma(close, 3)
score = volume
stop = low - 2 * (high - low)
target = close * 1.02
"""


@pytest.mark.parametrize("recovered", [False, True])
async def test_a_signal_keeps_the_filters_own_results(
    database: Database, market: FakeMarket, new_user: UUID, recovered: bool
) -> None:
    strategy = await store_strategy(database, RANKED, new_user, controls={"trigger": "level"})
    screener = await started(database, market)
    coverage = market.advance()
    if recovered:
        # Another worker claimed the candle and died; a later one replays it.
        async with database.worker() as conn:
            await runs.claim(conn, "1m", at(coverage.close_time), 0, "dead", lease_seconds=0.01)
        await asyncio.sleep(0.05)
        assert await (await started(database, market, "w2")).recover() == 1
    else:
        await screener.screen(coverage)
    async with database.worker() as conn:
        page = await signals.list_page(conn, limit=50, strategy_id=strategy.id)
        cursor = await conn.execute("select args ->> 'signal_id' from jobs.procrastinate_jobs order by id limit 1")
        [first] = await cursor.fetchall()
    assert len(page.items) > 1
    row = market.held - 1
    for one in page.items:
        column = SYMBOLS.index(one.symbol)
        high, low, close, volume = (float(market.fields[n][row, column]) for n in ("high", "low", "close", "volume"))
        assert one.score == pytest.approx(volume)
        assert one.indicators == pytest.approx({"stop": low - 2 * (high - low), "target": close * 1.02})
    largest = max(page.items, key=lambda s: s.score or 0)
    assert first == (str(largest.id),), "the largest is analysed first"


async def test_two_workers_store_each_match_once(database: Database, market: FakeMarket, new_user: UUID) -> None:
    strategy = await store_strategy(database, owner=new_user)
    first, second = await started(database, market, "w1"), await started(database, market, "w2")
    begin = market.newest_close
    for _ in range(10):
        coverage = market.advance()
        await asyncio.gather(first.screen(coverage), second.screen(coverage))
    assert await stored(database, strategy) == sorted(market.edges(ABOVE, begin, market.newest_close))


async def test_an_edit_takes_effect(database: Database, market: FakeMarket, new_user: UUID) -> None:
    strategy = await store_strategy(database, "match = close < 0", new_user)
    screener = await started(database, market)
    for _ in range(3):
        await screener.screen(market.advance())
    assert await stored(database, strategy) == []
    async with database.user(new_user) as conn:
        edited = await strategies.update(conn, strategy.id, StrategyChanges(filter_code=RISING, filter_hash="new"))
    await screener.sync()
    begin = market.newest_close
    for _ in range(8):
        await screener.screen(market.advance())
    expected = market.edges(RISING, begin, market.newest_close)
    assert expected
    assert await stored(database, strategy) == sorted(expected)
    assert edited.version == strategy.version + 1
    async with database.worker() as conn:
        page = await signals.list_page(conn, strategy_id=strategy.id)
    assert {s.strategy_version for s in page.items} == {edited.version}


async def test_a_paused_strategy_stops(database: Database, market: FakeMarket, new_user: UUID) -> None:
    strategy = await store_strategy(database, owner=new_user)
    screener = await started(database, market)
    async with database.user(new_user) as conn:
        await strategies.set_enabled(conn, strategy.id, False)
    await screener.sync()
    for _ in range(5):
        await screener.screen(market.advance())
    assert await stored(database, strategy) == []


async def test_a_filter_that_does_not_compile_fails_alone(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    broken = await store_strategy(database, "match = ta.nothing(close) >", new_user)
    good = await store_strategy(database, owner=new_user)
    screener = await started(database, market)
    begin = market.newest_close
    for _ in range(5):
        await screener.screen(market.advance())
        await screener.sync()
    assert await stored(database, good) == sorted(market.edges(ABOVE, begin, market.newest_close))
    failed = await read(database, broken)
    assert failed.state == "failed"
    assert failed.error is not None
    assert failed.error["kind"] == "compile"
    assert failed.failures == 1


async def test_a_strategy_that_fails_while_it_runs_is_recorded_alone(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = await store_strategy(database, RISING, new_user), await store_strategy(database, owner=new_user)
    screener = await started(database, market)
    whole = screener.engines._match

    def match(strategy: Any, symbol: str, price: float) -> Any:
        if strategy.strategy_id == str(bad.id):
            raise ValueError("no values")
        return whole(strategy, symbol, price)

    monkeypatch.setattr(screener.engines, "_match", match)
    begin = market.newest_close
    for _ in range(8):
        await screener.screen(market.advance())
    assert await stored(database, good) == sorted(market.edges(ABOVE, begin, market.newest_close))
    assert await stored(database, bad) == []
    async with database.worker() as conn:
        failures = await runs.of_strategy(conn, bad.id, status="failed")
    assert failures
    assert failures[0].error is not None
    assert "no values" in failures[0].error["message"]


@pytest.mark.parametrize("moment", ["before the transaction", "inside the transaction", "after the transaction"])
@pytest.mark.parametrize("screened_before", [0, 4])
async def test_a_kill_loses_and_repeats_nothing(
    database: Database,
    market: FakeMarket,
    new_user: UUID,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    screened_before: int,
) -> None:
    strategy = await store_strategy(database, owner=new_user)
    level = await store_strategy(database, RISING, new_user, controls={"trigger": "level"})
    while not market.edges(ABOVE, (kill_at := market.newest_close + screened_before * 60_000), kill_at + 60_000):
        market.advance()
    begin = market.newest_close
    screener = await started(database, market)
    for _ in range(screened_before):
        await screener.screen(market.advance())
    with monkeypatch.context() as patch:
        if moment == "inside the transaction":
            patch.setattr(runs, "finish", _killed)
        elif moment == "before the transaction":
            patch.setattr(screener, "_write", _killed)
        else:
            whole = screener._write

            async def write(*args: Any) -> Any:
                await whole(*args)
                raise Killed

            patch.setattr(screener, "_write", write)
        with pytest.raises(Killed):
            await screener.screen(market.advance())
    again = await started(database, market)
    await again.recover()
    for _ in range(3):
        await again.screen(market.advance())
    assert await stored(database, strategy) == sorted(market.edges(ABOVE, begin, market.newest_close))
    assert set((await run_statuses(database)).values()) == {"done"}
    levels = await stored(database, level)
    assert len(levels) == len(set(levels))


async def _killed(*_: Any) -> Any:
    raise Killed


async def test_a_candle_that_closed_while_nothing_ran_is_screened(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    strategy = await store_strategy(database, owner=new_user)
    begin = market.newest_close
    screener = await started(database, market)
    for _ in range(3):
        await screener.screen(market.advance())
    while not market.edges(ABOVE, market.newest_close, market.newest_close + 60_000):
        await screener.screen(market.advance())
    market.advance()
    again = await started(database, market)
    await again.recover()
    await again.screen(market.advance())
    assert await stored(database, strategy) == sorted(market.edges(ABOVE, begin, market.newest_close))


async def test_recovery_beside_screening_neither_invents_nor_loses(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tidying tick recovers while the screening tick is between its claim and its transaction."""
    strategy = await store_strategy(database, owner=new_user)
    begin = market.newest_close
    screener = await started(database, market)
    whole = screener._write
    tidied = False

    async def write(*args: Any) -> Any:
        nonlocal tidied
        if not tidied:
            tidied = True
            await screener.recover(interrupted_only=True)
        return await whole(*args)

    monkeypatch.setattr(screener, "_write", write)
    for _ in range(20):
        tidied = False
        await screener.screen(market.advance())
    assert await stored(database, strategy) == sorted(market.edges(ABOVE, begin, market.newest_close))
    async with database.worker() as conn:
        assert {r.attempts for r in await runs.latest(conn, limit=100)} == {1}


@pytest.mark.parametrize("failing", [(12,), (13,), (12, 13, 14)])
async def test_a_run_left_in_a_living_worker_is_finished_relative_to_the_candle_before(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch, failing: tuple[int, ...]
) -> None:
    """At once, or when later candles were screened already."""
    strategy = await store_strategy(database, owner=new_user)
    begin = market.newest_close
    screener = await started(database, market)
    for index in range(20):
        if index in failing:
            with monkeypatch.context() as patch:
                patch.setattr(screener, "_write", _killed)
                with pytest.raises(Killed):
                    await screener.screen(market.advance())
        else:
            await screener.screen(market.advance())
        if index in (12, 15):
            await screener.recover(interrupted_only=True)
    assert await stored(database, strategy) == sorted(market.edges(ABOVE, begin, market.newest_close))


@pytest.fixture
def own_server() -> Iterator[EmbeddedPostgres]:
    with migrated_server() as server:
        yield server


@pytest.mark.slow
def test_a_database_killed_under_way_loses_nothing(own_server: EmbeddedPostgres) -> None:
    asyncio.run(_with_a_killed_database(own_server))


async def _with_a_killed_database(server: EmbeddedPostgres) -> None:
    market = FakeMarket()
    owner = make_user(server.admin_dsn)
    async with Database(server.app_dsn, max_size=3, timeout=2.0) as database:
        strategy = await store_strategy(database, owner=owner)
        begin = market.newest_close
        screener = await started(database, market)
        await screener.screen(market.advance())
        for wait in (0.0, 0.3):
            while not market.edges(ABOVE, market.newest_close, market.newest_close + 60_000):
                await screener.screen(market.advance())
            pid = server.process_id()
            assert pid is not None
            whole = screener._write

            async def write(*args: Any, pid: int = pid, whole: Any = whole) -> Any:
                # The claim was made; the server dies before the result is written.
                screener._write = whole  # type: ignore[method-assign] # its own again
                os.kill(pid, signal.SIGKILL)
                return await whole(*args)

            screener._write = write  # type: ignore[assignment, method-assign] # once
            task = asyncio.create_task(screener.screen(market.advance()))
            await asyncio.sleep(wait + 0.5)
            assert not task.done()
            await asyncio.to_thread(server.ensure_running)
            await asyncio.wait_for(task, 30)
        await screener.screen(market.advance())
        assert await stored(database, strategy) == sorted(market.edges(ABOVE, begin, market.newest_close))
        assert set((await run_statuses(database)).values()) == {"done"}
