"""Built-in strategies over HTTP: what everybody shares is run, and nobody changes it."""

from __future__ import annotations

import httpx

from store import strategies
from store.session import Database
from tests.integration.api.calling import assert_problem, body
from tests.integration.store import factories


async def test_a_built_in_one_is_run_and_paused_and_neither_changed_nor_deleted(
    client: httpx.AsyncClient, database: Database
) -> None:
    async with database.worker() as conn:
        shared = await strategies.upsert_built_in(conn, factories.strategy(enabled=False))
    path = f"/api/v1/strategies/{shared.id}"
    before = (await client.get(path)).json()
    refusals = (
        await client.put(path, json=body(name="Mine")),
        await client.patch(path, json={"name": "Mine"}),
        await client.delete(path),
    )
    for answer in refusals:
        assert "is built in, the same for everybody" in assert_problem(answer, 403)["detail"]
    assert (await client.get(path)).json() == before
    assert (await client.post(f"{path}/enable", json={"confirm": True})).json()["enabled"] is True
    assert (await client.post(f"{path}/pause")).json()["enabled"] is False
