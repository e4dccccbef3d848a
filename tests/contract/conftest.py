"""A simulated spot exchange on loopback, its clock at twice real time."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from simexchange.clock import VirtualClock
from simexchange.market import SyntheticMarket
from simexchange.server import Exchange
from tests.contract.spot_answers import START, Public


@pytest_asyncio.fixture
async def public() -> AsyncIterator[Public]:
    clock = VirtualClock(START * 1000 + 20_000, 2.0)
    server = Exchange(SyntheticMarket(7, 4), clock)
    port = await server.start("127.0.0.1", 0)
    async with aiohttp.ClientSession() as http:
        yield Public(http, port)
    await server.stop()
