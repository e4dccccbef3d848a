"""Strategies that are evaluated each minute: provisional once, confirmed at the close, over restarts and edits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np
import pytest

from analysis.offline import FORMING
from app.analysing import Analyser
from app.screening import Screener
from app.settings import Settings
from app.times import at, to_ms
from screener import compile_filter
from screener.engine.replay import Candles, replay
from screener.intervals import is_close, open_of
from store import analyses, events, runs, signals, strategies
from store.errors import DatabaseUnavailable
from store.records import SignalView, Strategy, StrategyChanges
from store.session import Database
from tests.fixtures.fake_market import MINUTE, START, SYMBOLS, FakeMarket
from tests.integration.app.screened import ABOVE, Killed, read, started, store_strategy

FIVE = 5 * MINUTE
Key = tuple[str, int]


async def stored(database: Database, of: Strategy) -> dict[Key, SignalView]:
    """Signals of a strategy by symbol and close."""
    async with database.worker() as conn:
        page = await signals.list_page(conn, limit=500, strategy_id=of.id)
    assert page.next is None
    found = {(s.symbol, to_ms(s.candle_close)): s for s in page.items}
    assert len(found) == len(page.items)
    return found


async def confirmations(database: Database, of: Strategy) -> list[UUID | None]:
    async with database.worker() as conn:
        found = await events.list_events(conn, kind="SIGNAL_CONFIRMED", strategy_id=of.id, limit=500)
    return [e.signal_id for e in found]


def first_seen(market: FakeMarket, begin: int, until: int, code: str = ABOVE) -> dict[Key, tuple[int, float]]:
    """By symbol and close: the minute at which an undisturbed worker sees an edge on a candle under way, and the price,
    for minutes in (begin, until]; each is a replay of its own."""
    found: dict[Key, tuple[int, float]] = {}
    for now in range(begin + MINUTE, until + 1, MINUTE):
        if is_close(now, "5m"):
            continue
        under_way = open_of(now, "5m")
        history = replayed(market, [*range(START, under_way, FIVE), under_way], now, code)
        for column in np.flatnonzero((history.match[-1] == 1) & (history.match[-2] == 0)):
            price = float(market.fields["close"][(now - START) // MINUTE - 1, column])
            found.setdefault((SYMBOLS[column], under_way + FIVE), (now, price))
    return found


def replayed(market: FakeMarket, opens: list[int], now: int, code: str = ABOVE) -> Any:
    rows = [market.folded("5m", o, now) for o in opens]
    series = {"5m": (np.array(opens, dtype=np.int64), {k: np.array([r[k] for r in rows]) for k in rows[0]})}
    return replay(compile_filter(code, "5m"), Candles(SYMBOLS, series), "5m")


def edges(market: FakeMarket, begin: int, until: int, code: str = ABOVE) -> set[Key]:
    """(symbol, close) of the edges on closed candles, for closes in (begin, until]."""
    history = replayed(market, list(range(START, until - FIVE + 1, FIVE)), until, code)
    return {
        (name, int(close))
        for row, close in enumerate(history.times)
        if begin < close <= until
        for column, name in enumerate(SYMBOLS)
        if history.edges[row, column]
    }


# The sum of a candle's minutes passes a mean of whole candles with its last one.
BUSY = "match = volume > 1.02 * ta.sma(volume, 5)"


@pytest.mark.parametrize("code", [ABOVE, BUSY])
async def test_provisional_once_then_confirmed_or_not(
    database: Database, market: FakeMarket, new_user: UUID, code: str
) -> None:
    strategy = await store_strategy(database, code, new_user, base_interval="5m", evaluate="minute")
    screener = await started(database, market)
    begin = market.newest_close
    at_once: dict[Any, Any] = {}
    assert is_close(begin, "5m")
    for _ in range(40):
        before = await read(database, strategy)
        await screener.screen(market.advance())
        if not is_close(market.newest_close, "5m"):
            assert (await read(database, strategy)).watermark == before.watermark
        for key, one in (await stored(database, strategy)).items():
            at_once.setdefault(key, one)
    until = market.newest_close
    seen, closed = first_seen(market, begin, until, code), edges(market, begin, until, code)
    found = await stored(database, strategy)
    assert set(found) == set(seen) | closed
    assert {key for key, one in found.items() if one.provisional} == set(seen) - closed
    assert {key for key, one in at_once.items() if one.provisional} == set(seen)
    kinds = (set(seen) - closed, set(seen) & closed) if code == ABOVE else (closed - set(seen),)
    assert all(kinds), "each kind came up"
    assert sorted(map(str, await confirmations(database, strategy))) == sorted(
        str(found[key].id) for key in set(seen) & closed
    )
    for key, (now, price) in seen.items():
        one, column = found[key], SYMBOLS.index(key[0])
        assert float(one.price) == price
        assert one.conditions == at_once[key].conditions
        candle = market.folded("5m", key[1] - FIVE, now)
        assert one.conditions[0]["left"] == pytest.approx(candle["close" if code == ABOVE else "volume"][column])
        prices = [candle[name][column] for name in ("open", "high", "low", "close")]
        assert one.candles[-1] == [key[1] - FIVE, *prices, pytest.approx(candle["volume"][column])]
        assert one.screen_run_id is None
    async with database.worker() as conn:
        assert {to_ms(r.candle_close) for r in await runs.latest(conn, limit=500)} == set(
            range(begin + FIVE, until + 1, FIVE)
        )


async def test_a_strategy_that_is_evaluated_at_the_close_is_not_looked_at(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    strategy = await store_strategy(database, owner=new_user, base_interval="5m")
    screener = await started(database, market)
    begin = market.newest_close
    for _ in range(20):
        await screener.screen(market.advance())
    found = await stored(database, strategy)
    assert set(found) == edges(market, begin, market.newest_close)
    assert not any(one.provisional for one in found.values())


@pytest.mark.parametrize("moment", ["before the look", "before the commit", "after the commit", "at the close"])
async def test_a_kill_loses_and_doubles_nothing(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """In each minute in turn a worker dies and another one goes on, within the same minute."""
    strategy = await store_strategy(database, owner=new_user, base_interval="5m", evaluate="minute")
    begin = market.newest_close
    screener = await started(database, market)
    kills = 0
    for index in range(40):
        dies = index % 2 == 0
        with monkeypatch.context() as patch:
            if dies and moment == "before the look":
                patch.setattr(screener, "_peek", _killed)
            elif dies and moment == "before the commit":
                patch.setattr(signals, "insert_many", _then_killed(signals.insert_many, provisional=True))
            elif dies and moment == "after the commit":
                patch.setattr(screener, "_peek", _then_killed(screener._peek))
            elif dies:
                patch.setattr(events, "append", _then_killed(events.append))
            try:
                await screener.screen(market.advance())
            except Killed:
                kills += 1
                screener = await _again(database, market, patch)
    assert kills > (1 if moment == "at the close" else 5)
    until = market.newest_close
    seen, closed = first_seen(market, begin, until), edges(market, begin, until)
    found = await stored(database, strategy)
    assert set(found) == set(seen) | closed
    assert {key for key, one in found.items() if one.provisional} == set(seen) - closed
    assert {key: float(found[key].price) for key in seen} == {key: price for key, (_, price) in seen.items()}
    told = await confirmations(database, strategy)
    assert len(told) == len(set(told)) == len(set(seen) & closed)


async def _again(database: Database, market: FakeMarket, patch: pytest.MonkeyPatch) -> Screener:
    patch.undo()
    screener = await started(database, market)
    await screener.recover()
    return screener


async def _killed(*_: Any, **__: Any) -> Any:
    raise Killed


def _then_killed(whole: Any, *, provisional: bool = False) -> Any:
    """Dies when `whole` is done; with `provisional` only where there are provisional signals to insert."""

    async def call(*args: Any) -> Any:
        result = await whole(*args)
        if provisional and not any(one.provisional for one in args[1]):
            return result
        raise Killed

    return call


@pytest.mark.parametrize("later", [0, 7])
async def test_the_analysis_sees_the_candle_as_it_was_and_says_so(
    database: Database, market: FakeMarket, new_user: UUID, later: int
) -> None:
    code = "match = close > open and close > close[1]"
    strategy = await store_strategy(
        database, code, new_user, base_interval="5m", evaluate="minute", controls={"trigger": "level"}
    )
    screener = await started(database, market)
    for _ in range(3):
        await screener.screen(market.advance())
    fired = await stored(database, strategy)
    for _ in range(later):
        await screener.screen(market.advance())
    analyser = Analyser(database, market, None, Settings(_env_file=None))
    for one in (await stored(database, strategy)).values():
        await analyser.analyse(one.id)
    found = await stored(database, strategy)
    assert {found[key].provisional for key in fired} == ({True, False} if later else {True})
    for key in fired:
        one = found[key]
        async with database.worker() as conn:
            analysis = await analyses.latest_of_signal(conn, one.id)
        assert analysis is not None
        newest = analysis.snapshot["candles"][-1]
        assert analysis.snapshot["forming"] is one.provisional
        assert (FORMING in analysis.reasoning) is one.provisional
        assert newest[0] == key[1] - FIVE
        closed = float(market.folded("5m", key[1] - FIVE)["close"][SYMBOLS.index(key[0])])
        assert newest[4] == pytest.approx(float(one.price) if one.provisional else closed)


async def test_a_database_that_is_away_is_waited_for(
    database: Database, market: FakeMarket, new_user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    strategy = await store_strategy(
        database, "match = close > 0", new_user, base_interval="5m", evaluate="minute", controls={"trigger": "level"}
    )
    screener = await started(database, market)
    whole = signals.insert_many
    failed: list[Any] = []

    async def insert(conn: Any, new: Any) -> Any:
        if not failed:
            failed.append(new)
            raise DatabaseUnavailable("away")
        return await whole(conn, new)

    monkeypatch.setattr("app.screening.RETRY_SECONDS", 0.01)
    monkeypatch.setattr(signals, "insert_many", insert)
    ids = await screener.screen(market.advance())
    assert failed
    assert {one.id for one in (await stored(database, strategy)).values()} == set(ids)
    assert len(ids) == len(SYMBOLS)


async def test_a_strategy_set_to_every_minute_is_looked_at_from_then_on(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    strategy = await store_strategy(
        database, "match = close > 0", new_user, base_interval="5m", controls={"trigger": "level"}
    )
    screener = await started(database, market)
    await screener.screen(market.advance())
    assert await stored(database, strategy) == {}
    watermark = (await read(database, strategy)).watermark
    async with database.user(new_user) as conn:
        edited = await strategies.update(conn, strategy.id, StrategyChanges(evaluate="minute"))
    assert (edited.version, edited.watermark) == (strategy.version + 1, watermark)
    await screener.sync()
    await screener.screen(market.advance())
    found = await stored(database, strategy)
    assert {key for key, one in found.items() if one.provisional} == {(name, _close(market)) for name in SYMBOLS}
    async with database.worker() as conn:
        assert {v.version: v.evaluate for v in await strategies.versions(conn, strategy.id)} == {
            1: "close",
            2: "minute",
        }


def _close(market: FakeMarket) -> int:
    return open_of(market.newest_close, "5m") + FIVE


@pytest.mark.parametrize("same_filter", [True, False])
async def test_an_edit_under_way_confirms_only_what_the_same_filter_saw(
    database: Database, market: FakeMarket, new_user: UUID, same_filter: bool
) -> None:
    strategy = await store_strategy(
        database, "match = close > 0", new_user, base_interval="5m", evaluate="minute", controls={"trigger": "level"}
    )
    screener = await started(database, market)
    await screener.screen(market.advance())
    other = StrategyChanges(filter_code="match = close > 1", filter_hash="another")
    async with database.user(new_user) as conn:
        await strategies.update(conn, strategy.id, StrategyChanges(name="Renamed") if same_filter else other)
    await screener.sync()
    while not is_close(market.newest_close, "5m"):
        await screener.screen(market.advance())
    found = await stored(database, strategy)
    assert {key: one.provisional for key, one in found.items()} == {
        (name, market.newest_close): not same_filter for name in SYMBOLS
    }
    assert len(await confirmations(database, strategy)) == (len(SYMBOLS) if same_filter else 0)
    assert (await read(database, strategy)).watermark == at(market.newest_close)
