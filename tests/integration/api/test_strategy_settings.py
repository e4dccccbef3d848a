"""A strategy's analysis settings over HTTP: read and written by its owner, and by nobody with a wrong one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from analysis.settings import AnalysisSettings
from api.schemas import AnalysisSettingsOut
from app.processes import free_port
from store import strategies
from store.session import Database
from tests.integration.api.calling import assert_problem, body, serve, settings
from tests.integration.store.factories import strategy

DEFAULTS = AnalysisSettings().model_dump(mode="json")


@pytest.fixture
async def client(database_dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    worker = f"http://127.0.0.1:{free_port()}"
    async with serve(settings(database_dsn, worker_url=worker, model="a/main", model_fallbacks="b/second")) as opened:
        yield opened


async def made(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/api/v1/strategies", json=body(**changes))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def stored(database: Database, strategy_id: str) -> dict[str, Any]:
    async with database.worker() as conn:
        return (await strategies.get(conn, UUID(strategy_id))).analysis


def test_the_shape_shows_every_setting_with_its_default() -> None:
    assert AnalysisSettingsOut().model_dump(mode="json") == DEFAULTS


async def test_an_owner_changes_some_settings_and_the_others_stay(
    client: httpx.AsyncClient, database: Database
) -> None:
    own = await made(client, analysis={"bars": 250, "style": "careful"})
    path = f"/api/v1/strategies/{own['id']}/analysis"
    assert own["analysis"] == {**DEFAULTS, "bars": 250, "style": "careful"}
    wanted = {"auto": False, "tier": "fast", "asks": 3, "models": ["b/second"], "manage": False, "style": None}
    changed = await client.patch(path, json=wanted)
    assert changed.status_code == 200, changed.text
    now = {**DEFAULTS, **wanted, "bars": 250, "style": "balanced"}
    assert changed.json() == (await client.get(path)).json() == now
    assert await stored(database, own["id"]) == {**{k: v for k, v in wanted.items() if v is not None}, "bars": 250}
    # They are part of the definition: each change is a version, and none of the same is none.
    assert (await client.patch(path, json={"asks": 3})).status_code == 200
    assert (await client.get(f"/api/v1/strategies/{own['id']}")).json()["version"] == 2


async def test_an_edit_that_does_not_name_the_settings_keeps_them(client: httpx.AsyncClient) -> None:
    own = await made(client, analysis={"expires": 7})
    path = f"/api/v1/strategies/{own['id']}"
    assert (await client.put(path, json=body(name="Renamed"))).json()["analysis"]["expires"] == 7
    replaced = await client.put(path, json=body(analysis={"recheck": 9, "expires": None}))
    assert replaced.json()["analysis"] == {**DEFAULTS, "recheck": 9}


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"colour": "red"}, ["analysis.colour"]),
        ({"manage": "no"}, ["analysis.manage"]),
        ({"bars": 1001, "concurrency": 0, "automatic": True}, ["automatic", "bars", "concurrency"]),
        ({"models": ["c/elsewhere"]}, ["b/second"]),
    ],
)
async def test_a_wrong_setting_is_named_and_nothing_is_stored(
    client: httpx.AsyncClient, database: Database, wrong: dict[str, Any], names: list[str]
) -> None:
    own = await made(client, analysis={"bars": 50})
    path = f"/api/v1/strategies/{own['id']}"
    for answer in (
        await client.patch(f"{path}/analysis", json={"asks": 2, **wrong}),
        await client.put(path, json=body(analysis=wrong)),
        await client.post("/api/v1/strategies", json=body(analysis=wrong)),
    ):
        said = assert_problem(answer, 422)
        assert all(name in str(said["errors"]) for name in names), said
        assert said["detail"]
    assert await stored(database, own["id"]) == {"bars": 50}
    assert "bars, tier" in str((await client.patch(f"{path}/analysis", json={"colour": 1})).json())


async def test_others_strategies_are_out_of_reach(
    client: httpx.AsyncClient, database: Database, other_user: UUID
) -> None:
    async with database.worker() as conn:
        theirs = await strategies.create(conn, strategy(other_user))
    path = f"/api/v1/strategies/{theirs.id}/analysis"
    assert_problem(await client.get(path), 404)
    assert_problem(await client.patch(path, json={"bars": 10}), 404)
    assert await stored(database, str(theirs.id)) == {}


async def test_the_operators_settings_of_a_built_in_survive_the_next_start(
    client: httpx.AsyncClient, database: Database
) -> None:
    entry = strategy(enabled=False)
    async with database.worker() as conn:
        shared = await strategies.upsert_built_in(conn, entry)
    path = f"/api/v1/strategies/{shared.id}/analysis"
    assert (await client.patch(path, json={"auto": False})).status_code == 200
    async with database.worker() as conn:
        await strategies.upsert_built_in(conn, entry)
    assert (await client.get(path)).json()["auto"] is False


async def test_settings_that_were_stored_wrong_are_told_and_can_be_mended(
    client: httpx.AsyncClient, database: Database
) -> None:
    own = await made(client)
    async with database.worker() as conn:
        await strategies.set_analysis(conn, UUID(own["id"]), {"manage": "no"})
    shown = (await client.get(f"/api/v1/strategies/{own['id']}")).json()
    assert shown["analysis"] is None and "analysis.manage" in shown["analysis_error"]
    path = f"/api/v1/strategies/{own['id']}/analysis"
    assert "analysis.manage" in assert_problem(await client.get(path), 422)["detail"]
    assert (await client.patch(path, json={"manage": False})).json() == {**DEFAULTS, "manage": False}
