"""What a client sees of each fault: connections, answers, the server itself; and control under /sim."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from simexchange.clock import VirtualClock
from simexchange.market import SyntheticMarket
from simexchange.server import Exchange
from simexchange.trading.account import credential

START = 1_795_271_040_000
MINUTE = 60_000


@dataclass
class Client:
    base: str
    http: aiohttp.ClientSession

    async def get(self, path: str, **parameters: Any) -> tuple[int, str, Any]:
        async with self.http.get(f"{self.base}{path}", params=parameters) as response:
            return response.status, await response.text(), response.headers

    async def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        async with self.http.post(f"{self.base}{path}", json=body, headers=headers) as response:
            return response.status, await response.json()

    async def fault(self, kind: str, **fields: Any) -> int:
        status, body = await self.post("/sim/faults", {"kind": kind, **fields})
        assert status == 200, body
        return int(body["added"][0])

    async def advance(self, seconds: float) -> None:
        status, _ = await self.post("/sim/clock", {"advance_ms": int(seconds * 1000)})
        assert status == 200

    async def state(self) -> Any:
        return json.loads((await self.get("/sim/state"))[1])

    @contextlib.asynccontextmanager
    async def stream(self, names: str = "btcusdt@kline_1m") -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        async with self.http.ws_connect(f"{self.base}/stream?streams={names}", autoping=False) as socket:
            yield socket


@contextlib.asynccontextmanager
async def exchange() -> AsyncIterator[Client]:
    server = Exchange(SyntheticMarket(7, 3), VirtualClock(START, 0.0))
    port = await server.start("127.0.0.1", 0)
    async with aiohttp.ClientSession() as http:
        try:
            yield Client(f"http://127.0.0.1:{port}", http)
        finally:
            await server.stop()


async def closed(socket: aiohttp.ClientWebSocketResponse, seconds: float = 5.0) -> int:
    """Open time of the next closed candle."""
    while True:
        message = await asyncio.wait_for(socket.receive(), seconds)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        kline = json.loads(message.data)["data"]["k"]
        if kline["x"]:
            return int(kline["t"])


async def answered(socket: aiohttp.ClientWebSocketResponse, seconds: float) -> bool:
    """Whether a ping is answered; other messages are read past."""
    await socket.ping(b"there?")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await socket.receive()).type is not aiohttp.WSMsgType.PONG:
                pass
            return True
    return False


async def test_a_dropped_connection_ends_without_a_word_and_the_next_ones_are_refused() -> None:
    async with exchange() as client, client.stream() as hit, client.stream("ethusdt@kline_1m") as spared:
        await client.fault("drop", **{"for": 60}, symbols=["BTCUSDT"])
        message = await asyncio.wait_for(hit.receive(), 5)
        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR) and hit.close_code in (None, 1006)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with client.stream():
                pass
        assert refused.value.status == 503
        await client.advance(60)
        assert await closed(spared) == START
        async with client.stream() as again:
            await client.advance(60)
            assert await closed(again) == START + MINUTE


@pytest.mark.parametrize("pings", [True, False])
async def test_a_stalled_connection_stays_and_goes_on_later(pings: bool) -> None:
    async with exchange() as client, client.stream() as socket:
        await client.fault("stall", **{"for": 90}, pings=pings)
        await client.advance(60)
        assert await answered(socket, 5 if pings else 0.3) is pings
        assert not socket.closed
        async with client.stream() as other:
            await client.advance(60)
            assert await closed(other) == START + MINUTE
        # Where nothing was read meanwhile, the pong comes now.
        await client.advance(60)
        assert await answered(socket, 5)
        await client.advance(60)
        assert await closed(socket) >= START + 2 * MINUTE


async def test_a_half_open_connection_is_silent_until_it_breaks() -> None:
    async with exchange() as client, client.stream() as socket:
        await client.fault("half_open", **{"for": 300})
        await client.advance(60)
        assert not await answered(socket, 0.3)
        await client.advance(300)
        message = await asyncio.wait_for(socket.receive(), 5)
        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


async def test_one_connection_of_several_is_dropped() -> None:
    async with exchange() as client, client.stream() as one, client.stream() as two, client.stream() as three:
        await client.fault("drop", connections=1)
        await client.advance(60)
        ended = 0
        for socket in (one, two, three):
            message = await asyncio.wait_for(socket.receive(), 5)
            ended += message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        assert ended == 1
        assert (await client.state())["connections"]["spot"] == [1, 1]


async def test_refusals_carry_codes_and_waits() -> None:
    async with exchange() as client:
        await client.fault("ban", **{"for": 300})
        status, body, headers = await client.get("/api/v3/time")
        assert (status, headers["Retry-After"]) == (418, "300")
        assert json.loads(body)["code"] == -1003 and f"banned until {START + 300_000}." in body
        await client.advance(299)
        assert (await client.get("/fapi/v1/time"))[2]["Retry-After"] == "1"
        await client.advance(1)
        assert (await client.get("/api/v3/time"))[0] == 200
        await client.fault("rate_limit", **{"for": 30}, target="/api/v3/klines", symbols=["ETHUSDT"])
        asked = {"interval": "1m", "limit": 2}
        assert (await client.get("/api/v3/klines", symbol="BTCUSDT", **asked))[0] == 200
        status, body, headers = await client.get("/api/v3/klines", symbol="ETHUSDT", **asked)
        assert (status, headers["Retry-After"], json.loads(body)["code"]) == (429, "30", -1003)
        await client.fault("server_error", status=502, count=1, target="GET /api/v3/time")
        status, body, _ = await client.get("/api/v3/time")
        assert status == 502 and "<html>" in body
        assert (await client.get("/api/v3/time"))[0] == 200
        await client.fault("server_error", count=1)
        status, body, _ = await client.get("/fapi/v1/time")
        assert status == 503 and json.loads(body)["code"] == -1001


async def test_an_answer_that_never_comes_and_one_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    # Weights are counted by the minute, which must not turn here.
    monkeypatch.setattr("simexchange.weights.time", SimpleNamespace(time=lambda: 120.0))
    async with exchange() as client:
        await client.fault("timeout_after_accept", answer="-1007", count=1)
        status, body, _ = await client.get("/api/v3/time")
        assert status == 504 and json.loads(body)["code"] == -1007
        await client.fault("timeout_after_accept", hang=0.2)
        began = time.monotonic()
        with pytest.raises(aiohttp.ClientError):
            await client.get("/api/v3/klines", symbol="BTCUSDT", interval="1m")
        assert time.monotonic() - began > 0.15
        # It was carried out, by this client twice: it asks again by itself when a kept connection breaks.
        assert (await client.state())["weights"]["spot"]["used"] == {"127.0.0.1": 5}


async def signed(client: Client, method: str, path: str, **parameters: Any) -> tuple[int, Any]:
    """A signed request of the account with seed 7; None where no answer came."""
    query = urlencode({"timestamp": START, **parameters})
    signature = hmac.new(credential(7, "secret").encode(), query.encode(), hashlib.sha256).hexdigest()
    url = f"{client.base}{path}?{query}&signature={signature}"
    try:
        async with client.http.request(method, url, headers={"X-MBX-APIKEY": credential(7, "key")}) as response:
            return response.status, await response.json()
    except aiohttp.ClientError:
        return 0, None


@pytest.mark.parametrize("answer", ["none", "-1007"])
async def test_an_order_whose_answer_is_lost_was_taken(answer: str) -> None:
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
    async with exchange() as client:
        path = "/api/v3/order"
        await client.fault("timeout_after_accept", target=f"POST {path}", answer=answer, hang=0.1, count=1)
        _, price, _ = await client.get("/api/v3/ticker/price", symbol="BTCUSDT")
        low = f"{float(json.loads(price)['price']) * 0.9:.0f}"
        status, body = await signed(client, "POST", path, **order, price=low, newClientOrderId="mine")
        assert (status, body and body["code"]) == ((504, -1007) if answer == "-1007" else (0, None))
        status, body = await signed(client, "GET", path, symbol="BTCUSDT", origClientOrderId="mine")
        assert status == 200 and (body["status"], float(body["price"])) == ("NEW", float(low))


async def test_a_clock_that_is_told_wrongly_refuses_right_timestamps() -> None:
    async with exchange() as client:
        assert (await signed(client, "GET", "/api/v3/account"))[0] == 200
        number = await client.fault("clock_skew", seconds=600)
        await client.advance(0)
        status, body = await signed(client, "GET", "/api/v3/account")
        assert status == 400 and body["code"] == -1021
        async with client.http.delete(f"{client.base}/sim/faults/{number}"):
            pass
        assert (await signed(client, "GET", "/api/v3/account"))[0] == 200


async def test_malformed_answers_and_the_true_ones() -> None:
    async with exchange() as client:
        asked = {"symbol": "BTCUSDT", "interval": "1m", "startTime": START - MINUTE, "limit": 1}
        _, right, _ = await client.get("/api/v3/klines", **asked)
        for shape in ("broken", "unknown", "null", "zero"):
            number = await client.fault("malformed", target="rest", shape=shape)
            status, body, _ = await client.get("/api/v3/klines", **asked)
            assert status == 200 and body != right
            _, truth, _ = await client.get("/sim/truth/BTCUSDT/1m", start=START - MINUTE)
            assert truth == right
            async with client.http.delete(f"{client.base}/sim/faults/{number}") as response:
                assert await response.json() == {"cleared": 1}
        assert (await client.get("/api/v3/klines", **asked))[1] == right


async def test_a_wrong_candle_is_wrong_in_rest_too_until_it_is_corrected() -> None:
    async with exchange() as client, client.stream() as socket:
        await client.fault("wrong_candle", **{"for": 90}, rest=True, correct_after=90)
        await client.advance(60)
        wrong = await closed_values(socket)
        asked = {"symbol": "BTCUSDT", "interval": "1m", "startTime": START, "limit": 1}
        assert json.loads((await client.get("/api/v3/klines", **asked))[1])[0][:6] == wrong
        (true,) = json.loads((await client.get("/sim/truth/BTCUSDT/1m", start=START, end=START))[1])
        assert wrong[:2] == true[:2] and wrong[4] != true[4]
        await client.advance(60)
        assert await closed_values(socket) != wrong
        await client.advance(30)
        assert await closed_values(socket) == true[:6]
        assert json.loads((await client.get("/api/v3/klines", **asked))[1]) == [true]


async def closed_values(socket: aiohttp.ClientWebSocketResponse) -> list[Any]:
    """The next closed candle as the first six columns of a REST kline."""
    while True:
        message = await asyncio.wait_for(socket.receive(), 5)
        kline = json.loads(message.data)["data"]["k"]
        if kline["x"]:
            return [kline[name] for name in "tohlcv"]


async def test_the_server_goes_away_and_comes_back_on_its_port() -> None:
    async with exchange() as client, client.stream() as socket:
        await client.fault("restart", **{"for": 0.5})
        message = await asyncio.wait_for(socket.receive(), 5)
        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        began = time.monotonic()
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get("/api/v3/time")
        while time.monotonic() - began < 10:
            with contextlib.suppress(aiohttp.ClientConnectorError):
                assert (await client.get("/api/v3/time"))[0] == 200
                break
            await asyncio.sleep(0.05)
        async with client.stream() as again:
            await client.advance(60)
            assert await closed(again) == START


async def test_the_told_time_is_off_for_a_while() -> None:
    async with exchange() as client:
        await client.fault("clock_skew", seconds=3600)
        await client.advance(0)
        assert json.loads((await client.get("/api/v3/time"))[1]) == {"serverTime": START + 3_600_000}
        state = await client.state()
        assert state["clock"]["told"] - state["clock"]["now"] == 3_600_000
        await client.advance(60)
        assert json.loads((await client.get("/api/v3/time"))[1]) == {"serverTime": START + MINUTE}


async def test_going_on_after_429_ends_in_a_ban(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simexchange.weights.time", SimpleNamespace(time=lambda: 120.0))
    server = Exchange(SyntheticMarket(7, 2), VirtualClock(START, 60.0), weight_limit=20)
    port = await server.start("127.0.0.1", 0)
    async with aiohttp.ClientSession() as http:
        client = Client(f"http://127.0.0.1:{port}", http)
        seen = [await client.get("/api/v3/exchangeInfo") for _ in range(45)]
        state = await client.state()
        statuses = [status for status, _, _ in seen]
        first = statuses.index(418)
        assert statuses[:22] == [200] + [429] * 20 + [418] and set(statuses[first:]) == {418}
        # Two minutes of exchange time are two seconds here.
        assert 1 <= int(seen[first][2]["Retry-After"]) <= 2
        assert "IP banned until" in seen[first][1] and state["weights"]["spot"]["bans"] == {"127.0.0.1": 1}
        assert all(int(headers["Retry-After"]) == 60 for status, _, headers in seen if status == 429)
    await server.stop()


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/sim/faults", {"kind": "nothing"}, "fault 1, kind: must be one of drop"),
        ("/sim/faults", 3, "the script: must be a table"),
        ("/sim/clock", {}, "send {"),
        ("/sim/clock", {"speed": "fast"}, "speed must be a number"),
        ("/sim/clock", {"speed": 1e9}, "speed must be 0 (manual) or 0.01 to 3600"),
        ("/sim/clock", {"advance_ms": -5}, "advance_ms must be a whole number"),
    ],
)
async def test_bad_orders_are_refused_with_what_is_right(path: str, body: Any, told: str) -> None:
    async with exchange() as client:
        status, answer = await client.post(path, body)
        assert status == 400 and told in answer["error"]
        assert (await client.state())["faults"] == []


async def test_control_refuses_pages_and_unknown_truths() -> None:
    async with exchange() as client:
        status, _ = await client.post("/sim/clock", {"advance_ms": 5}, Origin="http://somewhere")
        assert status == 403 and (await client.state())["clock"]["now"] == START
        for path in ("/sim/truth/NOPEUSDT/1m", "/sim/truth/BTCUSDT/7m", "/sim/truth/BTCUSDT/1m?start=x"):
            assert (await client.get(path))[0] == 400
        status, body, _ = await client.get("/sim/truth/BTCUSDT/1m", start=0)
        assert status == 400 and "ask for 20000 at most" in body


async def test_the_speed_is_changed_while_it_runs() -> None:
    async with exchange() as client, client.stream() as socket:
        status, body = await client.post("/sim/clock", {"speed": 600, "advance_ms": 30_000})
        assert status == 200 and body["speed"] == 600
        opens = [await closed(socket) for _ in range(3)]
        assert opens == [START, START + MINUTE, START + 2 * MINUTE]


async def test_the_program_reads_a_script_and_stands_still(tmp_path: Path) -> None:
    script = tmp_path / "faults.json"
    script.write_text('{"faults": [{"kind": "server_error", "at": 60, "for": 60}]}')
    command = [sys.executable, "-m", "simexchange", "--port", "0", "--symbols", "2", "--clock", "manual"]
    process = await asyncio.create_subprocess_exec(*command, "--faults", str(script), stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        started = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        async with aiohttp.ClientSession() as http:
            client = Client(started["rest"], http)
            _, first, _ = await client.get("/api/v3/time")
            assert (await client.state())["clock"]["manual"]
            await client.advance(60)
            assert (await client.get("/api/v3/time"))[0] == 503
            await client.advance(60)
            _, second, _ = await client.get("/api/v3/time")
            assert json.loads(second)["serverTime"] - json.loads(first)["serverTime"] == 120_000
    finally:
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    script.write_text('{"faults": [{"kind": "server_error", "at": "x"}]}')
    refused = await asyncio.create_subprocess_exec(*command, "--faults", str(script), stderr=asyncio.subprocess.PIPE)
    _, complaint = await asyncio.wait_for(refused.communicate(), 30)
    assert refused.returncode == 2 and b"fault 1, at: must be seconds from the start" in complaint
