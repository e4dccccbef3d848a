"""The source's REST side against a real server on loopback: venues, weights, refusals, candles that cannot be."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate
from typing import Any

import pytest
from aiohttp import web

from market.binance import BinanceSource
from market.types import RateLimited, SourceUnavailable, UnknownSymbol

NOW = 1_700_006_400_000
MINUTE = 60_000
Answer = Callable[[web.Request], web.Response]


def row(open_time: int, **changes: str) -> list[Any]:
    fields = {"o": "1", "h": "3", "l": "1", "c": "2", "v": "10"} | changes
    return [open_time, *fields.values(), open_time + MINUTE - 1, "15", 3, "4", "7", "0"]


class Server:
    """Answers every path as a test says; klines as the exchange would, the last one forming."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.answers: list[Answer] = []
        self.now = NOW + 30_000
        self.port = 0

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, dict(request.query)))
        name = request.path.rsplit("/", 1)[1]
        if name == "time":
            return web.json_response({"serverTime": self.now})
        if self.answers:
            return self.answers.pop(0)(request)
        limit = int(request.query["limit"])
        end = min(int(request.query.get("endTime", self.now)), self.now)
        newest = end // MINUTE * MINUTE
        first = int(request.query["startTime"]) if "startTime" in request.query else newest - (limit - 1) * MINUTE
        opens = range(-(-first // MINUTE) * MINUTE, newest + 1, MINUTE)[:limit]
        return web.json_response([row(t) for t in opens])

    def weights(self) -> list[str]:
        return [query["limit"] for path, query in self.asked if path.endswith("klines")]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    application = web.Application()
    application.router.add_get("/{rest:.*}", server.serve)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    yield server
    await runner.cleanup()


@pytest.fixture
async def spot(server: Server) -> AsyncIterator[BinanceSource]:
    source = BinanceSource(f"http://127.0.0.1:{server.port}")
    yield source
    await source.aclose()


@pytest.fixture
async def usdm(server: Server) -> AsyncIterator[BinanceSource]:
    source = BinanceSource(f"http://127.0.0.1:{server.port}", venue="usdm")
    yield source
    await source.aclose()


async def test_pages_and_weights_of_each_venue(server: Server, spot: BinanceSource, usdm: BinanceSource) -> None:
    for source, path in ((spot, "/api/v3/klines"), (usdm, "/fapi/v1/klines")):
        server.asked.clear()
        held = await source.candle_block("BTCUSDT", "1m", 2500)
        assert len(held) == 2500 and held.open_times[-1] == NOW - MINUTE
        assert set(held.open_times[1:] - held.open_times[:-1]) == {MINUTE}
        assert {asked for asked, _ in server.asked if asked.endswith("klines")} == {path}
    # One request of 1,500 rows weighs 10 at the futures, three of 499 weigh 6; one of 1,000 weighs 5.
    assert server.weights() == ["499", "499", "499", "499", "505"]
    assert usdm.rest.gate.used == 1 + 4 * 2 + 5
    assert spot.rest.gate.used == 1 + 3 * 2
    assert (spot.rest.gate.limit, usdm.rest.gate.limit) == (6000, 2400)
    server.asked.clear()
    assert len(await usdm.candle_block("BTCUSDT", "1m", 1000, end_ms=NOW - 1)) == 1000
    assert server.weights() == ["1000"]


async def test_the_weight_limit_and_the_minute_come_from_the_exchange(server: Server, usdm: BinanceSource) -> None:
    limits = [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 1200}]
    # Its clock is an hour and twenty seconds off this machine's.
    date = formatdate(time.time() + 3620, usegmt=True)
    headers = {"X-MBX-USED-WEIGHT-1M": "77", "Date": date}
    server.answers = [lambda _: web.json_response({"rateLimits": limits, "symbols": []}, headers=headers)]
    assert await usdm.symbols() == []
    assert usdm.rest.gate.limit == 1200
    shown = time.monotonic() + usdm.rest.gate._shift
    # `Date` tells whole seconds, so the gate's minute may turn up to a second late.
    assert -1.5 < shown - (time.time() + 3620) < 0.1
    assert usdm.rest.gate.used == (77 if shown % 60 > 2 else usdm.rest.gate.used)


async def test_symbols_of_both_venues_and_what_cannot_be_read(server: Server, usdm: BinanceSource) -> None:
    good = {
        "symbol": "ETHUSDT", "status": "TRADING", "baseAsset": "ETH", "quoteAsset": "USDT", "contractType": "PERPETUAL",
        "onboardDate": 1569398400000, "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": "0.01"}, {"filterType": "LOT_SIZE", "stepSize": "0.001"},
            {"filterType": "MIN_NOTIONAL", "notional": "20"}, None, 7, {"filterType": None},
        ],
    }  # fmt: skip
    rows: list[Any] = [
        good,
        good | {"symbol": "NULLS", "filters": None, "status": None, "contractType": "", "onboardDate": None},
        good | {"symbol": "ODD", "filters": [{"filterType": "PRICE_FILTER", "tickSize": None}, {"tickSize": "x"}]},
        good | {"symbol": "ZERO", "filters": [{"filterType": "PRICE_FILTER", "tickSize": "0.00000000"}]},
        good | {"symbol": "TEXT", "filters": [{"filterType": "PRICE_FILTER", "tickSize": ["nan"]}]},
        {"symbol": "NOBASE", "status": "TRADING", "quoteAsset": "USDT"},
        {"status": "TRADING"},
        None,
        [1, 2],
        good | {"symbol": None},
        good | {"symbol": "DATE", "onboardDate": "soon"},
    ]
    server.answers = [lambda _: web.json_response({"symbols": rows, "rateLimits": []})]
    infos = {info.symbol: info for info in await usdm.symbols()}
    assert list(infos) == ["ETHUSDT", "NULLS", "ODD", "ZERO", "TEXT"]
    eth = infos["ETHUSDT"]
    assert (eth.contract, eth.listed_ms, str(eth.min_notional)) == ("PERPETUAL", 1569398400000, "20")
    assert (infos["NULLS"].status, infos["NULLS"].contract, infos["NULLS"].listed_ms) == ("UNKNOWN", None, None)
    assert all(infos[name].tick_size == 0 for name in ("NULLS", "ODD", "ZERO", "TEXT"))
    assert set(usdm.unreadable_symbols) == {"NOBASE", "number 6", "number 7", "number 8", "number 9", "DATE"}
    assert usdm.rest.gate.limit == 2400
    report = usdm.report()
    assert (report["venue"], report["unreadable_symbols"], report["failures"]) == ("usdm", 6, 0)


async def test_candles_that_cannot_be_are_left_out_and_counted(server: Server, spot: BinanceSource) -> None:
    rows = [row(NOW - k * MINUTE) for k in range(8, 0, -1)]
    rows[1] = row(NOW - 7 * MINUTE, o="0", h="0", l="0", c="0")
    rows[2] = row(NOW - 6 * MINUTE, h="1.5")
    rows[3] = row(NOW - 5 * MINUTE, v="-1")
    rows[5] = row(NOW - 3 * MINUTE + 1)
    server.answers = [lambda _: web.json_response(rows)]
    held = await spot.candles("BTCUSDT", "1m", 9)
    assert [(NOW - c.open_time) // MINUTE for c in held] == [8, 4, 2, 1]
    assert spot.refused_candles == spot.report()["refused_candles"] == 4


@pytest.mark.parametrize("forward", [True, False])
async def test_rows_that_cannot_be_candles_do_not_end_the_history(
    server: Server, spot: BinanceSource, forward: bool
) -> None:
    exact = [NOW - k * MINUTE for k in range(3000, 0, -1)]
    # After an interruption the exchange's minutes began off the grid for more than a page.
    opens = [t + 7000 if 500 <= i < 2100 else t for i, t in enumerate(exact)]

    def answer(request: web.Request) -> web.Response:
        query = request.query
        server.answers.append(answer)
        start, end, limit = (
            int(query.get(k, d)) for k, d in (("startTime", "0"), ("endTime", "1" * 14), ("limit", ""))
        )
        inside = [t for t in opens if start <= t <= end]
        return web.json_response([row(t) for t in (inside[:limit] if "startTime" in query else inside[-limit:])])

    server.answers = [answer]
    held = await spot.candle_block("BTCUSDT", "1m", 1200, exact[0] if forward else None, NOW - 1)
    whole = exact[:500] + exact[2100:]
    assert held.open_times.tolist() == (whole[:1200] if forward else whole[-1200:])


async def test_an_answer_that_does_not_depend_on_the_question_is_not_asked_for_ever(
    server: Server, spot: BinanceSource
) -> None:
    same = [row(NOW - k * MINUTE + 1) for k in range(3, 0, -1)]
    for start, end in ((NOW - 3 * MINUTE, NOW - 1), (None, NOW - 1), (None, None)):
        server.answers = [lambda _: web.json_response(same)] * 10
        assert len(await spot.candle_block("BTCUSDT", "1m", 3, start, end)) == 0
        assert len(server.answers) >= 7


@pytest.mark.parametrize("text", ["[" * 100_000, "null", "{}", '"x"', "[[1e300]]", "[[" + "9" * 400 + "]]", "\ud800"])
async def test_text_that_is_no_answer(server: Server, spot: BinanceSource, text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    for ask in (spot.symbols, spot.day_volumes, lambda: spot.candles("BTCUSDT", "1m", 3)):
        server.answers = [lambda _: web.Response(body=body)]
        with pytest.raises(SourceUnavailable):
            await ask()


async def test_a_time_far_out_is_no_candle(server: Server, spot: BinanceSource) -> None:
    server.answers = [lambda _: web.json_response([row(10**17)])]
    with pytest.raises(SourceUnavailable, match="unknown numbers"):
        await spot.candles("BTCUSDT", "1m", 1)


@pytest.mark.parametrize(
    ("status", "body", "headers", "error", "pause"),
    [
        (429, '{"code": -1003, "msg": "Too many requests"}', {"Retry-After": "200"}, RateLimited, (199, 200)),
        (400, '{"code": -1003, "msg": "Too much weight"}', {}, RateLimited, None),
        (418, '{"code": -1003, "msg": "banned until {until}."}', {}, RateLimited, (590, 601)),
        (418, "<html>", {"Retry-After": "never"}, RateLimited, None),
        (503, "null", {}, SourceUnavailable, None),
        (502, "[1]", {}, SourceUnavailable, None),
        (500, '{"code": "x", "msg": 5}', {}, SourceUnavailable, None),
        (451, '{"code": 0, "msg": "restricted location"}', {}, SourceUnavailable, None),
        (400, '{"code": -1121, "msg": "Invalid symbol."}', {}, UnknownSymbol, None),
    ],
)
async def test_refusals(
    server: Server,
    spot: BinanceSource,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: str,
    headers: dict[str, str],
    error: type[Exception],
    pause: tuple[int, int] | None,
) -> None:
    # A minute's pause is not waited for here.
    monkeypatch.setattr("market.binance.rest.LONGEST_WAIT_S", 5.0)
    text = body.replace("{until}", str(int(time.time() * 1000) + 600_000))
    server.answers = [lambda _: web.Response(status=status, text=text, headers=headers)]
    with pytest.raises(error) as caught:
        await spot.candles("BTCUSDT", "1m", 3)
    if isinstance(caught.value, RateLimited):
        low, high = pause or (58, 60)
        assert low <= caught.value.retry_after_s <= high
        assert str(status) in str(caught.value)
        # Nothing is asked any more until the pause is over.
        asked = len(server.asked)
        with pytest.raises(RateLimited):
            await spot.symbols()
        assert len(server.asked) == asked


async def test_headers_beyond_all_measure(server: Server, spot: BinanceSource) -> None:
    many = "9" * 5000
    server.answers = [lambda _: web.json_response([], headers={"X-MBX-USED-WEIGHT-1M": many})]
    assert await spot.candles("BTCUSDT", "1m", 3) == []
    banned = '{"code": -1003, "msg": "banned until 9999999999999."}'
    refusals: list[Answer] = [
        lambda _: web.Response(status=418, text="{}", headers={"Retry-After": many}),
        lambda _: web.Response(status=418, text=banned),
    ]
    for refusal in refusals:
        server.answers = [refusal]
        with pytest.raises(RateLimited) as caught:
            await spot.candles("BTCUSDT", "1m", 3)
        assert caught.value.retry_after_s <= 4 * 86_400
        spot.rest.gate._closed_until = 0.0


async def test_an_answer_that_does_not_come(server: Server, spot: BinanceSource) -> None:
    spot.rest.client.REQUEST_TIMEOUT = 0.1
    release = asyncio.Event()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    listener = await asyncio.start_server(hang, "127.0.0.1", 0)
    spot.rest.client.API_URL = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/api"
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        await spot.server_time_ms()
    release.set()
    listener.close()


async def test_volumes_and_the_day_of_listing(server: Server, spot: BinanceSource) -> None:
    tickers = [{"symbol": "A", "quoteVolume": "12.5"}, {"symbol": "B", "quoteVolume": "nan", "more": [1]}]
    server.answers = [lambda _: web.Response(text=json.dumps(tickers))]
    assert await spot.day_volumes() == {"A": 12.5}
    assert server.asked[-1] == ("/api/v3/ticker/24hr", {"type": "MINI"})
    first = row(NOW // 86_400_000 * 86_400_000 - 5 * 86_400_000)
    server.answers = [lambda _: web.json_response([first])]
    assert [await spot.listed_ms("A") for _ in range(2)] == [first[0]] * 2
    assert server.asked[-1][1] == {"interval": "1d", "limit": "1", "startTime": "0", "symbol": "A"}
    assert len(server.asked) == 2
    server.answers = [lambda _: web.json_response([])]
    assert await spot.listed_ms("B") is None


async def test_a_candle_is_closed_by_the_exchanges_time_alone(
    server: Server, spot: BinanceSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    for machine in (NOW - 3_600_000, NOW + 3_600_000):
        monkeypatch.setattr("time.time", lambda now=machine: now / 1000)
        monkeypatch.setattr("time.time_ns", lambda now=machine: now * 1_000_000)
        held = await spot.candles("BTCUSDT", "1m", 3)
        assert held[-1].open_time == NOW - MINUTE and server.now == NOW + 30_000
