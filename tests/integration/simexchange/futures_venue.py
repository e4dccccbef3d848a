"""USD-M perpetuals of a running exchange, with python-binance's own client."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from binance import AsyncClient, BinanceSocketManager
from binance.exceptions import BinanceAPIException
from yarl import URL

from simexchange.clock import VirtualClock
from simexchange.faults.injector import FaultInjector
from simexchange.faults.script import parse_faults
from simexchange.market import Market, SyntheticMarket
from simexchange.schedule import Change, ScheduledMarket
from simexchange.server import Exchange
from simexchange.trading.account import credential

START = 1_795_271_037
PATIENCE = 20.0

ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "78000",
}


@dataclass
class Venue:
    rest: str
    streams: str
    clock: VirtualClock
    binance: Any
    http: aiohttp.ClientSession
    events: list[dict[str, Any]] = field(default_factory=list)

    async def until(self, kind: str, **body: Any) -> dict[str, Any]:
        """The first user data event of a kind whose body has these values."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for event in self.events:
                inner = event.get("o", event)
                if event["e"] == kind and all(inner.get(name) == value for name, value in body.items()):
                    return event
            await asyncio.sleep(0.02)
        raise AssertionError(f"no {kind} {body} among {self.events}")

    async def subscribed(self) -> bool:
        """Whether a connection carries streams of perpetuals."""
        async with self.http.get(f"{self.rest}/sim/state") as answer:
            return any((await answer.json())["connections"]["usdm"])

    @contextlib.asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """User data gathered in `events`."""
        manager = streams_of(self)(self.binance, max_queue_size=5_000)
        reader = manager.futures_user_socket()
        # It notices that it is to end when a message comes, or after this.
        reader.TIMEOUT = 0.2
        async with reader as stream:

            async def follow() -> None:
                while True:
                    self.events.append(await stream.recv())

            task = asyncio.create_task(follow())
            try:
                yield
            finally:
                # The client's own waiting swallows a cancellation that meets its time limit.
                while not task.done():
                    task.cancel()
                    await asyncio.sleep(0.01)


def streams_of(venue: Venue) -> Any:
    """A socket manager at its address."""

    class Streams(BinanceSocketManager):  # type: ignore[misc] # the package has no types
        STREAM_URL = f"{venue.streams}/"
        FSTREAM_URL = f"{venue.streams}/"

    return Streams


@contextlib.asynccontextmanager
async def venue(
    speed: float = 1.0,
    symbols: int = 3,
    weight_limit: int = 0,
    faults: Sequence[dict[str, Any]] = (),
    changes: Sequence[Change] = (),
) -> AsyncIterator[Venue]:
    clock = VirtualClock(START * 1000, speed)
    market: Market = SyntheticMarket(7, symbols)
    if changes:
        market = ScheduledMarket(market, changes)
    injector = FaultInjector(clock, faults=parse_faults({"faults": list(faults)}, clock.start_ms) if faults else ())
    server = Exchange(market, clock, weight_limit, faults=injector)
    port = await server.start("127.0.0.1", 0)
    rest, streams = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"

    class Here(AsyncClient):  # type: ignore[misc] # the package has no types
        API_URL = f"{rest}/api"
        FUTURES_URL = f"{rest}/fapi"
        WS_FUTURES_URL = f"{streams}/ws-fapi/v1"
        REQUEST_RECVWINDOW = 60_000

    client = Here(credential(7, "key"), credential(7, "secret"))
    # Exchange time is not the machine's; real clients ask for it when they start.
    client.timestamp_offset = clock.paced_ms() - int(time.time() * 1000)
    try:
        async with aiohttp.ClientSession() as http:
            yield Venue(rest, streams, clock, client, http)
    finally:
        await client.close_connection()
        await server.stop()


async def code_of(call: Any) -> int:
    with pytest.raises(BinanceAPIException) as caught:
        await call
    return int(caught.value.code)


async def raw(
    here: Venue, method: str, path: str, parameters: dict[str, Any], *, signs: bool = True
) -> tuple[int, Any]:
    """A request as it is, signed or not, without a client's help; `path` under /fapi/v1, or whole."""
    query = urlencode(parameters)
    if signs:
        query = urlencode(parameters | {"timestamp": here.clock.paced_ms()})
        signature = hmac.new(credential(7, "secret").encode(), query.encode(), hashlib.sha256).hexdigest()
        query += f"&signature={signature}"
    place = path if path.startswith("/") else f"/fapi/v1/{path}"
    key = {"X-MBX-APIKEY": credential(7, "key")}
    async with here.http.request(method, URL(f"{here.rest}{place}?{query}", encoded=True), headers=key) as response:
        return response.status, await response.json()
