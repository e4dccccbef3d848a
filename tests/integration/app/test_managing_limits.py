"""How often a model is asked about one position, and from when on a filter's exit counts."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from analysis.positions import RULES_NAME
from store.session import Database
from tests.fixtures.fake_market import FakeMarket
from tests.fixtures.held_position import SETTINGS, Bench, Model


@pytest.fixture
def bench(database: Database, market: FakeMarket, new_user: UUID) -> Bench:
    return Bench(database, new_user, market)


async def test_a_model_is_asked_so_many_times_a_day_about_one_position(bench: Bench, admin_dsn: str) -> None:
    """Then rules decide, and the decision says so; a new day begins anew, and a restart forgets nothing."""
    bench.model = Model({"decision": "hold"})
    bench.settings = SETTINGS.model_copy(update={"decisions_per_position_day": 2})
    bench.restart()
    opened = await bench.enter(invalidation="close < 1")
    for _ in range(3):
        await bench.close()
        bench.restart()
        await bench.manage("every")
    assert len(bench.model.asked) == 2
    told = await bench.decisions()
    assert [d.asked for d in told] == [True, True, False]
    assert [d.model for d in told] == ["scripted", "scripted", RULES_NAME]
    assert told[-1].reasoning.startswith("A model decides on one position 2 times a day at most, so until 00:00 UTC")
    await bench.close()
    await bench.manage("invalidation")
    assert len(bench.model.asked) == 2 and not (await bench.decisions())[-1].asked
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute("alter table public.analyses disable trigger user")
        connection.execute(
            "update public.analyses set created_at = created_at - interval '1 day' where position_id = %s", (opened.id,)
        )
        connection.execute("alter table public.analyses enable trigger user")
    await bench.close()
    await bench.manage("every")
    assert len(bench.model.asked) == 3


async def test_an_exit_true_on_the_entrys_own_candle_closes_at_the_next(bench: Bench) -> None:
    await bench.enter(code="match = close > 1\nexit = close > 1")
    await bench.manager.holdings.watch("1m", bench.market.newest_close)
    await bench.tick()
    assert (await bench.position()).state == "open", "it was entered at that candle's close"
    await bench.close()
    await bench.tick()
    held = await bench.position()
    assert (held.state, held.close_reason) == ("closed", "exit")
