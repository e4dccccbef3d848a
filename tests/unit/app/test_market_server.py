"""What the worker's internal endpoint answers to requests that cannot be."""

from __future__ import annotations

import asyncio

import pytest

from app.market_server import MarketServer
from app.processes import free_port
from tests.fixtures.fake_market import FakeMarket


@pytest.mark.parametrize(
    ("path", "authorization", "status"),
    [
        ("/status", b"Bearer right", 200),
        ("/status", b"Bearer wrong", 401),
        ("/status", b"Bearer \xff\xfe", 401),
        ("/status", "Bearer ünïcode".encode(), 401),
        ("/coverage?limit=x", b"Bearer right", 422),
        ("/coverage?limit=" + "9" * 5000, b"Bearer right", 422),
        ("/candles?symbol=BTCUSDT&interval=1m&limit=x", b"Bearer right", 422),
    ],
)
async def test_a_bad_request_is_refused_and_no_fault_of_ours(path: str, authorization: bytes, status: int) -> None:
    server, port = MarketServer(FakeMarket(), "right"), free_port()
    await server.start("127.0.0.1", port)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ".encode()
        writer.write(head + authorization + b"\r\n\r\n")
        assert (await reader.readline()).split()[1] == str(status).encode()
        writer.close()
    finally:
        await server.stop()
