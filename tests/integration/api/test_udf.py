"""TradingView's UDF protocol, asked as its clients ask: `UdfClient` follows the protocol's documentation alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pytest

from api.routes.udf import RESOLUTIONS, scale
from app.processes import free_port
from market.types import SymbolInfo
from screener.intervals import interval_ms, open_of
from tests.fixtures.fake_market import MINUTE, START, SYMBOLS, FakeMarket
from tests.integration.api.calling import over_market, serve, settings


class UdfError(Exception):
    """The feed answered with `s` error."""


@dataclass(frozen=True)
class Bars:
    """Rows of (time, open, high, low, close, volume); `no_data` and `next_time` as the feed told."""

    rows: list[tuple[float, ...]]
    no_data: bool = False
    next_time: int | None = None


class UdfClient:
    """What a chart does with a feed."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def _get(self, path: str, **query: Any) -> Any:
        answer = await self._http.get(f"/api/v1/udf/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def configuration(self) -> dict[str, Any]:
        found: dict[str, Any] = await self._get("config")
        assert found["supports_search"] or found["supports_group_request"]
        return found

    async def resolve(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = await self._get("symbols", symbol=name)
        if "s" in found:
            raise UdfError(found["errmsg"])
        return found

    async def search(self, text: str, kind: str = "", exchange: str = "", limit: int = 30) -> list[str]:
        found = await self._get("search", query=text, type=kind, exchange=exchange, limit=limit)
        if isinstance(found, dict):
            raise UdfError(found["errmsg"])
        for row in found:
            assert set(row) >= {"symbol", "full_name", "description", "exchange", "ticker", "type"}
        return [row["ticker"] for row in found]

    async def bars(self, symbol: str, resolution: str, start: int, end: int, countback: int | None = None) -> Bars:
        query: dict[str, Any] = {"symbol": symbol, "resolution": resolution, "from": start, "to": end}
        if countback is not None:
            query["countback"] = countback
        found = await self._get("history", **query)
        if found["s"] not in ("ok", "no_data"):
            raise UdfError(found["errmsg"])
        if found["s"] == "no_data":
            assert not set(found) - {"s", "nextTime"}
            return Bars([], True, found.get("nextTime"))
        columns = [found[name] for name in "tohlcv"]
        assert len({len(column) for column in columns}) == 1
        assert all(isinstance(value, int | float) for column in columns for value in column)
        return Bars(list(zip(*columns, strict=True)))

    async def quotes(self, *symbols: str) -> dict[str, dict[str, Any] | None]:
        found = await self._get("quotes", symbols=",".join(symbols))
        if found["s"] != "ok":
            raise UdfError(found["errmsg"])
        return {row["n"]: row["v"] if row["s"] == "ok" else None for row in found["d"]}


@pytest.fixture
def market() -> FakeMarket:
    return FakeMarket(held=137)


@pytest.fixture
async def http(database_dsn: str, market: FakeMarket) -> AsyncIterator[httpx.AsyncClient]:
    async with over_market(database_dsn, market) as opened:
        yield opened


@pytest.fixture
def feed(http: httpx.AsyncClient) -> UdfClient:
    return UdfClient(http)


def expected(market: FakeMarket, interval: str) -> list[tuple[float, ...]]:
    """All closed candles as bars."""
    found = market.candles("BTCUSDT", interval, 1000)
    return [(c.open_time // 1000, c.open, c.high, c.low, c.close, c.volume) for c in found]


async def test_a_chart_finds_its_way_from_config_to_bars(feed: UdfClient, market: FakeMarket) -> None:
    found = await feed.configuration()
    assert found["supported_resolutions"] == list(RESOLUTIONS)
    assert found["supports_time"]
    names = await feed.search("btc", found["symbols_types"][1]["value"], found["exchanges"][1]["value"])
    assert names == ["BTCUSDT"]
    symbol = await feed.resolve(names[0])
    assert symbol["timezone"] == "Etc/UTC"
    assert symbol["session"] == "24x7"
    assert symbol["minmov"] / symbol["pricescale"] == float(market.infos["BTCUSDT"].tick_size)
    end = market.newest_close // 1000
    bars = await feed.bars(symbol["ticker"], "5", end - 7200, end)
    closed = [bar for bar in expected(market, "5m") if bar[0] >= end - 7200]
    assert bars.rows[: len(closed)] == [pytest.approx(bar) for bar in closed]


@pytest.mark.parametrize("resolution", ["1", "3", "15", "60"])
async def test_bars_are_the_candles_and_the_one_under_way(feed: UdfClient, market: FakeMarket, resolution: str) -> None:
    interval = RESOLUTIONS[resolution]
    market.clock.now += 20_000
    market.set_price("BTCUSDT", 123.0)
    await asyncio.sleep(0.3)
    now = market.clock.now // 1000
    bars = await feed.bars("BTCUSDT", resolution, 0, now)
    assert bars.rows[:-1] == [pytest.approx(bar) for bar in expected(market, interval)]
    opened, first, high, low, close, _ = bars.rows[-1]
    assert opened == open_of(market.clock.now, interval) // 1000
    assert close == 123.0
    assert low <= min(first, close) <= max(first, close) <= high


async def test_from_counts_and_to_does_not(feed: UdfClient, market: FakeMarket) -> None:
    times = [int(bar[0]) for bar in expected(market, "1m")]
    bars = await feed.bars("BTCUSDT", "1", times[10], times[20])
    assert [row[0] for row in bars.rows] == times[10:20]
    bars = await feed.bars("BTCUSDT", "1", times[10] + 1, times[20] + 1)
    assert [row[0] for row in bars.rows] == times[11:21]


async def test_countback_goes_before_from(feed: UdfClient, market: FakeMarket) -> None:
    times = [int(bar[0]) for bar in expected(market, "1m")]
    bars = await feed.bars("BTCUSDT", "1", times[90], times[100], countback=30)
    assert [row[0] for row in bars.rows] == times[70:100]
    bars = await feed.bars("BTCUSDT", "1", times[0], times[100], countback=3)
    assert [row[0] for row in bars.rows] == times[97:100]


async def test_a_range_without_bars_says_where_the_last_one_before_is(feed: UdfClient, market: FakeMarket) -> None:
    last = int(expected(market, "1m")[-1][0])
    assert await feed.bars("BTCUSDT", "1", last + 3600, last + 7200) == Bars([], True, last + 60)
    assert await feed.bars("BTCUSDT", "1", last + 3600, last + 7200, countback=1) != Bars([], True)
    with pytest.raises(UdfError, match="no exchange"):
        # Before what is held the exchange is asked, and this one does not answer.
        await feed.bars("BTCUSDT", "1", 100, 200)


async def test_the_older_spellings_of_a_day(feed: UdfClient) -> None:
    for name in ("D", "1D", "1d", "1440"):
        with pytest.raises(UdfError, match="no exchange"):
            await feed.bars("BTCUSDT", name, 0, START // 1000)


async def test_a_symbol_with_its_exchange_is_the_symbol(feed: UdfClient) -> None:
    assert (await feed.resolve("SIMULATED:ETHUSDT"))["name"] == "ETHUSDT"
    assert (await feed.resolve("ethusdt"))["full_name"] == "SIMULATED:ETHUSDT"
    assert await feed.search("SIMULATED:ETH") == ["ETHUSDT"]


async def test_search_is_bounded_and_filters(feed: UdfClient) -> None:
    assert await feed.search("") == sorted(SYMBOLS)
    assert await feed.search("USDT", limit=2) == sorted(SYMBOLS)[:2]
    assert await feed.search("T", limit=-4) == await feed.search("T", limit=0) == await feed.search("T")
    assert await feed.search("", kind="stock") == []
    assert await feed.search("", exchange="NYSE") == []
    assert await feed.search("NOSUCH") == []


async def test_quotes_name_what_they_know(feed: UdfClient, market: FakeMarket) -> None:
    found = await feed.quotes("SIMULATED:BTCUSDT", "ETHUSDT", "NOSUCH")
    assert list(found) == ["SIMULATED:BTCUSDT", "ETHUSDT", "NOSUCH"]
    assert found["NOSUCH"] is None
    value = found["SIMULATED:BTCUSDT"]
    assert value is not None
    assert value["lp"] == market.prices["BTCUSDT"].price
    assert "chp" not in value, "two hours are no day"


async def test_a_day_s_change_where_a_day_is_held(database_dsn: str) -> None:
    market = FakeMarket(held=1500, total=1510, capacity=1600)
    async with over_market(database_dsn, market) as http:
        value = (await UdfClient(http).quotes("ADAUSDT"))["ADAUSDT"]
    column, rows = SYMBOLS.index("ADAUSDT"), slice(1500 - 1440, 1500)
    part = {name: values[rows, column] for name, values in market.fields.items()}
    assert value is not None
    assert value["open_price"] == pytest.approx(part["open"][0])
    assert value["high_price"] == pytest.approx(part["high"].max())
    assert value["low_price"] == pytest.approx(part["low"].min())
    assert value["volume"] == pytest.approx(part["volume"].sum())
    assert value["ch"] == pytest.approx(part["close"][-1] - part["open"][0])
    assert value["chp"] == pytest.approx((part["close"][-1] / part["open"][0] - 1) * 100)


async def test_the_group_is_a_table(http: httpx.AsyncClient) -> None:
    table = (await http.get("/api/v1/udf/symbol_info", params={"group": "SIMULATED"})).json()
    assert table["symbol"] == list(SYMBOLS)
    assert len(table["pricescale"]) == len(table["description"]) == len(SYMBOLS)
    assert table["session-regular"] == "24x7"
    refused = await http.get("/api/v1/udf/symbol_info", params={"group": "NYSE"})
    assert refused.status_code == 404, "the protocol's answer to a group that is not there"


async def test_time_is_text_in_seconds(http: httpx.AsyncClient, market: FakeMarket) -> None:
    answer = await http.get("/api/v1/udf/time")
    assert re.fullmatch(r"\d{10}", answer.text)
    assert int(answer.text) == market.clock.now // 1000
    assert answer.headers["content-type"].startswith("text/plain")


HUGE = "9" * 30_000
HOSTILE = [
    {"symbol": "BTCUSDT", "resolution": "7", "from": "0", "to": "1"},
    {"symbol": "BTCUSDT", "resolution": "", "from": "0", "to": "1"},
    {"symbol": "BTCUSDT", "resolution": "1M", "from": "0", "to": "1"},
    {"symbol": "NOSUCH", "resolution": "1", "from": "0", "to": "1"},
    {"symbol": "", "resolution": "1", "from": "0", "to": "1"},
    {"symbol": "B" * 30_000, "resolution": "1", "from": "0", "to": "1"},
    {"symbol": "BTCUSDT\x00'; drop table", "resolution": "1", "from": "0", "to": "1"},
    {"symbol": "BTCUSDT", "resolution": "1"},
    {"symbol": "BTCUSDT", "resolution": "1", "from": "x", "to": "y"},
    {"symbol": "BTCUSDT", "resolution": "1", "from": "nan", "to": "inf"},
    {"symbol": "BTCUSDT", "resolution": "1", "from": "0", "to": HUGE},
    {"symbol": "BTCUSDT", "resolution": "1", "from": "0", "to": "5", "countback": "-1"},
    {"symbol": "BTCUSDT", "resolution": "1", "from": "0", "to": "5", "countback": "0"},
    {"symbol": "BTCUSDT", "resolution": "1", "from": "0", "to": "5", "countback": "many"},
]


@pytest.mark.parametrize("query", HOSTILE, ids=lambda q: str(q)[:70])
async def test_what_cannot_be_answered_is_an_error_of_the_protocol(
    http: httpx.AsyncClient, query: dict[str, str]
) -> None:
    answer = await http.get("/api/v1/udf/history", params=query)
    assert answer.status_code == 200
    assert answer.json()["s"] == "error"
    assert answer.json()["errmsg"]


async def test_huge_ranges_are_bounded(http: httpx.AsyncClient, market: FakeMarket) -> None:
    span = {"symbol": "BTCUSDT", "resolution": "1", "from": "-99999999999999", "to": "99999999999999"}
    bars = (await http.get("/api/v1/udf/history", params={**span, "countback": "10"})).json()
    assert len(bars["t"]) == 10
    assert (await http.get("/api/v1/udf/history", params={**span, "countback": "1e14"})).status_code == 200
    names = ",".join(f"S{n}" for n in range(5000))
    assert len((await http.get("/api/v1/udf/quotes", params={"symbols": names})).json()["d"]) <= 100
    assert (await http.get("/api/v1/udf/search", params={"query": "U" * 30_000})).json() == []


async def test_without_a_worker_the_errors_are_the_protocol_s(database_dsn: str) -> None:
    async with serve(settings(database_dsn, worker_url=f"http://127.0.0.1:{free_port()}")) as http:
        assert (await http.get("/api/v1/udf/config")).json()["supports_search"]
        for path in ("symbols?symbol=BTCUSDT", "search?query=B", "quotes?symbols=B", "symbol_info"):
            assert (await http.get(f"/api/v1/udf/{path}")).json()["s"] == "error"
        query = {"symbol": "BTCUSDT", "resolution": "1", "from": "0", "to": "9"}
        assert (await http.get("/api/v1/udf/history", params=query)).json()["s"] == "error"


@pytest.mark.parametrize(
    ("tick", "wanted"),
    [
        ("0.01", (100, 1)),
        ("0.010000", (100, 1)),
        ("0.05", (100, 5)),
        ("0.25", (100, 25)),
        ("0.00000001", (100_000_000, 1)),
        ("1", (1, 1)),
        ("10", (1, 10)),
        ("1E+2", (1, 100)),
        ("0", (100_000_000, 1)),
        ("-1", (100_000_000, 1)),
        ("NaN", (100_000_000, 1)),
    ],
)
def test_tick_sizes_as_scale_and_movement(tick: str, wanted: tuple[int, int]) -> None:
    assert scale(Decimal(tick)) == wanted


def test_every_interval_has_its_resolution() -> None:
    assert [interval_ms(label) // MINUTE for label in RESOLUTIONS.values()] == sorted(
        interval_ms(label) // MINUTE for label in RESOLUTIONS.values()
    )
    for name, label in RESOLUTIONS.items():
        minutes = int(name[:-1]) * {"D": 1440, "W": 10_080}[name[-1]] if not name.isdigit() else int(name)
        assert interval_ms(label) == minutes * MINUTE


def test_a_strange_step_has_a_volume_precision() -> None:
    from api.routes.udf import _symbol_info

    info = SymbolInfo("AUSDT", "A", "USDT", "TRADING", Decimal("0.5"), Decimal(0), Decimal(0), Decimal(0))
    row = {name: str(getattr(info, name)) for name in ("symbol", "base_asset", "quote_asset", "tick_size", "step_size")}
    assert _symbol_info(row, "X")["volume_precision"] == 8
