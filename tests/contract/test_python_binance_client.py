"""python-binance's own client and socket manager against the simulated exchange: only their addresses are replaced."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from binance import AsyncClient, BinanceSocketManager
from binance.exceptions import BinanceAPIException
from binance.ws.reconnecting_websocket import ReconnectingWebsocket

from tests.contract.exchange import Exchange, running

SPOT = "BTCUSDT"
PATIENCE_S = 60.0
pytestmark = pytest.mark.slow
Message = dict[str, Any]


@pytest.fixture(autouse=True)
def leaving_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that is left waits for one more message, for so many seconds: ten would be the tests' whole time."""
    monkeypatch.setattr(ReconnectingWebsocket, "TIMEOUT", 3)


@pytest.fixture(scope="module")
def exchange() -> Iterator[Exchange]:
    with running(speed=10) as found:
        yield found


@asynccontextmanager
async def connected(exchange: Exchange) -> AsyncIterator[tuple[Any, Any]]:
    """The client and the socket manager, as a program would make them."""

    class Client(AsyncClient):  # type: ignore[misc] # the package has no types
        API_URL = f"{exchange.rest}/api"
        MARGIN_API_URL = f"{exchange.rest}/sapi"
        FUTURES_URL = f"{exchange.rest}/fapi"
        FUTURES_DATA_URL = f"{exchange.rest}/futures/data"
        WS_API_URL = f"{exchange.streams}/ws-api/v3"
        WS_FUTURES_URL = f"{exchange.streams}/ws-fapi/v1"

    class Sockets(BinanceSocketManager):  # type: ignore[misc] # the package has no types
        STREAM_URL = f"{exchange.streams}/"
        FSTREAM_URL = f"{exchange.streams}/"
        DSTREAM_URL = f"{exchange.streams}/"

    client = await Client.create(exchange.key, exchange.secret)
    try:
        yield client, Sockets(client, max_queue_size=5000)
    finally:
        await client.close_connection()


async def until(socket: Any, wanted: Callable[[Message], bool]) -> list[Message]:
    """Messages of a socket up to the one that is wanted."""
    seen: list[Message] = []
    async with asyncio.timeout(PATIENCE_S):
        while not seen or not wanted(seen[-1]):
            message = await socket.recv()
            assert message.get("e") != "error", message
            seen.append(message)
    return seen


def report(status: str, client_id: str) -> Callable[[Message], bool]:
    """Whether a message of spot says that an order has come to a status."""
    return lambda m: m.get("e") == "executionReport" and m["X"] == status and client_id in (m["c"], m["C"])


def update(status: str, client_id: str) -> Callable[[Message], bool]:
    """The same for perpetuals."""
    return lambda m: m.get("e") == "ORDER_TRADE_UPDATE" and m["o"]["X"] == status and m["o"]["c"] == client_id


async def below(client: Any, share: str, futures: bool = False) -> str:
    """A price under the market, in whole ticks."""
    ask = client.futures_orderbook_ticker if futures else client.get_orderbook_ticker
    bid = Decimal((await ask(symbol=SPOT))["bidPrice"])
    return str((bid * Decimal(share)).quantize(Decimal("0.01")))


async def test_market_data(exchange: Exchange) -> None:
    async with connected(exchange) as (client, _):
        assert await client.ping() == {}
        assert (await client.get_server_time())["serverTime"] > 1_700_000_000_000
        info = await client.get_symbol_info(SPOT)
        assert {rule["filterType"] for rule in info["filters"]} >= {"PRICE_FILTER", "LOT_SIZE", "NOTIONAL"}
        rows = await client.get_klines(symbol=SPOT, interval="5m", limit=10)
        assert [b[0] - a[0] for a, b in itertools.pairwise(rows)] == [300_000] * 9
        assert all(row[6] == row[0] + 299_999 for row in rows)
        past = await client.get_historical_klines(SPOT, "1h", "3 days ago UTC")
        assert 71 <= len(past) <= 73
        assert len((await client.get_order_book(symbol=SPOT, limit=20))["bids"]) == 20
        assert Decimal((await client.get_avg_price(symbol=SPOT))["price"]) > 0
        assert len(await client.get_recent_trades(symbol=SPOT, limit=30)) == 30
        assert len(await client.get_aggregate_trades(symbol=SPOT, limit=30)) == 30
        assert Decimal((await client.get_ticker(symbol=SPOT))["quoteVolume"]) > 0
        assert len(await client.get_all_tickers()) == 30
        assert (await client.futures_exchange_info())["symbols"]
        assert len(await client.futures_klines(symbol=SPOT, interval="1h", limit=24)) == 24
        assert Decimal((await client.futures_mark_price(symbol=SPOT))["markPrice"]) > 0


async def test_orders_from_placing_to_cancelling(exchange: Exchange) -> None:
    async with connected(exchange) as (client, _):
        price = await below(client, "0.9")
        assert await client.create_test_order(symbol=SPOT, side="BUY", type="MARKET", quantity="0.001") == {}
        placed = await client.order_limit_buy(symbol=SPOT, quantity="0.01", price=price, newClientOrderId="spot-limit")
        assert placed["status"] == "NEW"
        assert (await client.get_order(symbol=SPOT, origClientOrderId="spot-limit"))["orderId"] == placed["orderId"]
        replaced = await client.cancel_replace_order(
            symbol=SPOT,
            side="BUY",
            type="LIMIT",
            timeInForce="GTC",
            quantity="0.02",
            price=price,
            cancelReplaceMode="STOP_ON_FAILURE",
            cancelOrderId=placed["orderId"],
        )
        assert (replaced["cancelResult"], replaced["newOrderResult"]) == ("SUCCESS", "SUCCESS")
        stop = await client.create_order(
            symbol=SPOT,
            side="SELL",
            type="STOP_LOSS_LIMIT",
            timeInForce="GTC",
            quantity="0.01",
            stopPrice=price,
            price=price,
        )
        opened = {order["orderId"] for order in await client.get_open_orders(symbol=SPOT)}
        assert opened == {replaced["newOrderResponse"]["orderId"], stop["orderId"]}
        for number in opened:
            assert (await client.cancel_order(symbol=SPOT, orderId=number))["status"] == "CANCELED"
        with pytest.raises(BinanceAPIException) as refusal:
            await client.cancel_order(symbol=SPOT, orderId=stop["orderId"])
        assert refusal.value.code == -2011
        account = await client.get_account()
        assert {row["asset"] for row in account["balances"]} >= {"USDT", "BTC"}


async def test_the_websocket_api_trades_too(exchange: Exchange) -> None:
    async with connected(exchange) as (client, _):
        price = await below(client, "0.9")
        order = await client.ws_order_limit_buy(symbol=SPOT, quantity="0.01", price=price)
        assert order["status"] == "NEW"
        found = await client.ws_get_order(symbol=SPOT, orderId=order["orderId"])
        assert found["origQty"] == "0.01000000"
        assert (await client.ws_cancel_order(symbol=SPOT, orderId=order["orderId"]))["status"] == "CANCELED"
        assert (await client.ws_get_account())["canTrade"]


async def test_user_data_of_spot(exchange: Exchange) -> None:
    async with connected(exchange) as (client, sockets), sockets.user_socket() as user:
        bought = await client.order_market_buy(symbol=SPOT, quantity="0.003", newClientOrderId="spot-market")
        seen = await until(user, report("FILLED", "spot-market"))
        mine = [m for m in seen if m["e"] == "executionReport"]
        assert [m["x"] for m in mine] == ["NEW"] + ["TRADE"] * len(bought["fills"])
        assert mine[-1]["z"] == "0.00300000"
        assert mine[-1]["Z"] == bought["cummulativeQuoteQty"]
        position = (await until(user, lambda m: m["e"] == "outboundAccountPosition"))[-1]
        held = {row["a"]: row["f"] for row in position["B"]}
        account = {row["asset"]: row["free"] for row in (await client.get_account())["balances"]}
        assert held == {asset: account[asset] for asset in held}
        price = await below(client, "0.9")
        await client.order_limit_buy(symbol=SPOT, quantity="0.01", price=price, newClientOrderId="spot-waits")
        await until(user, report("NEW", "spot-waits"))
        await client.cancel_order(symbol=SPOT, origClientOrderId="spot-waits")
        await until(user, report("CANCELED", "spot-waits"))


async def test_market_streams(exchange: Exchange) -> None:
    async with connected(exchange) as (_, sockets):
        names = [f"btcusdt@{kind}" for kind in ("kline_1m", "trade", "aggTrade", "bookTicker", "depth5", "miniTicker")]
        wanted = set(names)
        async with asyncio.timeout(PATIENCE_S):
            while wanted:
                async with sockets.multiplex_socket(names) as socket:
                    while wanted:
                        message = await socket.recv()
                        if message.get("e") == "error":
                            # On a busy machine the client's own queue runs over: who reads too slowly connects anew.
                            assert message["type"] in (
                                "ConnectionClosedError",
                                "BinanceWebsocketClosed",
                                "BinanceWebsocketQueueOverflow",
                            )
                            break
                        assert message["stream"] in names
                        wanted.discard(message["stream"])
                        if message["stream"].endswith("kline_1m"):
                            assert message["data"]["k"]["i"] == "1m"
        async with sockets.kline_socket(SPOT, "1m") as socket:
            (message,) = await until(socket, lambda m: m["e"] == "kline")
            assert message["s"] == SPOT
        async with sockets.miniticker_socket() as socket:
            async with asyncio.timeout(PATIENCE_S):
                tickers = await socket.recv()
            assert {row["e"] for row in tickers} == {"24hrMiniTicker"}


async def test_streams_of_perpetuals(exchange: Exchange) -> None:
    async with connected(exchange) as (_, sockets):
        names = ["btcusdt@kline_1m", "btcusdt@aggTrade", "btcusdt@markPrice@1s", "btcusdt@miniTicker"]
        wanted = set(names)
        async with sockets.futures_multiplex_socket(names) as socket, asyncio.timeout(PATIENCE_S):
            while wanted:
                message = await socket.recv()
                wanted.discard(message["stream"])
        async with sockets.symbol_mark_price_socket(SPOT) as socket, asyncio.timeout(PATIENCE_S):
            message = await socket.recv()
            assert message["data"]["e"] == "markPriceUpdate"


async def test_a_perpetual_position_and_its_user_data(exchange: Exchange) -> None:
    async with connected(exchange) as (client, sockets), sockets.futures_user_socket() as user:
        assert (await client.futures_change_leverage(symbol=SPOT, leverage=7))["leverage"] == 7
        order = {"symbol": SPOT, "type": "MARKET", "quantity": "0.02"}
        await client.futures_create_order(side="BUY", newClientOrderId="perp-open", **order)
        seen = await until(user, update("FILLED", "perp-open"))
        changes = [m for m in seen if m["e"] == "ACCOUNT_UPDATE"] or await until(
            user, lambda m: m["e"] == "ACCOUNT_UPDATE"
        )
        (moved,) = [p for p in changes[-1]["a"]["P"] if p["s"] == SPOT]
        assert Decimal(moved["pa"]) == Decimal("0.02")
        (held,) = [p for p in await client.futures_position_information(symbol=SPOT) if Decimal(p["positionAmt"])]
        assert held["entryPrice"] == moved["ep"] or Decimal(held["entryPrice"]) == Decimal(moved["ep"])
        stop = await client.futures_create_order(
            symbol=SPOT,
            side="SELL",
            type="STOP_MARKET",
            quantity="0.02",
            triggerPrice=await below(client, "0.9", futures=True),
            reduceOnly="true",
        )
        waiting = await client.futures_get_open_algo_orders(symbol=SPOT)
        assert [row["algoId"] for row in waiting] == [stop["algoId"]]
        await until(user, lambda m: m["e"] == "ALGO_UPDATE" and m["o"]["aid"] == stop["algoId"])
        await client.futures_cancel_algo_order(algoId=stop["algoId"])
        price = await below(client, "0.9", futures=True)
        limit = {"symbol": SPOT, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
        await client.futures_create_order(price=price, newClientOrderId="perp-waits", **limit)
        await until(user, update("NEW", "perp-waits"))
        await client.futures_cancel_order(symbol=SPOT, origClientOrderId="perp-waits")
        await until(user, update("CANCELED", "perp-waits"))
        await client.futures_create_order(side="SELL", reduceOnly="true", newClientOrderId="perp-close", **order)
        await until(user, update("FILLED", "perp-close"))
        left = await client.futures_position_information(symbol=SPOT)
        assert not [p for p in left if Decimal(p["positionAmt"])]
        trades = await client.futures_account_trades(symbol=SPOT)
        assert sum(Decimal(t["qty"]) * (1 if t["buyer"] else -1) for t in trades) == 0
        (wallet,) = [b for b in await client.futures_account_balance() if b["asset"] == "USDT"]
        spent = sum(Decimal(t["commission"]) - Decimal(t["realizedPnl"]) for t in trades)
        assert Decimal(wallet["balance"]) == Decimal(10_000) - spent


async def test_what_is_refused_carries_binance_s_codes(exchange: Exchange) -> None:
    async with connected(exchange) as (client, _):
        price = await below(client, "0.9")
        for code, attempt in (
            (-2010, client.order_limit_buy(symbol=SPOT, quantity="80", price=price)),
            (-1121, client.get_klines(symbol="NOSUCH", interval="1m")),
            (-1120, client.get_klines(symbol=SPOT, interval="7m")),
            (-2013, client.get_order(symbol=SPOT, orderId=987654321)),
            (
                -4120,
                client._request_futures_api(
                    "post",
                    "order",
                    True,
                    data={"symbol": SPOT, "side": "SELL", "type": "STOP_MARKET", "quantity": "1", "stopPrice": price},
                ),
            ),
        ):
            with pytest.raises(BinanceAPIException) as refusal:
                await attempt
            assert refusal.value.code == code
