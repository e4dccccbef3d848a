"""Signals that wait, at each close, against a real database: checked for free, asked about when something trips."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from app.monitoring import Monitor
from app.times import at
from screener.engine.replay import truths
from store import analyses, jobs, signals, strategies, tiers, watching
from store.records import NewAnalysis, NewSignal, NewStrategy, SignalView
from store.session import Database
from tests.fixtures.fake_market import SYMBOLS, FakeMarket


class Killed(BaseException):
    """Stands for the end of the process."""


class Waits:
    """A market whose prices a test sets, and signals in it that wait."""

    def __init__(self, database: Database, owner: UUID | None, market: FakeMarket, dsn: str) -> None:
        self.database, self.owner, self.market, self.dsn = database, owner, market, dsn
        self.monitor = Monitor(database, market)
        self.price = float(market.fields["close"][market.held - 1, 0])

    async def wait(
        self,
        symbol: str = "BTCUSDT",
        *,
        plan: dict[str, Any] | None = None,
        levels: dict[str, Any] | None = None,
        settings: dict[str, Any] | None = None,
    ) -> UUID:
        """A signal on the newest candle that was analysed, and waits."""
        async with self.database.worker() as conn:
            store = strategies.create if self.owner is not None else strategies.upsert_built_in
            strategy = await store(
                conn,
                NewStrategy(
                    code=f"t-{uuid4().hex[:10]}",
                    name="T",
                    owner_id=self.owner,
                    base_interval="1m",
                    filter_code="match = close > 1",
                    filter_hash="h",
                    analysis={"auto": False, **(settings or {})},
                ),
            )
            signal_id = await signals.insert(
                conn,
                NewSignal(
                    strategy_id=strategy.id,
                    strategy_version=strategy.version,
                    symbol=symbol,
                    interval="1m",
                    candle_close=at(self.market.newest_close),
                    price=Decimal(str(self.price)),
                    side="long",
                ),
            )
            assert signal_id is not None
        await self.again(signal_id, plan, levels)
        return signal_id

    async def again(
        self, signal_id: UUID, plan: dict[str, Any] | None = None, levels: dict[str, Any] | None = None
    ) -> None:
        """An analysis of it says `wait`."""
        async with self.database.worker() as conn:
            await signals.transition(conn, signal_id, "analysing")
            await analyses.insert(
                conn,
                NewAnalysis(
                    decision="wait",
                    confidence=50,
                    model="test",
                    signal_id=signal_id,
                    trade_plan=plan or {},
                    key_levels=levels or {},
                    snapshot={"price": self.price},
                ),
            )
            await signals.transition(conn, signal_id, "wait")

    async def close(self, *factors: float) -> list[int]:
        """Candles close at these multiples of the first price, and are looked at; how many signals were asked about."""
        asked = []
        for factor in factors:
            await self.pass_by(factor)
            asked.append(await self.monitor.watch("1m", self.market.newest_close))
        return asked

    async def pass_by(self, *factors: float) -> None:
        """Candles close at these multiples of the first price, and nobody looks."""
        for factor in factors:
            row = self.market.held
            for name in ("open", "high", "low", "close"):
                self.market.fields[name][row, 0] = self.price * factor
            self.market.advance()

    async def read(self, signal_id: UUID) -> SignalView:
        async with self.database.worker() as conn:
            return await signals.get(conn, signal_id)

    def queued(self, name: str = "analyse_signal") -> list[dict[str, Any]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            found = connection.execute(
                "select args from jobs.procrastinate_jobs where task_name = %s and status = 'todo' order by id", (name,)
            ).fetchall()
        return [dict(row[0]) for row in found]


@pytest.fixture
def waits(database: Database, market: FakeMarket, new_user: UUID, admin_dsn: str) -> Waits:
    return Waits(database, new_user, market, admin_dsn)


def checks(signal: SignalView) -> list[tuple[bool | None, bool | None]]:
    assert signal.watch is not None
    return [(c["trigger"], c["invalidation"]) for c in signal.watch["checks"]]


async def test_what_becomes_true_has_the_model_asked(waits: Waits) -> None:
    plan = {
        "trigger_code": f"match = close > {waits.price * 1.02:.8f}",
        "invalidation_code": f"match = close < {waits.price * 0.98:.8f}",
    }
    signal_id = await waits.wait(plan=plan, settings={"recheck": 100})
    assert await waits.close(1.0, 1.01) == [0, 0]
    assert waits.queued() == []
    assert await waits.close(1.03) == [1]
    assert waits.queued() == [{"signal_id": str(signal_id), "ask": 2}]
    found = await waits.read(signal_id)
    assert found.status == "wait"
    assert checks(found) == [(False, False), (False, False), (True, False)]
    assert found.watch is not None
    assert [a["why"] for a in found.watch["asked"]] == ["trigger"]
    # What stays true is no news; what becomes true again is.
    assert await waits.close(1.04, 1.0, 0.97, 0.96, 1.03) == [0, 0, 1, 0, 1]
    assert [a["why"] for a in (await waits.read(signal_id)).watch["asked"]] == ["trigger", "invalidation", "trigger"]  # type: ignore[index]
    # However often something trips, one job waits.
    assert len(waits.queued()) == 1


async def test_levels_stand_in_for_code(waits: Waits) -> None:
    above = await waits.wait(
        levels={"entry": waits.price * 1.02, "stop_loss": waits.price * 0.98}, settings={"recheck": 50}
    )
    below = await waits.wait(levels={"entry": waits.price * 0.99}, settings={"recheck": 50})
    none = await waits.wait(levels={"entry": waits.price}, settings={"recheck": 50})
    assert await waits.close(1.0, 1.025, 0.985, 0.97) == [0, 1, 1, 1]
    whys = [[a["why"] for a in (await waits.read(s)).watch["asked"]] for s in (above, below, none)]  # type: ignore[index]
    assert whys == [["trigger", "invalidation"], ["trigger"], []]


async def test_every_so_many_candles_it_is_asked_about_anyhow(waits: Waits) -> None:
    signal_id = await waits.wait(settings={"recheck": 3})
    assert await waits.close(*[1.0] * 7) == [0, 0, 1, 0, 0, 1, 0]
    await waits.again(signal_id)
    assert await waits.close(*[1.0] * 3) == [0, 0, 1]
    found = await waits.read(signal_id)
    assert found.watch is not None
    assert found.watch["asks"] == 2
    assert len(found.watch["checks"]) == 10


async def test_codes_that_cannot_be_checked_never_trip(waits: Waits) -> None:
    broken = await waits.wait(plan={"trigger_code": "match = nonsense(", "invalidation_code": "import os"})
    trade = await waits.wait(plan={"trigger_code": "match = trade.bars > 1"})
    long = await waits.wait(plan={"trigger_code": "match = ta.sma(close, 400) > 0"})
    assert await waits.close(1.0) == [0]
    for signal_id in (broken, trade, long):
        assert checks(await waits.read(signal_id)) == [(None, None)]


async def test_what_does_not_come_in_time_expires(waits: Waits) -> None:
    named = await waits.wait(plan={"expires_candles": 2}, settings={"recheck": 50})
    short = await waits.wait(settings={"recheck": 50, "expires": 3})
    plain = await waits.wait(settings={"recheck": 50})
    states = []
    for _ in range(4):
        await waits.close(1.0)
        states.append([(await waits.read(s)).status for s in (named, short, plain)])
    assert states == [
        ["wait", "wait", "wait"],
        ["expired", "wait", "wait"],
        ["expired", "expired", "wait"],
        ["expired", "expired", "wait"],
    ]
    assert (await waits.read(named)).reason == "What it waited for did not come in time."


async def test_another_wait_never_lasts_longer_than_the_first_allowed(waits: Waits) -> None:
    signal_id = await waits.wait(plan={"expires_candles": 400}, settings={"expires": 4})
    for _ in range(3):
        await waits.close(1.0)
        await waits.again(signal_id, plan={"expires_candles": 400})
    await waits.close(1.0)
    assert (await waits.read(signal_id)).status == "expired"


async def test_a_close_is_looked_at_once(waits: Waits) -> None:
    signal_id = await waits.wait(settings={"recheck": 1})
    assert await waits.close(1.0) == [1]
    close = waits.market.newest_close
    assert [await waits.monitor.watch("1m", close), await waits.monitor.watch("1m", close - 60_000)] == [0, 0]
    assert len(checks(await waits.read(signal_id))) == 1


async def test_closes_that_nobody_looked_at_count(waits: Waits) -> None:
    plan = {"trigger_code": f"match = close > {waits.price * 1.02:.8f}"}
    tripped = await waits.wait(plan=plan, settings={"recheck": 100})
    patient = await waits.wait(settings={"recheck": 5})
    assert await waits.close(1.0) == [0]
    await waits.pass_by(1.03, 1.0, 1.0)
    assert await waits.close(1.0) == [2]
    found = await waits.read(tripped)
    assert checks(found) == [(False, None), (True, None), (False, None), (False, None), (False, None)]
    assert found.watch is not None
    minute = at(waits.market.newest_close - 3 * 60_000).isoformat()
    assert found.watch["asked"] == [{"at": minute, "why": "trigger"}]
    assert [a["why"] for a in (await waits.read(patient)).watch["asked"]] == ["every"]  # type: ignore[index]
    assert await waits.close(1.0) == [0], "each is looked at once"


async def test_checks_are_bounded(waits: Waits) -> None:
    signal_id = await waits.wait(settings={"recheck": 500, "expires": 500})
    await waits.close(*[1.0] * 53)
    assert len(checks(await waits.read(signal_id))) == 50


async def test_a_signal_is_not_looked_at_on_its_own_candle_or_after_it_left(waits: Waits, new_user: UUID) -> None:
    signal_id = await waits.wait(settings={"recheck": 1})
    assert await waits.monitor.watch("1m", waits.market.newest_close) == 0
    async with waits.database.user(new_user) as conn:
        await signals.decide(conn, signal_id, approve=False)
    assert await waits.close(1.0) == [0]
    assert (await waits.read(signal_id)).watch is None


@pytest.mark.parametrize("moment", ["kept", "queued"])
async def test_a_kill_between_check_and_question_repeats_neither(
    waits: Waits, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    signal_id = await waits.wait(settings={"recheck": 1})
    keep, look = watching.keep_watch, jobs.look_again

    async def kept(conn: Any, signal: UUID, close: datetime, watch: Any) -> Any:
        await keep(conn, signal, close, watch)
        raise Killed

    async def queued(conn: Any, signal: UUID, ask: int) -> str | None:
        await look(conn, signal, ask)
        raise Killed

    with monkeypatch.context() as patch:
        if moment == "kept":
            patch.setattr(watching, "keep_watch", kept)
        else:
            patch.setattr(jobs, "look_again", queued)
        with pytest.raises(Killed):
            await waits.close(1.0)
    assert (waits.queued(), (await waits.read(signal_id)).watch) == ([], None)
    assert await Monitor(waits.database, waits.market).watch("1m", waits.market.newest_close) == 1
    assert len(waits.queued()) == 1


async def test_only_closes_with_something_waiting_are_queued(waits: Waits) -> None:
    await waits.monitor.told("1m", waits.market.newest_close)
    assert waits.queued("watch_waits") == []
    await waits.wait()
    waits.market.advance()
    for _ in range(3):
        await waits.monitor.told("1m", waits.market.newest_close)
    await waits.monitor.told("1h", waits.market.newest_close)
    assert waits.queued("watch_waits") == [{"interval": "1m", "close": waits.market.newest_close}]


async def test_many_that_wait_are_checked_in_one_pass(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = 0

    def counted(*args: Any) -> Any:
        nonlocal passes
        passes += 1
        return truths(*args)

    monkeypatch.setattr("analysis.monitor.truths", counted)
    ids = [
        await waits.wait(symbol, plan={"trigger_code": f"match = close > {level}"}, settings={"recheck": 50})
        for symbol in SYMBOLS
        for level in (1, 100_000)
    ]
    assert await waits.close(1.0) == [len(SYMBOLS)]
    assert passes == 1
    assert [checks(await waits.read(i))[0][0] for i in ids] == [True, False] * len(SYMBOLS)


@pytest.fixture
def limited(admin_dsn: str, new_user: UUID) -> Iterator[Callable[[int], None]]:
    """The owner has the tier pro, with as many analyses a day as a test says; one at first."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:

        def allow(analyses_a_day: int) -> None:
            connection.execute("update public.tiers set analyses_a_day = %s where name = 'pro'", (analyses_a_day,))

        connection.execute("update public.profiles set tier = 'pro' where id = %s", (new_user,))
        allow(1)
        yield allow
        allow(200)


async def used(waits: Waits, person: UUID) -> int:
    async with waits.database.worker() as conn:
        return (await tiers.used(conn, person)).analyses


async def test_a_look_again_counts_against_the_owners_analyses_a_day(
    waits: Waits, limited: Callable[[int], None], new_user: UUID
) -> None:
    signal_id = await waits.wait(plan={"trigger_code": f"match = close > {waits.price * 1.02:.8f}"})
    assert await waits.close(1.03, 1.0, 1.03) == [1, 0, 1]
    assert await used(waits, new_user) == 1, "one that waits its turn already is the same look"
    with psycopg.connect(waits.dsn, autocommit=True) as connection:
        connection.execute("truncate jobs.procrastinate_jobs cascade")
    await waits.again(signal_id)
    assert await waits.close(*[1.0] * 6) == [0] * 6
    found = await waits.read(signal_id)
    told = "It is not looked at again yet: your tier, pro, has 1 analyses a day, and all are used; it begins anew on"
    assert found.status == "wait" and (found.reason or "").startswith(told)
    assert found.watch is not None and [a["why"] for a in found.watch["asked"]] == ["trigger", "trigger"]
    assert len(found.watch["checks"]) == 9, "what costs nothing goes on"
    assert waits.queued() == []
    limited(2)
    assert await waits.close(1.0) == [1]
    assert waits.queued() == [{"signal_id": str(signal_id), "ask": 3}] and await used(waits, new_user) == 2


async def test_looks_again_of_what_is_analysed_unasked_do_not_count(waits: Waits, new_user: UUID) -> None:
    """As the first analysis does not: dollars bound both."""
    await waits.wait(settings={"auto": True, "recheck": 2})
    assert await waits.close(1.0, 1.0) == [0, 1]
    assert await used(waits, new_user) == 0


async def test_looks_again_at_a_built_in_strategys_signal_are_nobodys(waits: Waits, new_user: UUID) -> None:
    waits.owner = None
    await waits.wait(settings={"recheck": 2})
    assert await waits.close(1.0, 1.0) == [0, 1]
    assert await used(waits, new_user) == 0
