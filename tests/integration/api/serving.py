"""The API on a real port, over the worker's internal endpoint on another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import uvicorn

from api.main import create_app
from app.market_server import MarketServer, MarketView
from app.prices import PriceBoard
from app.processes import free_port
from app.settings import Settings

TOKEN = "internal-token-of-the-test"


@dataclass
class Served:
    """A running API; `worker` is the endpoint it follows."""

    url: str
    board: PriceBoard
    worker: MarketServer


@asynccontextmanager
async def served(dsn: str, view: MarketView) -> AsyncIterator[Served]:
    """API and internal endpoint until the block ends; entered once prices are followed."""
    worker, worker_port, port = MarketServer(view, TOKEN), free_port(), free_port()
    await worker.start("127.0.0.1", worker_port)
    values: dict[str, Any] = {"DATABASE_URL": dsn, "worker_token": TOKEN, "api_port": port}
    values["worker_url"] = f"http://127.0.0.1:{worker_port}"
    app = create_app(Settings(_env_file=None, **values))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="on"))
    server.config.timeout_graceful_shutdown = 1
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(60):
            while not server.started or not app.state.services.prices.live:
                await asyncio.sleep(0.01)
        yield Served(f"http://127.0.0.1:{port}", app.state.services.prices, worker)
    finally:
        await worker.stop()
        server.should_exit = True
        await serving


async def events(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    """(event, data) of a server-sent stream."""
    kind = ""
    async for raw in response.content:
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))
