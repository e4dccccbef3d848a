"""Who may have a waiting signal looked at again: its strategy's owner, an administrator for a built-in one."""

from __future__ import annotations

from uuid import UUID

import pytest

from store import jobs
from store.errors import StateConflict
from store.session import Database
from tests.fixtures.fake_market import FakeMarket
from tests.fixtures.queued import built_in_signal, fired, matches, stored_strategy


async def _waits(database: Database, signal_id: UUID) -> None:
    async with database.worker() as conn:
        await conn.execute("update public.signals set status = 'wait' where id = %s", (signal_id,))


async def test_a_built_in_strategys_signal_is_not_anybodys(
    database: Database, market: FakeMarket, new_user: UUID
) -> None:
    signal_id = await built_in_signal(database, market)
    await _waits(database, signal_id)
    with pytest.raises(StateConflict):
        async with database.user(new_user) as conn:
            await jobs.request_analysis(conn, signal_id)
    async with database.worker() as conn:
        await conn.execute("insert into public.admins (user_id) values (%s)", (new_user,))
    async with database.user(new_user) as conn:
        assert await jobs.request_analysis(conn, signal_id)


async def test_an_owner_asks_again(database: Database, market: FakeMarket, new_user: UUID) -> None:
    [signal_id] = await fired(database, matches(await stored_strategy(database, new_user, auto=False), market))
    await _waits(database, signal_id)
    async with database.user(new_user) as conn:
        assert await jobs.request_analysis(conn, signal_id)
