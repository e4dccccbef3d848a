"""What a faulty server may send: unreadable messages, refusals, requests to back off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp import web

from market.binance import BinanceSource
from market.types import RateLimited, SourceUnavailable

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
KLINE: dict[str, Any] = {
    "t": 60_000, "T": 119_999, "s": "BTCUSDT", "i": "1m", "o": "1", "c": "2", "h": "3", "l": "1", "v": "1",
    "n": 1, "x": True, "q": "1", "V": "1", "Q": "1",
}  # fmt: skip
ROW = [60_000, "1", "3", "1", "2", "1", 119_999, "1", 1, "1", "1", "0"]


class Faulty:
    """A server whose answers a test chooses."""

    def __init__(self) -> None:
        self.klines: list[Callable[[], web.Response]] = []
        self.messages: list[str | bytes] = []
        self.asked = 0
        self.port = 0

    async def time(self, _: web.Request) -> web.Response:
        return web.json_response({"serverTime": 10_000_000})

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        return self.klines.pop(0)()

    async def stream(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for message in self.messages:
            await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_str(message))
        await asyncio.sleep(0.2)
        await socket.close()
        return socket


@pytest.fixture
async def faulty() -> AsyncIterator[Faulty]:
    faulty = Faulty()
    app = web.Application()
    app.router.add_get("/api/v3/time", faulty.time)
    app.router.add_get("/api/v3/klines", faulty.answer)
    app.router.add_get("/stream", faulty.stream)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    faulty.port = runner.addresses[0][1]
    yield faulty
    await runner.cleanup()


@pytest.fixture
async def source(faulty: Faulty) -> AsyncIterator[BinanceSource]:
    source = BinanceSource(f"http://127.0.0.1:{faulty.port}", f"ws://127.0.0.1:{faulty.port}")
    yield source
    await source.aclose()


def kline(**changes: Any) -> str:
    return json.dumps({"stream": "btcusdt@kline_1m", "data": {"e": "kline", "E": 1, "k": KLINE | changes}})


async def test_unreadable_messages_are_dropped_and_the_stream_goes_on(
    faulty: Faulty, source: BinanceSource, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.messages = [
        "not json",
        b"\xff\x00",
        "{}",
        "null",
        '{"result": null, "id": 1}',
        kline(o="abc"),
        kline(t=None),
        kline(x=False),
        kline(),
    ]
    candles = []
    with pytest.raises(SourceUnavailable, match="ended"):
        async with aclosing(source.stream_candles(["BTCUSDT"], "1m")) as stream:
            async for candle in stream:
                candles.append(candle)
    assert [(c.open_time, c.close) for c in candles] == [(60_000, 2.0)]
    assert "unreadable stream message" in caplog.text


async def test_back_off_is_honoured_then_the_answer_comes(faulty: Faulty, source: BinanceSource) -> None:
    limited = {"code": -1003, "msg": "Too many requests"}
    faulty.klines = [
        lambda: web.json_response(limited, status=429, headers={"Retry-After": "1"}),
        lambda: web.json_response([ROW]),
    ]
    began = asyncio.get_running_loop().time()
    assert len(await source.candles("BTCUSDT", "1m", 1)) == 1
    assert asyncio.get_running_loop().time() - began >= 1
    assert faulty.asked == 2


async def test_a_ban_stops_all_requests(faulty: Faulty, source: BinanceSource) -> None:
    banned = {"code": -1003, "msg": "Way too much request weight used; IP banned"}
    faulty.klines = [lambda: web.json_response(banned, status=418, headers={"Retry-After": "7200"})]
    for _ in range(3):
        with pytest.raises(RateLimited) as caught:
            await source.candles("BTCUSDT", "1m", 1, end_ms=60_000)
        assert caught.value.retry_after_s > 7000
    assert faulty.asked == 1


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(text="<html>502</html>", status=502),
        lambda: web.Response(text="<html>hello</html>"),
        lambda: web.json_response({"code": -1000, "msg": "unknown"}, status=400),
        lambda: web.json_response([ROW[:3]]),
        lambda: web.Response(body=b""),
    ],
)
async def test_bad_answers_are_the_sources_fault(
    faulty: Faulty, source: BinanceSource, answer: Callable[[], web.Response]
) -> None:
    faulty.klines = [answer]
    with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1|klines of BTCUSDT"):
        await source.candles("BTCUSDT", "1m", 1)


async def test_a_forming_candle_is_left_out(faulty: Faulty, source: BinanceSource) -> None:
    forming = [9_960_000, *ROW[1:6], 10_019_999, *ROW[7:]]
    faulty.klines = [lambda: web.json_response([ROW, forming])]
    assert [c.open_time for c in await source.candles("BTCUSDT", "1m", 5)] == [60_000]
