"""Server-sent prices over real connections: one upstream whatever the number of viewers, and none that can hurt."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import aiohttp
import pytest

from app.market_client import MarketClient, MarketUnavailable, PriceLine
from app.market_server import MarketServer
from app.processes import free_port
from tests.fixtures.fake_market import SYMBOLS, FakeMarket
from tests.integration.api.serving import TOKEN, events, served

READERS = 150


async def follow(session: aiohttp.ClientSession, url: str, last: float, seen: list[dict[str, float]]) -> None:
    """Read prices until one has reached `last`."""
    held: dict[str, float] = {}
    seen.append(held)
    async with session.get(url) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        async for kind, data in events(response):
            if kind == "quotes":
                held.update((item["symbol"], item["price"]) for item in data["items"])
                if last in held.values():
                    return


async def test_many_viewers_cost_one_stream(database_dsn: str) -> None:
    market = FakeMarket()
    async with served(database_dsn, market) as api, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as s:
        seen: list[dict[str, float]] = []
        address = f"{api.url}/api/v1/market/quotes/stream"
        urls = [address, f"{address}?symbols=BTCUSDT", f"{address}?symbols=ADAUSDT,BTCUSDT"]
        readers = [asyncio.create_task(follow(s, urls[n % 3], 999.5, seen)) for n in range(READERS)]
        async with asyncio.timeout(60):
            while api.board.readers < READERS:
                await asyncio.sleep(0.01)
            for n in range(10):
                market.set_price("BTCUSDT", 100.0 + n)
                await asyncio.sleep(0.05)
            market.set_price("BTCUSDT", 999.5)
            await asyncio.gather(*readers)
        assert api.worker.price_streams == 1
        assert api.board.connects == 1
        assert [set(held) for held in seen[:3]] == [set(SYMBOLS), {"BTCUSDT"}, {"ADAUSDT", "BTCUSDT"}]
        assert all(held["BTCUSDT"] == 999.5 for held in seen)
        async with asyncio.timeout(30):
            while api.board.readers:
                await asyncio.sleep(0.01)


async def test_one_who_does_not_read_keeps_nobody_waiting(database_dsn: str) -> None:
    market = FakeMarket()
    async with served(database_dsn, market) as api, aiohttp.ClientSession() as session:
        port = int(api.url.rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        head = f"GET /api/v1/market/quotes/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
        writer.write(head.encode())
        stuck = next(iter(api.board.quotes.values())).json() * 300_000
        async with asyncio.timeout(60):
            while not api.board.readers:
                await asyncio.sleep(0.01)
            reader = next(iter(next(iter(api.board._groups.values())).readers))
            # Far more than sockets hold: from here on its sender is stuck, and what is new has to wait in the reader.
            reader.offer(f'{{"items": [{stuck}]}}', {"BTCUSDT": ""})
            await asyncio.sleep(0.2)
            seen: list[dict[str, float]] = []
            quick = asyncio.create_task(follow(session, f"{api.url}/api/v1/market/quotes/stream", 7.0, seen))
            for n in range(40):
                market.set_price(SYMBOLS[n % len(SYMBOLS)], 50.0 + n)
                await asyncio.sleep(0.02)
            market.set_price("BTCUSDT", 7.0)
            await quick
        assert 0 < reader.waiting <= len(SYMBOLS)
        writer.close()


async def test_a_worker_that_goes_away_is_told(database_dsn: str) -> None:
    market = FakeMarket()
    async with served(database_dsn, market) as api, aiohttp.ClientSession() as session:
        async with session.get(f"{api.url}/api/v1/market/quotes/stream?symbols=BTCUSDT") as response:
            stream = events(response)
            assert await anext(stream) == ("state", {"live": True})
            await anext(stream)
            await api.worker.stop()
            async with asyncio.timeout(30):
                assert await anext(stream) == ("state", {"live": False})
        async with session.get(f"{api.url}/api/v1/market/quotes") as response:
            assert response.status == 503
        async with session.get(f"{api.url}/metrics") as response:
            text = await response.text()
        assert "screener_worker_up 0" in text
        assert "screener_price_stream_up 0" in text


async def test_a_line_has_what_changed_and_a_quiet_market_says_that_it_lives() -> None:
    market, port = FakeMarket(), free_port()
    worker, client = MarketServer(market, TOKEN), MarketClient(f"http://127.0.0.1:{port}", TOKEN)
    await worker.start("127.0.0.1", port)
    async with asyncio.timeout(60), aclosing(client.prices()) as lines:
        assert {symbol for symbol, _, _ in (await anext(lines)).prices} == set(SYMBOLS)
        market.set_price("ADAUSDT", 3.0)
        assert await anext(lines) == PriceLine([("ADAUSDT", 3.0, market.clock.now)], [])
        del market.prices["BTCUSDT"]
        assert await anext(lines) == PriceLine([], ["BTCUSDT"])
        assert await anext(lines) == PriceLine([], []), "nothing changed: a line after a while, and an empty one"
    await client.aclose()
    await worker.stop()


async def test_a_worker_that_sends_nothing_to_be_read_is_left() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n[1, 2]\n\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    client = MarketClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", TOKEN)
    with pytest.raises(MarketUnavailable, match="cannot be read"):
        async for _ in client.prices():
            pytest.fail("there was nothing to read")
    await client.aclose()
    server.close()


async def test_only_those_with_the_token_follow_the_worker(database_dsn: str) -> None:
    async with served(database_dsn, FakeMarket()) as api, aiohttp.ClientSession() as session:
        runner = api.worker._runner
        assert runner is not None
        host, port = runner.addresses[0][:2]
        async with session.get(f"http://{host}:{port}/prices") as response:
            assert response.status == 401
