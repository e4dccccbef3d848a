"""Subscriptions over HTTP: whether one's positions are decided on is one's own word."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import httpx
import pytest

from store import strategies, subscriptions
from store.session import Database
from store.trading_records import NewSubscription
from tests.integration.api.calling import assert_problem
from tests.integration.store.factories import strategy

PATH = "/api/v1/subscriptions"


@pytest.fixture
def client(lonely: httpx.AsyncClient) -> httpx.AsyncClient:
    return lonely


async def test_positions_of_a_strategy_are_decided_on_as_its_subscriber_says(
    client: httpx.AsyncClient, database: Database
) -> None:
    async with database.worker() as conn:
        shared = await strategies.upsert_built_in(conn, strategy(enabled=False))
    made = await client.post(PATH, json={"strategy_id": str(shared.id), "capital": "1000", "manage": False})
    assert made.status_code == 201, made.text
    one = made.json()
    assert (one["manage"], one["capital"], one["paused"]) == (False, "1000", False)
    assert one in (await client.get(PATH)).json()["items"]
    assert_problem(await client.post(PATH, json={"strategy_id": str(shared.id), "capital": "5"}), 409)
    changed = await client.patch(f"{PATH}/{one['id']}", json={"manage": True})
    assert changed.json() == {**one, "manage": True}
    assert_problem(await client.patch(f"{PATH}/{one['id']}", json={"manage": "no"}), 422)
    assert (await client.post(f"{PATH}/{one['id']}/pause")).json()["paused"] is True
    assert (await client.post(f"{PATH}/{one['id']}/resume")).json()["paused"] is False
    assert (await client.post(f"{PATH}/{one['id']}/cancel")).status_code == 204
    assert_problem(await client.patch(f"{PATH}/{one['id']}", json={"manage": True}), 404)


async def test_anothers_subscription_is_out_of_reach(
    client: httpx.AsyncClient, database: Database, other_user: UUID
) -> None:
    async with database.worker() as conn:
        shared = await strategies.upsert_built_in(conn, strategy(enabled=False))
    async with database.user(other_user) as conn:
        terms = NewSubscription(owner_id=other_user, strategy_id=shared.id, capital=Decimal(10))
        theirs = await subscriptions.create(conn, terms)
    path = f"{PATH}/{theirs.id}"
    assert_problem(await client.patch(path, json={"manage": False}), 404)
    assert_problem(await client.post(f"{path}/cancel"), 404)
    async with database.user(other_user) as conn:
        assert (await subscriptions.list_visible(conn))[0].manage is True
