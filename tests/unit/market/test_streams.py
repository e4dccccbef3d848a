"""Connections of streams against a real WebSocket server on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from market.binance import BinanceSource
from market.binance.limits import AttemptGate
from market.binance.rest import Venue
from market.binance.streams import MOST_MESSAGE, Silence
from market.source import Traffic
from market.types import Candle, RateLimited, SourceUnavailable
from tests.unit.market.stream_server import StreamServer, kline, until


@pytest.fixture
async def server() -> AsyncIterator[StreamServer]:
    server = StreamServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def source(server: StreamServer) -> AsyncIterator[BinanceSource]:
    source = BinanceSource(server.url.replace("ws", "http"), server.url)
    yield source
    await source.aclose()


class Reading:
    """A stream read by a task, so that a test can look at what came."""

    def __init__(self, stream: AsyncGenerator[Candle, None]) -> None:
        self.candles: list[Candle] = []
        self.error: SourceUnavailable | None = None
        self.task = asyncio.create_task(self._read(stream))

    async def _read(self, stream: AsyncGenerator[Candle, None]) -> None:
        try:
            async for candle in stream:
                self.candles.append(candle)
        except SourceUnavailable as error:
            self.error = error
        finally:
            await stream.aclose()


async def read(server: StreamServer, source: BinanceSource, *symbols: str) -> tuple[Reading, Traffic]:
    traffic = Traffic()
    reading = Reading(source.stream_candles(symbols or ("BTCUSDT",), "1m", traffic))
    await until(lambda: traffic.opened is not None and server.peers)
    return reading, traffic


@pytest.mark.parametrize(("venue", "path"), [("spot", "/stream"), ("usdm", "/market/stream")])
async def test_each_venue_has_its_path_and_names_are_quoted(server: StreamServer, venue: Venue, path: str) -> None:
    source = BinanceSource(None, server.url, venue=venue)
    reading, _ = await read(server, source, "BTCUSDT", "币安USDT")
    (peer,) = server.peers
    assert (peer.path, peer.streams) == (path, ["btcusdt@kline_1m", "币安usdt@kline_1m"])
    await peer.send(kline("币安USDT"))
    await until(lambda: reading.candles)
    assert reading.candles[0].symbol == "币安USDT"
    reading.task.cancel()
    await source.aclose()


async def test_only_closed_candles_that_can_be_come_out_and_all_else_is_counted(
    server: StreamServer, source: BinanceSource
) -> None:
    reading, traffic = await read(server, source)
    bad: list[str | bytes] = [
        "not json", b"\xff\x00", "{}", "null", "[]", '{"result": null, "id": 1}', '{"error": {"code": 2, "msg": "x"}}',
        kline(o="abc"), kline(t=None), kline(c="nan"), kline(c="0"), kline(h="1.5"), kline(l="5"), kline(v="-1"),
        kline(i="7m"), kline(open_time=61_000), kline(open_time=-60_000), kline(open_time=10**17), kline(V="inf"),
        kline(s=None), kline(n="many"), json.dumps({"stream": "x", "data": {"e": "trade", "p": "1"}}),
        "[" * 50_000, '{"x":' + "[" * 50_000,
    ]  # fmt: skip
    await server.peers[0].send(*bad, kline(x=False), kline(), kline(), kline(c="2.5"), kline(open_time=120_000))
    await until(lambda: len(reading.candles) == 4)
    assert [(c.open_time, c.close) for c in reading.candles] == [(60_000, 2), (60_000, 2), (60_000, 2.5), (120_000, 2)]
    assert traffic.unreadable == len(bad) and traffic.messages == len(bad) + 5
    assert not reading.task.done()
    await server.peers[0].drop()
    await until(lambda: reading.error)
    assert "ended" in str(reading.error)


async def test_a_message_too_long_ends_the_connection_not_the_program(
    server: StreamServer, source: BinanceSource
) -> None:
    reading, _ = await read(server, source)
    await server.peers[0].send(kline(), " " * (MOST_MESSAGE + 1))
    await until(lambda: reading.error)
    assert len(reading.candles) == 1 and "1009" in str(reading.error)


async def test_a_shutdown_is_announced(server: StreamServer, source: BinanceSource) -> None:
    reading, traffic = await read(server, source)
    await server.peers[0].send(json.dumps({"e": "serverShutdown", "E": 1}))
    await until(lambda: traffic.ending)
    assert traffic.unreadable == 0 and not reading.task.done()
    reading.task.cancel()


async def test_a_handshake_refused_is_told_with_its_pause(server: StreamServer, source: BinanceSource) -> None:
    server.refuse = lambda: (429, {"Retry-After": "17"})
    with pytest.raises(RateLimited, match="429") as caught:
        await anext(source.stream_candles(["BTCUSDT"], "1m"))
    assert caught.value.retry_after_s == 17
    server.refuse = lambda: (503, {})
    with pytest.raises(SourceUnavailable, match="503"):
        await anext(source.stream_candles(["BTCUSDT"], "1m"))


async def test_a_reader_too_slow_loses_nothing_silently(
    server: StreamServer, source: BinanceSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("market.binance.streams.QUEUE_SIZE", 5)
    traffic = Traffic()
    stream = source.stream_candles(["BTCUSDT"], "1m", traffic)
    first = asyncio.create_task(anext(stream))
    await until(lambda: server.peers)
    await server.peers[0].send(kline())
    await first
    await server.peers[0].send(*(kline(open_time=60_000 * n) for n in range(2, 22)))
    await until(lambda: traffic.messages == 21)
    assert traffic.lost == 15
    kept = [await anext(stream) for _ in range(5)]
    assert [candle.open_time // 60_000 for candle in kept] == [2, 3, 4, 5, 6]
    with pytest.raises(SourceUnavailable, match="too slowly: 15 messages lost"):
        await anext(stream)


async def test_a_silent_connection_is_given_up(
    server: StreamServer, source: BinanceSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("market.binance.streams.SHORTEST_SILENCE_S", 0.2)
    monkeypatch.setattr("market.binance.streams.SILENT_MESSAGES", 0.001)
    reading, _ = await read(server, source)
    await server.peers[0].send(kline())
    await until(lambda: reading.error)
    assert "silent" in str(reading.error) and len(reading.candles) == 1


async def test_a_connection_that_answers_no_ping_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def half_open(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(handshake(request))
        # From here on nothing is read, and nothing sent.
        await gone.wait()
        writer.close()

    gone = asyncio.Event()
    listener = await asyncio.start_server(half_open, "127.0.0.1", 0)
    monkeypatch.setattr("market.binance.streams.PING_S", 0.1)
    source = BinanceSource(None, f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}")
    with pytest.raises(SourceUnavailable, match="keepalive ping timeout"):
        async with asyncio.timeout(20):
            await anext(source.stream_candles(["BTCUSDT"], "1m"))
    await source.aclose()
    gone.set()
    listener.close()


def handshake(request: bytes) -> bytes:
    from websockets.utils import accept_key

    key = next(line for line in request.decode().split("\r\n") if line.lower().startswith("sec-websocket-key"))
    lines = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept_key(key.split(': ')[1])}")
    return "\r\n".join(("HTTP/1.1 101 Switching Protocols", *lines, "", "")).encode()


async def test_connections_wait_for_the_exchanges_limit(server: StreamServer, source: BinanceSource) -> None:
    source.streams.attempts = AttemptGate(2, 0.5)
    server.refuse = lambda: (503, {})
    began = asyncio.get_running_loop().time()
    for _ in range(3):
        with pytest.raises(SourceUnavailable):
            await anext(source.stream_candles(["BTCUSDT"], "1m"))
    assert asyncio.get_running_loop().time() - began >= 0.5
    assert server.attempts == 3


async def test_a_connection_carries_so_many_names(source: BinanceSource) -> None:
    for symbols in ([], [f"S{n}USDT" for n in range(1025)], ["LONGNAME" * 40] * 30):
        with pytest.raises(ValueError, match="a connection carries"):
            await anext(source.stream_candles(symbols, "1m"))


def test_silence_is_judged_by_the_traffic_so_far() -> None:
    busy = Silence(expected_per_s=10.0, now=0.0)
    assert busy.longest_s == 15
    for second in range(1, 600):
        busy.look(50 * second, second)
    assert busy.longest_s == 15 and busy.last == 599
    busy.look(50 * 599, 650)
    assert busy.last == 599
    # One trade in ten seconds: half a minute without any is nothing strange, ten are.
    thin = Silence(expected_per_s=1.0, now=0.0)
    assert thin.longest_s == 30
    for n in range(1, 200):
        thin.look(n, 10.0 * n)
    assert 290 < thin.longest_s < 310
    for n in range(200, 230):
        thin.look(n, 2000 + 600.0 * (n - 199))
    assert thin.longest_s == 600
