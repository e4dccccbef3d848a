"""The API over a market, and without a worker behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from app.processes import free_port
from tests.fixtures.fake_market import FakeMarket
from tests.integration.api.calling import over_market, serve, settings


@pytest.fixture
def market() -> FakeMarket:
    return FakeMarket()


@pytest.fixture
async def client(database_dsn: str, market: FakeMarket) -> AsyncIterator[httpx.AsyncClient]:
    async with over_market(database_dsn, market) as opened:
        yield opened


@pytest.fixture
async def lonely(database_dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    """Without a worker behind it."""
    async with serve(settings(database_dsn, worker_url=f"http://127.0.0.1:{free_port()}")) as opened:
        yield opened
