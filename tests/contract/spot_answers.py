"""The public answers of the simulated spot exchange, and signed ones: how they are asked for."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from yarl import URL

from tests.fixtures.spot_client import Desk

START = 1_795_269_600
PATIENCE = 30.0

#: Public requests and the form of what they answer; `[]` for a list of it.
PUBLIC = {
    "ping": "ping",
    "time": "time",
    "exchangeInfo": "exchangeInfo",
    "klines?symbol=BTCUSDT&interval=1h": "kline row[]",
    "uiKlines?symbol=BTCUSDT&interval=1M": "kline row[]",
    "depth?symbol=BTCUSDT&limit=20": "depth",
    "trades?symbol=BTCUSDT&limit=20": "trade[]",
    "historicalTrades?symbol=BTCUSDT&limit=20": "trade[]",
    "aggTrades?symbol=BTCUSDT&limit=20": "aggregate[]",
    "avgPrice?symbol=BTCUSDT": "avgPrice",
    "ticker/24hr?symbol=BTCUSDT": "24hr",
    "ticker/24hr": "24hr[]",
    "ticker/24hr?type=MINI": "mini[]",
    "ticker/tradingDay?symbol=BTCUSDT": "window",
    "ticker/tradingDay?symbols=[%22BTCUSDT%22]&type=MINI": "mini[]",
    "ticker?symbol=BTCUSDT": "window",
    "ticker?symbols=[%22BTCUSDT%22]&type=MINI": "mini[]",
    "ticker/price?symbol=BTCUSDT": "price",
    "ticker/price": "price[]",
    "ticker/bookTicker?symbol=BTCUSDT": "best",
    "ticker/bookTicker": "best[]",
    "depth?symbol=NOPE": "error",
}


class Public:
    """Public answers, each asked once."""

    def __init__(self, http: aiohttp.ClientSession, port: int) -> None:
        self._http = http
        self._rest = f"http://127.0.0.1:{port}/api/v3"
        self.streams = f"ws://127.0.0.1:{port}"

    async def get(self, path: str) -> Any:
        async with self._http.get(URL(f"{self._rest}/{path}", encoded=True)) as response:
            return await response.json()

    async def messages(self, names: set[str]) -> dict[str, Any]:
        """The first message of each stream."""
        found: dict[str, Any] = {}
        address = f"{self.streams}/stream?streams={'/'.join(sorted(names))}"
        async with asyncio.timeout(PATIENCE), self._http.ws_connect(address) as socket:
            while found.keys() != names:
                message = await socket.receive_json()
                found.setdefault(message["stream"], message["data"])
        return found


async def ask(at: Desk, verb: str, path: str, **sent: Any) -> Any:
    """The answer to a signed request, which must not be refused."""
    status, answer, _ = await at.send(verb, path, sent)
    assert status == 200, answer
    return answer
