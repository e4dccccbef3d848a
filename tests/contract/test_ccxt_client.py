"""ccxt's `binance` and `binanceusdm`, as installed, against the simulated exchange: only their addresses differ.

ccxt knows Binance and nothing of us, so what it cannot read is wrong in the simulator.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.contract.exchange import Exchange, redirect, running

SPOT, OTHER, PERPETUAL = "BTC/USDT", "ETH/USDT", "BTC/USDT:USDT"
FRAMES = {"1m": 60, "3m": 180, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "2h": 7200, "4h": 14400, "6h": 21600}
FRAMES |= {"8h": 28800, "12h": 43200, "1d": 86400, "3d": 259200, "1w": 604800}
PRECISE = 1e-7
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exchange() -> Iterator[Exchange]:
    with running() as found:
        yield found


def pointed(client: Any, exchange: Exchange) -> Any:
    """The client with its addresses replaced and nothing else."""
    redirect(client.urls["api"], exchange)
    return client


@pytest.fixture(scope="module")
def binance(exchange: Exchange) -> Any:
    client = pointed(ccxt.binance({"apiKey": exchange.key, "secret": exchange.secret}), exchange)
    client.options["fetchMarkets"]["types"] = ["spot"]
    client.load_markets()
    return client


@pytest.fixture(scope="module")
def usdm(exchange: Exchange) -> Any:
    client = pointed(ccxt.binanceusdm({"apiKey": exchange.key, "secret": exchange.secret}), exchange)
    client.load_markets()
    return client


def free(client: Any, asset: str) -> Decimal:
    return Decimal(str(client.fetch_balance()["free"].get(asset, 0)))


def below(client: Any, symbol: str, share: float) -> float:
    """A price under the market, as the symbol's ticks have it."""
    return float(client.price_to_precision(symbol, client.fetch_order_book(symbol, 5)["bids"][0][0] * share))


def test_markets_have_the_exchange_s_rules(binance: Any, exchange: Exchange) -> None:
    listed = exchange.get("/api/v3/exchangeInfo")["symbols"]
    assert len(binance.markets) == len(listed) == 30
    for row in listed:
        market = binance.markets_by_id[row["symbol"]][0]
        filters = {rule["filterType"]: rule for rule in row["filters"]}
        assert market["spot"] and not market["contract"]
        assert market["active"] == (row["status"] == "TRADING")
        assert market["precision"]["price"] == float(filters["PRICE_FILTER"]["tickSize"])
        assert market["precision"]["amount"] == float(filters["LOT_SIZE"]["stepSize"])
        assert market["limits"]["amount"]["min"] == float(filters["LOT_SIZE"]["minQty"])
        assert market["limits"]["cost"]["min"] == float(filters["NOTIONAL"]["minNotional"])


def test_perpetuals_are_linear_contracts(usdm: Any) -> None:
    market = usdm.market(PERPETUAL)
    assert market["swap"] and market["linear"] and not market["inverse"] and market["settle"] == "USDT"
    assert market["contractSize"] == 1
    assert market["precision"]["price"] > 0 and market["limits"]["cost"]["min"] > 0


@pytest.mark.parametrize("frame", FRAMES)
def test_candles_of_every_interval(binance: Any, frame: str) -> None:
    rows = binance.fetch_ohlcv(SPOT, frame, limit=8)
    assert len(rows) == 8
    assert {b[0] - a[0] for a, b in itertools.pairwise(rows)} == {FRAMES[frame] * 1000}
    for _, opened, high, low, close, _ in rows:
        assert low <= min(opened, close) <= max(opened, close) <= high
    # A minute may pass without a trade, and the last candle may have begun this moment.
    assert sum(row[5] for row in rows[:-1]) > 0
    again = binance.fetch_ohlcv(SPOT, frame, since=rows[2][0], limit=3)
    assert again == rows[2:5]


def test_perpetual_candles(usdm: Any) -> None:
    rows = usdm.fetch_ohlcv(PERPETUAL, "15m", limit=20)
    assert [b[0] - a[0] for a, b in itertools.pairwise(rows)] == [900_000] * 19
    marks = usdm.fetch_ohlcv(PERPETUAL, "15m", limit=20, params={"price": "mark"})
    assert [row[0] for row in marks] == [row[0] for row in rows]


@pytest.mark.parametrize("kind", ["spot", "usdm"])
def test_tickers_books_and_trades(kind: str, binance: Any, usdm: Any) -> None:
    client, symbol = (binance, SPOT) if kind == "spot" else (usdm, PERPETUAL)
    ticker = client.fetch_ticker(symbol)
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    assert ticker["percentage"] == pytest.approx((ticker["last"] / ticker["open"] - 1) * 100, abs=0.01)
    assert set(client.fetch_tickers()) >= {symbol}
    book = client.fetch_order_book(symbol, 50)
    bids, asks = book["bids"], book["asks"]
    assert len(bids) == len(asks) == 50
    assert [p for p, _ in bids] == sorted({p for p, _ in bids}, reverse=True)
    assert [p for p, _ in asks] == sorted({p for p, _ in asks})
    assert bids[0][0] < asks[0][0] and book["nonce"] > 0
    assert bids[0][0] == pytest.approx(ticker["last"], rel=0.01)
    assert len(client.fetch_trades(symbol, limit=1_000)) == 1_000
    trades = client.fetch_trades(symbol, limit=50)
    assert len(trades) == 50
    assert [int(t["id"]) for t in trades] == sorted({int(t["id"]) for t in trades})
    assert all(t["cost"] == pytest.approx(t["price"] * t["amount"]) and t["side"] in ("buy", "sell") for t in trades)


def test_time_status_and_fees(binance: Any) -> None:
    assert abs(binance.fetch_time() - binance.milliseconds()) < 60_000
    assert binance.fetch_status()["status"] == "ok"
    assert binance.fetch_trading_fee(SPOT)["taker"] == pytest.approx(0.001)


def test_a_market_order_moves_what_it_costs(binance: Any) -> None:
    before = free(binance, "USDT"), free(binance, "ETH")
    order = binance.create_order(OTHER, "market", "buy", 0.5)
    assert (order["status"], order["filled"], order["remaining"]) == ("closed", 0.5, 0)
    assert order["cost"] == pytest.approx(order["average"] * 0.5)
    assert order["trades"] and order["fee"]["currency"] == "ETH"
    after = free(binance, "USDT"), free(binance, "ETH")
    assert float(before[0] - after[0]) == pytest.approx(order["cost"], abs=PRECISE)
    assert float(after[1] - before[1]) == pytest.approx(0.5 - order["fee"]["cost"], abs=PRECISE)
    mine = [t for t in binance.fetch_my_trades(OTHER) if t["order"] == order["id"]]
    assert sum(t["amount"] for t in mine) == pytest.approx(0.5)
    assert sum(t["cost"] for t in mine) == pytest.approx(order["cost"])
    sold = binance.create_order(OTHER, "market", "sell", 0.4)
    assert (sold["side"], sold["status"], sold["fee"]["currency"]) == ("sell", "closed", "USDT")
    spent = binance.create_order(OTHER, "market", "buy", None, None, {"cost": 100})
    assert spent["cost"] == pytest.approx(100, rel=0.05)


def test_a_limit_order_is_placed_queried_and_cancelled(binance: Any) -> None:
    price, before = below(binance, SPOT, 0.9), free(binance, "USDT")
    order = binance.create_order(SPOT, "limit", "buy", 0.01, price, {"clientOrderId": "a-name-of-mine"})
    assert (order["status"], order["price"], order["filled"]) == ("open", price, 0)
    assert order["clientOrderId"] == "a-name-of-mine"
    assert float(before - free(binance, "USDT")) == pytest.approx(price * 0.01, abs=PRECISE)
    assert [one["id"] for one in binance.fetch_open_orders(SPOT)] == [order["id"]]
    assert binance.fetch_order(order["id"], SPOT)["status"] == "open"
    edited = binance.edit_order(order["id"], SPOT, "limit", "buy", 0.011, price)
    assert edited["id"] != order["id"] and edited["amount"] == 0.011
    cancelled = binance.cancel_order(edited["id"], SPOT)
    assert cancelled["status"] == "canceled"
    assert free(binance, "USDT") == before
    assert {one["id"]: one["status"] for one in binance.fetch_orders(SPOT)}[order["id"]] == "canceled"
    with pytest.raises(ccxt.OrderNotFound):
        binance.cancel_order(edited["id"], SPOT)
    with pytest.raises(ccxt.OrderNotFound):
        binance.fetch_order("999999999", SPOT)


def test_stop_losses_wait_for_their_price(binance: Any) -> None:
    stop = below(binance, SPOT, 0.9)
    limit = float(binance.price_to_precision(SPOT, stop * 0.99))
    first = binance.create_order(SPOT, "STOP_LOSS_LIMIT", "sell", 0.01, limit, {"stopPrice": stop})
    second = binance.create_order(SPOT, "market", "sell", 0.01, None, {"stopLossPrice": stop})
    opened = {one["id"]: one for one in binance.fetch_open_orders(SPOT)}
    assert opened[first["id"]]["stopPrice"] == opened[second["id"]]["stopPrice"] == stop
    assert opened[first["id"]]["price"] == limit
    assert {one["status"] for one in opened.values()} == {"open"}
    binance.cancel_all_orders(SPOT)
    assert binance.fetch_open_orders(SPOT) == []


def test_one_order_list_is_two_orders(binance: Any) -> None:
    price = binance.fetch_ticker(SPOT)["last"]
    above, stop, limit = (binance.price_to_precision(SPOT, price * share) for share in (1.1, 0.9, 0.89))
    legs = {"aboveType": "LIMIT_MAKER", "abovePrice": above}
    legs |= {"belowType": "STOP_LOSS_LIMIT", "belowStopPrice": stop, "belowPrice": limit, "belowTimeInForce": "GTC"}
    made = binance.private_post_orderlist_oco({"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.01", **legs})
    assert made["contingencyType"] == "OCO"
    opened = binance.fetch_open_orders(SPOT)
    assert sorted(one["info"]["type"] for one in opened) == ["LIMIT_MAKER", "STOP_LOSS_LIMIT"]
    assert len({one["info"]["orderListId"] for one in opened}) == 1
    binance.private_delete_orderlist({"symbol": "BTCUSDT", "orderListId": made["orderListId"]})
    assert binance.fetch_open_orders(SPOT) == []


def test_a_test_order_leaves_nothing(binance: Any) -> None:
    before = len(binance.fetch_orders(SPOT))
    binance.create_order(SPOT, "market", "buy", 0.01, None, {"test": True})
    assert len(binance.fetch_orders(SPOT)) == before


def test_refusals_are_the_ones_that_ccxt_knows(binance: Any, exchange: Exchange) -> None:
    price = below(binance, SPOT, 0.95)
    with pytest.raises(ccxt.InsufficientFunds):
        binance.create_order(SPOT, "limit", "buy", 80, price)
    with pytest.raises(ccxt.InvalidOrder):
        binance.create_order(SPOT, "limit", "buy", 0.01, price * 9)
    with pytest.raises(ccxt.BadRequest, match="Filter failure: NOTIONAL"):
        binance.create_order(SPOT, "limit", "buy", 0.00001, price)
    with pytest.raises(ccxt.OrderImmediatelyFillable):
        binance.create_order(SPOT, "limit", "buy", 0.01, price * 1.06, {"postOnly": True})
    with pytest.raises(ccxt.BadSymbol):
        binance.public_get_klines({"symbol": "NOSUCHUSDT", "interval": "1m"})
    stranger = pointed(ccxt.binance({"apiKey": exchange.key, "secret": "x" * 64}), exchange)
    with pytest.raises(ccxt.AuthenticationError):
        stranger.private_get_account()
    with pytest.raises(ccxt.AuthenticationError):
        pointed(ccxt.binance({"apiKey": "y" * 64, "secret": "x" * 64}), exchange).private_get_account()
    late = pointed(ccxt.binance({"apiKey": exchange.key, "secret": exchange.secret}), exchange)
    late.options["timeDifference"] = 3_600_000
    with pytest.raises(ccxt.InvalidNonce):
        late.private_get_account()


def test_a_perpetual_position_from_opening_to_closing(usdm: Any) -> None:
    assert usdm.set_leverage(5, PERPETUAL)["leverage"] == "5"
    order = usdm.create_order(PERPETUAL, "market", "buy", 0.02)
    order = usdm.fetch_order(order["id"], PERPETUAL)
    assert (order["status"], order["filled"]) == ("closed", 0.02)
    (position,) = usdm.fetch_positions([PERPETUAL])
    assert (position["side"], position["contracts"]) == ("long", 0.02)
    assert usdm.fetch_leverage(PERPETUAL)["longLeverage"] == 5
    assert position["entryPrice"] == pytest.approx(order["average"])
    balance = usdm.fetch_balance()["USDT"]
    assert balance["used"] == pytest.approx(position["notional"] / 5, rel=0.01)
    usdm.create_order(PERPETUAL, "market", "sell", 0.02, None, {"reduceOnly": True})
    assert usdm.fetch_positions([PERPETUAL]) == []
    mine = usdm.fetch_my_trades(PERPETUAL)
    assert {t["side"] for t in mine} == {"buy", "sell"}
    paid = sum(t["fee"]["cost"] for t in mine if t["order"] == order["id"])
    assert paid == pytest.approx(order["cost"] * mine[0]["fee"]["cost"] / mine[0]["cost"], rel=0.01)


def test_perpetual_orders_that_wait(usdm: Any) -> None:
    price = below(usdm, PERPETUAL, 0.9)
    order = usdm.create_order(PERPETUAL, "limit", "buy", 0.01, price)
    assert order["id"] in {one["id"] for one in usdm.fetch_open_orders(PERPETUAL)}
    stop = usdm.create_order(PERPETUAL, "market", "sell", 0.01, None, {"stopLossPrice": price})
    waiting = {one["id"]: one for one in usdm.fetch_open_orders(PERPETUAL, params={"trigger": True})}
    assert waiting[stop["id"]]["triggerPrice"] == price
    assert usdm.fetch_order(stop["id"], PERPETUAL, {"trigger": True})["status"] == "open"
    usdm.cancel_order(stop["id"], PERPETUAL, {"trigger": True})
    assert usdm.cancel_order(order["id"], PERPETUAL)["status"] == "canceled"
    assert usdm.fetch_open_orders(PERPETUAL, params={"trigger": True}) == []
    assert usdm.fetch_open_orders(PERPETUAL) == []
    # ccxt looks up the futures' codes by their host's name, which is another here: the type is the general one.
    with pytest.raises(ccxt.ExchangeError, match="-2019"):
        usdm.create_order(PERPETUAL, "limit", "buy", 50, price)


def test_funding_tiers_and_modes(usdm: Any) -> None:
    rate = usdm.fetch_funding_rate(PERPETUAL)
    assert abs(rate["fundingRate"]) < 0.05 and rate["markPrice"] > 0
    past = usdm.fetch_funding_rate_history(PERPETUAL, limit=5)
    assert {b["timestamp"] - a["timestamp"] for a, b in itertools.pairwise(past)} == {8 * 3_600_000}
    tiers = usdm.fetch_leverage_tiers([PERPETUAL])[PERPETUAL]
    assert tiers[0]["maxLeverage"] >= 20
    assert [t["maxNotional"] for t in tiers] == sorted(t["maxNotional"] for t in tiers)
    assert usdm.fetch_position_mode(PERPETUAL)["hedged"] is False
