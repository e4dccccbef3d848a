"""The HTTP API: built by `create_app`, served by `screener api`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api.auth import Guard
from api.described import Described
from api.problems import install
from api.routes import (
    analyses,
    filters,
    generate,
    health,
    market,
    metrics,
    outcomes,
    people,
    signals,
    strategies,
    subscriptions,
    trading,
    udf,
)
from api.stream import Broadcaster
from app.bootstrap import open_services
from app.settings import Settings

log = logging.getLogger(__name__)
PREFIX = "/api/v1"


def _ended(follower: asyncio.Task[None]) -> None:
    """Say at once what ended a task that goes on as long as the process."""
    if not follower.cancelled() and (error := follower.exception()) is not None:
        log.error("%s ended, and comes back with the next start", follower.get_name(), exc_info=error)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; without arguments settings come from the environment.

    Raises:
        SettingsError: it would listen beyond loopback without a token.
    """
    settings = settings or Settings()
    settings.require_protection()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(settings) as services:
            app.state.services = services
            app.state.broadcaster = Broadcaster(services.database)
            followers = [
                asyncio.create_task(app.state.broadcaster.run()),
                asyncio.create_task(services.prices.run()),
            ]
            for follower in followers:
                follower.add_done_callback(_ended)
            yield
            for follower in followers:
                follower.cancel()
            await asyncio.gather(*followers, return_exceptions=True)

    app = Described(
        title="Signal Screener",
        version="0.1.0",
        summary="Rules in plain English over a whole crypto market.",
        lifespan=lifespan,
    )
    install(app)
    app.add_middleware(Guard, settings=settings)
    app.include_router(health.router)
    app.include_router(metrics.router)
    modules = (
        *(analyses, filters, generate, market, outcomes, people),
        *(signals, strategies, subscriptions, trading, udf),
    )
    for module in modules:
        app.include_router(module.router, prefix=PREFIX)
    return app
