"""ccxt's streaming clients on the simulated exchange: prices, candles, trades, books, and the account's own orders."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import ccxt.pro
import pytest

from tests.contract.exchange import Exchange, redirect, running

PATIENCE_S = 60.0
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exchange() -> Iterator[Exchange]:
    with running(speed=10) as found:
        yield found


@pytest.mark.parametrize(
    ("kind", "symbol", "markets"), [("binance", "BTC/USDT", "spot"), ("binanceusdm", "BTC/USDT:USDT", "linear")]
)
async def test_streams_of_the_market_and_the_account(kind: str, symbol: str, markets: str, exchange: Exchange) -> None:
    client: Any = getattr(ccxt.pro, kind)({"apiKey": exchange.key, "secret": exchange.secret})
    redirect(client.urls["api"], exchange)
    client.options["fetchMarkets"]["types"] = [markets]
    try:
        async with asyncio.timeout(PATIENCE_S):
            await client.load_markets()
            orders = asyncio.create_task(client.watch_orders(symbol))
            balance = asyncio.create_task(client.watch_balance())
            ticker, candles, trades, book = await asyncio.gather(
                client.watch_ticker(symbol),
                client.watch_ohlcv(symbol, "1m"),
                client.watch_trades(symbol),
                client.watch_order_book(symbol),
            )
            assert ticker["low"] <= ticker["last"] <= ticker["high"]
            assert candles[-1][0] % 60_000 == 0
            assert trades[-1]["symbol"] == symbol
            assert trades[-1]["price"] == pytest.approx(ticker["last"], rel=0.02)
            assert book["bids"][0][0] < book["asks"][0][0]
            held = book["nonce"]
            while book["nonce"] == held:
                # What follows fits the snapshot, or ccxt raises.
                book = await client.watch_order_book(symbol)
            assert book["bids"][0][0] < book["asks"][0][0]
            made = await client.create_order(symbol, "market", "buy", 0.01)
            seen = (await orders)[-1]
            while seen["id"] != made["id"] or seen["status"] != "closed":
                seen = (await client.watch_orders(symbol))[-1]
            assert seen["filled"] == 0.01
            assert "USDT" in await balance
    finally:
        await client.close()
