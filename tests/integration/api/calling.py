"""The API in this process, called without a port, over the worker's internal endpoint or without one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx

from api.main import create_app
from app.market_server import MarketServer
from app.processes import free_port
from app.settings import Settings
from tests.fixtures.fake_market import FakeMarket

TOKEN = "internal-token-of-the-test"
ABOVE = "match = close > ta.sma(close, 5)"


def settings(dsn: str, **changes: Any) -> Settings:
    """Settings with no worker behind them, unless `worker_url` is among the changes."""
    values = {"DATABASE_URL": dsn, "worker_token": TOKEN, "worker_url": "http://127.0.0.1:9", **changes}
    return Settings(_env_file=None, **values)


@asynccontextmanager
async def serve(chosen: Settings, base: str = "http://127.0.0.1:8000") -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API with these settings."""
    app = create_app(chosen)
    async with app.router.lifespan_context(app):
        # An error that no handler knows must come out as a response here too, as a server would give it.
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            yield client


@asynccontextmanager
async def over_market(dsn: str, market: FakeMarket, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API over a worker's endpoint that serves this market."""
    server, port = MarketServer(market, TOKEN), free_port()
    await server.start("127.0.0.1", port)
    try:
        async with serve(settings(dsn, worker_url=f"http://127.0.0.1:{port}", **changes)) as client:
            yield client
    finally:
        await server.stop()


def body(**changes: Any) -> dict[str, Any]:
    """A strategy as it is sent."""
    return {"name": f"T {uuid4().hex[:6]}", "interval": "1m", "filter_code": ABOVE, **changes}


def assert_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document that an answer must be."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["title"]
    return found
