"""The running exchange, as clients see it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from binance import AsyncClient, BinanceSocketManager

from simexchange.clock import VirtualClock
from simexchange.market import SyntheticMarket
from simexchange.server import Exchange

START = 1_795_271_037


@dataclass
class Client:
    rest: str
    streams: str
    http: aiohttp.ClientSession

    async def get(self, path: str, **parameters: Any) -> tuple[int, Any, aiohttp.ClientResponse]:
        async with self.http.get(f"{self.rest}/api/v3/{path}", params=parameters) as response:
            return response.status, await response.json(), response


@contextlib.asynccontextmanager
async def exchange(speed: float = 60.0, symbols: int = 5, weight_limit: int = 0) -> AsyncIterator[Client]:
    server = Exchange(SyntheticMarket(7, symbols), VirtualClock(START * 1000, speed), weight_limit)
    port = await server.start("127.0.0.1", 0)
    async with aiohttp.ClientSession() as http:
        try:
            yield Client(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}", http)
        finally:
            await server.stop()


async def test_python_binance_works_unmodified() -> None:
    async with exchange() as client:

        class Here(AsyncClient):  # type: ignore[misc] # the package has no types
            API_URL = f"{client.rest}/api"

        class Streams(BinanceSocketManager):  # type: ignore[misc] # the package has no types
            STREAM_URL = f"{client.streams}/"

        binance = await Here.create()
        try:
            info = await binance.get_exchange_info()
            assert [symbol["symbol"] for symbol in info["symbols"]][:2] == ["BTCUSDT", "ETHUSDT"]
            candles = await binance.get_klines(symbol="BTCUSDT", interval="4h", limit=1000)
            assert len(candles) == 1000
            assert (await binance.get_symbol_ticker(symbol="ETHUSDT"))["symbol"] == "ETHUSDT"
            assert len(await binance.get_ticker()) == 5
            assert (await binance.get_server_time())["serverTime"] >= START * 1000
            manager = Streams(binance, max_queue_size=5_000)
            closed: list[dict[str, Any]] = []
            async with manager.multiplex_socket(["btcusdt@kline_1m", "ethusdt@kline_1m"]) as stream:
                while len(closed) < 4:
                    message = await asyncio.wait_for(stream.recv(), 10)
                    if message["data"]["k"]["x"]:
                        closed.append(message["data"]["k"])
            for candle in closed:
                rest = await binance.get_klines(
                    symbol=candle["s"], interval="1m", startTime=candle["t"], endTime=candle["T"]
                )
                names = ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q", "B")
                assert [[candle[name] for name in names]] == rest
            async with manager.symbol_miniticker_socket("BTCUSDT") as stream:
                ticker = await asyncio.wait_for(stream.recv(), 10)
                assert ticker["e"] == "24hrMiniTicker" and isinstance(ticker["c"], str)
        finally:
            await binance.close_connection()


async def test_klines_ranges() -> None:
    async with exchange(speed=0.01) as client:
        minute = START // 60 * 60_000
        _, newest, _ = await client.get("klines", symbol="BTCUSDT", interval="1m")
        assert len(newest) == 500 and newest[-1][0] == minute
        _, some, _ = await client.get(
            "klines", symbol="BTCUSDT", interval="1m", startTime=minute - 300_000, endTime=minute - 60_001
        )
        assert some == newest[-6:-2]
        _, forward, _ = await client.get("klines", symbol="BTCUSDT", interval="1m", startTime=minute - 300_000, limit=2)
        assert forward == newest[-6:-4]
        _, backward, _ = await client.get("klines", symbol="BTCUSDT", interval="1m", endTime=minute - 1, limit=3)
        assert backward == newest[-4:-1]
        _, capped, _ = await client.get("klines", symbol="BTCUSDT", interval="1m", limit=5000)
        assert len(capped) == 1000
        _, first, _ = await client.get("klines", symbol="BTCUSDT", interval="1w", startTime=0, limit=1)
        assert first[0][0] == 1_325_462_400_000
        _, future, _ = await client.get("klines", symbol="BTCUSDT", interval="1m", startTime=minute + 120_000)
        assert future == []
        _, reverse, _ = await client.get(
            "klines", symbol="BTCUSDT", interval="1m", startTime=minute, endTime=minute - 120_000
        )
        assert reverse == []


@pytest.mark.parametrize(
    ("path", "parameters", "code", "message"),
    [
        ("klines", {"symbol": "NOPEUSDT", "interval": "1m"}, -1121, "Invalid symbol."),
        ("klines", {"symbol": "BTCUSDT", "interval": "7m"}, -1120, "Invalid interval."),
        ("klines", {"interval": "1m"}, -1102, "'symbol' was not sent"),
        ("klines", {"symbol": "BTCUSDT"}, -1102, "'interval' was not sent"),
        ("klines", {"symbol": "btcusdt", "interval": "1m"}, -1100, "parameter 'symbol'"),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": "ten"}, -1100, "parameter 'limit'"),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": "0"}, -1130, "'limit'"),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m", "colour": "red"}, -1104, "read '2'"),
        ("ticker/price", {"symbol": "BTCUSDT", "symbols": '["BTCUSDT"]'}, -1128, "Combination"),
        ("ticker/price", {"symbols": "BTCUSDT"}, -1100, "'symbols'"),
        ("ticker/24hr", {"symbols": '["BTCUSDT","NOPE"]'}, -1121, "Invalid symbol."),
        ("ticker/24hr", {"type": "HUGE"}, -1139, "Invalid ticker type."),
        ("exchangeInfo", {"symbol": "NOPE"}, -1121, "Invalid symbol."),
    ],
)
async def test_errors_are_binances(path: str, parameters: dict[str, str], code: int, message: str) -> None:
    async with exchange(symbols=2) as client:
        status, answer, _ = await client.get(path, **parameters)
        assert (status, answer["code"]) == (400, code)
        assert message in answer["msg"]


async def test_unknown_path_and_duplicates() -> None:
    async with exchange(symbols=2) as client:
        status, answer, _ = await client.get("nothing")
        assert status == 404 and "code" in answer
        address = f"{client.rest}/api/v3/klines?symbol=BTCUSDT&symbol=ETHUSDT&interval=1m"
        async with client.http.get(address) as response:
            assert (await response.json())["code"] == -1101


async def test_weight_is_counted_and_limited() -> None:
    async with exchange(symbols=2, weight_limit=24) as client:
        _, _, response = await client.get("exchangeInfo")
        assert response.headers["X-MBX-USED-WEIGHT-1M"] == "20"
        _, _, response = await client.get("klines", symbol="BTCUSDT", interval="1m")
        assert response.headers["X-MBX-USED-WEIGHT-1M"] == "22"
        for _ in range(3):
            status, answer, response = await client.get("klines", symbol="BTCUSDT", interval="1m")
        assert (status, answer["code"]) == (429, -1003)
        assert 1 <= int(response.headers["Retry-After"]) <= 60


async def test_a_stream_is_changed_while_open() -> None:
    async with exchange() as client, client.http.ws_connect(f"{client.streams}/ws") as stream:

        async def ask(method: str, *names: str) -> Any:
            await stream.send_json({"method": method, "params": list(names), "id": 4})
            while True:
                answer = await stream.receive_json(timeout=5)
                if "id" in answer:
                    return answer

        assert await ask("SUBSCRIBE", "btcusdt@kline_1m", "!miniTicker@arr") == {"result": None, "id": 4}
        assert (await ask("LIST_SUBSCRIPTIONS"))["result"] == ["btcusdt@kline_1m", "!miniTicker@arr"]
        assert (await ask("UNSUBSCRIBE", "btcusdt@kline_1m"))["result"] is None
        answer = await ask("SING")
        assert answer["error"]["code"] == 2 and "unknown variant `SING`" in answer["error"]["msg"]
        message = await stream.receive_json(timeout=5)
        while isinstance(message, dict):
            message = await stream.receive_json(timeout=5)
        assert [ticker["s"] for ticker in message] == ["BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT"]


async def test_bad_requests_on_a_stream() -> None:
    async with exchange(symbols=1) as client, client.http.ws_connect(f"{client.streams}/stream") as stream:
        for text, code in (("{", 3), ("[]", 2), ('{"method":"SUBSCRIBE","params":"x","id":1}', 2)):
            await stream.send_str(text)
            assert (await stream.receive_json(timeout=5))["error"]["code"] == code
        await stream.send_json({"method": "SUBSCRIBE", "params": [f"x{n}@trade" for n in range(1025)], "id": 1})
        assert (await stream.receive_json(timeout=5))["error"]["code"] == 4
        for _ in range(8):
            await stream.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 1})
        while True:
            message = await stream.receive(timeout=5)
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
        assert message.type is aiohttp.WSMsgType.CLOSE and message.data == 1008


async def test_forming_candles_end_at_the_closed_one() -> None:
    async with exchange(speed=12.0) as client:
        address = f"{client.streams}/stream?streams=btcusdt@kline_1m/btcusdt@kline_3m"
        async with client.http.ws_connect(address, max_msg_size=0) as stream:
            forming: list[dict[str, Any]] = []
            while True:
                candle = (await stream.receive_json(timeout=10))["data"]["k"]
                if candle["i"] == "1m" and candle["x"] and forming:
                    break
                if candle["i"] == "1m":
                    forming.append(candle)
        same = [early for early in forming if early["t"] == candle["t"]]
        assert same
        for early in same:
            assert float(early["l"]) >= float(candle["l"]) and float(early["h"]) <= float(candle["h"])
            assert early["o"] == candle["o"] and early["n"] <= candle["n"]


async def start(*arguments: str) -> tuple[asyncio.subprocess.Process, dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simexchange",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 30)
    return process, json.loads(line) if line else {}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_the_process_starts_serves_and_stops(how: signal.Signals) -> None:
    process, ready = await start("--port", "0", "--symbols", "3", "--speed", "10")
    assert set(ready) == {"rest", "streams", "api_key", "api_secret", "symbols"}
    assert ready["symbols"] == 3
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{ready['rest']}/api/v3/time") as response:
            shown = (await response.json())["serverTime"]
        assert abs(shown / 1000 - time.time()) < 300
        async with http.ws_connect(f"{ready['streams']}/ws/!miniTicker@arr") as stream:
            await stream.receive_json(timeout=10)
            process.send_signal(how)
            before = time.monotonic()
            _, error = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0 and error == b""
    assert time.monotonic() - before < 5.0


async def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process, ready = await start("--port", str(port), "--symbols", "3")
        _, error = await process.communicate()
    assert ready == {} and process.returncode == 2
    assert error.decode().count("\n") == 1 and f"cannot listen on 127.0.0.1:{port}" in error.decode()


async def test_replay_sends_what_was_recorded_then_says_that_it_ended(tmp_path: Path) -> None:
    begin, count = 1_693_440_000, 60
    times = begin + 300 * np.arange(count)
    walk = np.round(50.0 + 0.01 * (np.arange(count) % 7), 2)
    table = {
        "open_time": times * 1000,
        "open": walk,
        "high": walk + 0.05,
        "low": walk - 0.05,
        "close": walk + 0.01,
    }
    table["volume"] = np.full(count, 12.5)
    for symbol, kept in (("BTCUSDT", np.arange(count)), ("OLDUSDT", np.arange(count - 3))):
        (tmp_path / symbol).mkdir()
        rows = {name: values[kept] for name, values in table.items()}
        pyarrow.parquet.write_table(pa.table(rows), tmp_path / symbol / "5m.parquet")
    ends = begin + 300 * count
    late = ("--start", f"{np.datetime64(ends - 1_230, 's')}")
    process, ready = await start("--port", "0", "--speed", "200", "--replay", str(tmp_path), *late)
    names = "btcusdt@kline_5m/oldusdt@kline_5m/btcusdt@kline_1m"
    seen: list[dict[str, Any]] = []
    async with aiohttp.ClientSession() as http:
        async with http.ws_connect(f"{ready['streams']}/stream?streams={names}") as stream:
            assert process.stderr is not None
            ended = asyncio.create_task(process.stderr.readline())
            while not ended.done():
                with contextlib.suppress(TimeoutError):
                    candle = (await stream.receive_json(timeout=0.5))["data"]["k"]
                    if candle["x"]:
                        seen.append(candle)
        assert b"have ended" in await ended
        async with http.get(f"{ready['rest']}/api/v3/klines?symbol=BTCUSDT&interval=5m") as response:
            assert len(await response.json()) == count
    process.terminate()
    await process.communicate()
    fives = [(candle["s"], candle["t"] // 1000) for candle in seen if candle["i"] == "5m"]
    last = [("BTCUSDT", ends - 300 * back) for back in (3, 2, 1)]
    assert fives[-3:] == last and ("OLDUSDT", ends - 300) not in fives
    minutes = {candle["t"]: float(candle["v"]) for candle in seen if candle["i"] == "1m"}
    assert sum(volume for begin, volume in minutes.items() if begin >= (ends - 300) * 1000) == 12.5
