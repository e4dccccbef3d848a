"""Market data of the perpetuals under /fapi: the spot market's candles, with what only contracts have."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice, takewhile
from typing import Any, Final

from simexchange import errors
from simexchange.book import Books
from simexchange.candles import BUY_QUOTE, CLOSE, SELL_QUOTE, Candles
from simexchange.clock import VirtualClock
from simexchange.futures import funding, wire
from simexchange.futures.contracts import Contract, contract_info, contract_of, text
from simexchange.futures.endpoints import KEY, Endpoint
from simexchange.futures.errors import refused
from simexchange.futures.parameters import Parameters
from simexchange.intervals import INTERVAL_SECONDS, asked_for
from simexchange.live import LiveMarket
from simexchange.statistics import Statistics
from simexchange.tape import AGGREGATE_OFFSET, Tape, aggregates
from simexchange.trading.order_limit import OrderLimit
from simexchange.weights import FUTURES_WEIGHT

_SYMBOL: Final = "^[A-Z0-9-_.]{1,20}$"
_USUAL_CANDLES: Final = 500
_MOST_CANDLES: Final = 1_500
_DEPTHS: Final = {5: 2, 10: 2, 20: 2, 50: 2, 100: 5, 500: 10, 1_000: 20}
#: Rough share of a day's turnover that is held overnight.
_INTEREST_SHARE: Final = 3
#: Runs of trades at one moment are short; so many more make sure that none is cut in two.
_RUN: Final = 64
_MOST_AGGREGATE_MS: Final = 3_600_000

_CANDLE_NAMES: Final = ("interval", "startTime", "endTime", "limit")
Shape = Callable[[Candles, Contract, int, int], str]


def candle_weight(parameters: Parameters) -> int:
    """By the number of candles asked for."""
    limit = parameters.whole("limit") or _USUAL_CANDLES
    return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1_000 else 10


def depth_weight(parameters: Parameters) -> int:
    """By the number of levels asked for."""
    limit = parameters.whole("limit")
    return _DEPTHS.get(_USUAL_CANDLES if limit is None else limit, 2)


def _by_symbol(one: int, every: int) -> Callable[[Parameters], int]:
    return lambda parameters: one if "symbol" in parameters else every


class MarketData:
    """The perpetuals of a market, and answers about them."""

    def __init__(self, market: LiveMarket, clock: VirtualClock, weight_limit: int, orders: OrderLimit) -> None:
        self.live = market
        self.books = Books(market)
        self.tape = Tape(market)
        self._statistics = Statistics(market, self.books, self.tape)
        self._clock = clock
        self._weight_limit = weight_limit
        self._orders = orders
        found = (contract_of(listing, row) for row, listing in enumerate(market.listings))
        self.contracts: Sequence[Contract] = [contract for contract in found if contract is not None]
        self.by_symbol = {contract.symbol: contract for contract in self.contracts}
        self._info = [contract_info(contract, market.first * 1000) for contract in self.contracts]

    def endpoints(self) -> Sequence[Endpoint]:
        """All of them."""
        candles = ("symbol", *_CANDLE_NAMES)
        pairs = ("pair", *_CANDLE_NAMES)
        return [
            Endpoint("GET", "/fapi/v1/ping", lambda _: {}, 1),
            Endpoint("GET", "/fapi/v1/time", lambda _: {"serverTime": self._clock.told_ms()}, 1),
            Endpoint("GET", "/fapi/v1/exchangeInfo", self.exchange_info, 1),
            Endpoint("GET", "/fapi/v1/klines", self._candles("symbol", wire.klines), candle_weight, candles),
            Endpoint(
                "GET",
                "/fapi/v1/continuousKlines",
                self._candles("pair", wire.klines, contract_type=True),
                candle_weight,
                (*pairs, "contractType"),
            ),
            Endpoint(
                "GET", "/fapi/v1/markPriceKlines", self._candles("symbol", wire.price_klines), candle_weight, candles
            ),
            Endpoint(
                "GET", "/fapi/v1/indexPriceKlines", self._candles("pair", wire.price_klines), candle_weight, pairs
            ),
            Endpoint("GET", "/fapi/v1/premiumIndexKlines", self._candles("symbol", _flat), candle_weight, candles),
            Endpoint("GET", "/fapi/v1/depth", self.depth, depth_weight, ("symbol", "limit")),
            Endpoint("GET", "/fapi/v1/trades", self.trades, 5, ("symbol", "limit")),
            Endpoint("GET", "/fapi/v1/historicalTrades", self.past_trades, 20, ("symbol", "limit", "fromId"), KEY),
            Endpoint(
                "GET",
                "/fapi/v1/aggTrades",
                self.aggregates,
                20,
                ("symbol", "fromId", "startTime", "endTime", "limit"),
            ),
            Endpoint("GET", "/fapi/v1/ticker/24hr", self.day, _by_symbol(1, 40), ("symbol",)),
            Endpoint("GET", "/fapi/v1/ticker/price", self.price, _by_symbol(1, 2), ("symbol",)),
            Endpoint("GET", "/fapi/v2/ticker/price", self.price, _by_symbol(1, 2), ("symbol",)),
            Endpoint("GET", "/fapi/v1/ticker/bookTicker", self.book_ticker, _by_symbol(2, 5), ("symbol",)),
            Endpoint("GET", "/fapi/v1/premiumIndex", self.premium_index, _by_symbol(1, 10), ("symbol",)),
            Endpoint("GET", "/fapi/v1/fundingRate", self.funding_rate, 1, ("symbol", "startTime", "endTime", "limit")),
            Endpoint("GET", "/fapi/v1/fundingInfo", self.funding_info, 1),
            Endpoint("GET", "/fapi/v1/openInterest", self.open_interest, 1, ("symbol",)),
        ]

    def now(self) -> int:
        """Exchange time in UTC seconds, never past the end of a recorded market."""
        now = self._clock.now_ms() // 1000
        return now if self.live.last is None else min(now, self.live.last)

    def now_ms(self) -> int:
        """Exchange time, ms."""
        return self._clock.told_ms()

    def contract(self, parameters: Parameters, name: str = "symbol") -> Contract:
        """The contract that a parameter names. Raises -1102, -1100, -1121 (-4144 for a pair)."""
        symbol = parameters.need(name)
        if not re.fullmatch(_SYMBOL, symbol):
            raise errors.illegal_characters(name, _SYMBOL)
        if symbol not in self.by_symbol or self.status(self.by_symbol[symbol]) is None:
            raise errors.invalid_symbol() if name == "symbol" else refused(-4144)
        return self.by_symbol[symbol]

    def status(self, contract: Contract) -> str | None:
        """TRADING, SETTLING where spot does not trade either, None where it is not listed."""
        status = self.live.status(contract.row, self.now())
        return status if status in (None, "TRADING") else "SETTLING"

    def exchange_info(self, _: Parameters) -> Any:
        """Limits, assets, contracts, filters."""
        return {
            "timezone": "UTC",
            "serverTime": self._clock.told_ms(),
            "futuresType": "U_MARGINED",
            "rateLimits": [
                {
                    "rateLimitType": "REQUEST_WEIGHT",
                    "interval": "MINUTE",
                    "intervalNum": 1,
                    "limit": self._weight_limit or FUTURES_WEIGHT,
                },
                *self._orders.limits(),
            ],
            "exchangeFilters": [],
            "assets": [
                {"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"},
                {"asset": "USDC", "marginAvailable": True, "autoAssetExchange": "-10000"},
                {"asset": "BNB", "marginAvailable": True, "autoAssetExchange": "0"},
            ],
            "symbols": [
                info | {"status": status}
                for info, contract in zip(self._info, self.contracts, strict=True)
                if (status := self.status(contract)) is not None
            ],
        }

    def _candles(self, name: str, shape: Shape, *, contract_type: bool = False) -> Callable[[Parameters], str]:
        def candles(parameters: Parameters) -> str:
            contract = self.contract(parameters, name)
            if contract_type:
                parameters.choice("contractType", ("PERPETUAL",), -4104)
            length = INTERVAL_SECONDS.get(parameters.need("interval"))
            if length is None:
                raise errors.invalid_interval()
            limit = parameters.limit(_USUAL_CANDLES, _MOST_CANDLES)
            start, end = parameters.times()
            now = self.now()
            first, count = asked_for(self.live.first, now, length, start, end, limit)
            if count <= 0:
                return "[]"
            return shape(self.live.history(contract.row, length, first, count, now), contract, length, first)

        return candles

    def depth(self, parameters: Parameters) -> Any:
        """The order book."""
        contract = self.contract(parameters)
        limit = parameters.whole("limit")
        limit = _USUAL_CANDLES if limit is None else limit
        if limit not in _DEPTHS:
            raise refused(-4021, limit)
        now, now_ms = self.now(), self.now_ms()
        return {"lastUpdateId": now, "E": now_ms, "T": now_ms} | self.levels(contract, now, limit)

    def levels(self, contract: Contract, now: int, count: int) -> dict[str, list[list[str]]]:
        """Bids and asks as texts, best first."""
        book = self.books.depth(contract.row, now, count)
        price, lot = contract.listing.price_decimals, contract.listing.lot_decimals
        return {
            name: [[text(ticks, price), text(lots, lot)] for ticks, lots in levels]
            for name, levels in (("bids", book.bids), ("asks", book.asks))
        }

    def trades(self, parameters: Parameters) -> Any:
        """The newest trades, oldest first."""
        contract = self.contract(parameters)
        limit = parameters.limit(500, 1_000)
        return [wire.trade(one, contract) for one in self.tape.newest(contract.row, self.now(), limit)]

    def past_trades(self, parameters: Parameters) -> Any:
        """Trades from an id on, the newest without one."""
        contract, first = self.contract(parameters), parameters.whole("fromId")
        if first is None:
            return self.trades(parameters)
        limit = parameters.limit(100, 500)
        return [wire.trade(one, contract) for one in self.tape.since(contract.row, first, limit, self.now())]

    def aggregates(self, parameters: Parameters) -> Any:
        """Runs of trades of one order at one price: from an id on, of a time, or the newest."""
        contract, limit = self.contract(parameters), parameters.limit(500, 1_000)
        first = parameters.whole("fromId")
        start, end = parameters.times()
        if first is not None and (start is not None or end is not None):
            raise errors.bad_combination()
        if start is not None and end is not None and end - start > _MOST_AGGREGATE_MS:
            raise errors.ExchangeError(-1127, "Lookup interval is too big.")
        row, now, most = contract.row, self.now(), limit * 3 + _RUN
        if first is not None:
            made = aggregates(self.tape.since(row, first + AGGREGATE_OFFSET, most, now))
            found = [one for one in made if one.number >= first][:limit]
        elif start is not None:
            walk = self.tape.walk(row, self.tape.number_at(row, start // 1000), now)
            inside = takewhile(lambda one: end is None or one.time <= end, (one for one in walk if one.time >= start))
            found = aggregates(list(islice(inside, most)))[:limit]
        else:
            newest = self.tape.newest(row, now if end is None else min(now, end // 1000 + 1), most)
            found = aggregates([one for one in newest if end is None or one.time <= end])[-limit:]
        return [wire.aggregate(one, contract) for one in found]

    def day(self, parameters: Parameters) -> Any:
        """Statistics of the last 24 hours."""
        answers = list(self.tickers(self._asked(parameters), self.now(), self.now_ms()).values())
        return answers[0] if "symbol" in parameters else answers

    def tickers(self, contracts: Sequence[Contract], now: int, now_ms: int) -> dict[Contract, dict[str, Any]]:
        """Statistics of the last 24 hours of those that traded in them."""
        present = self.live.day(now).present[:, 0]
        found = [contract for contract in contracts if present[contract.row]]
        made = self._statistics.day([contract.row for contract in found], now, now_ms)
        return {contract: wire.day_ticker(one, contract) for one, contract in zip(made, found, strict=True)}

    def price(self, parameters: Parameters) -> Any:
        """Last prices."""
        return self._each(
            parameters,
            lambda contract, day, now_ms: {
                "symbol": contract.symbol,
                "price": _last(day, contract),
                "time": now_ms,
            },
        )

    def book_ticker(self, parameters: Parameters) -> Any:
        """Best bids and asks."""
        tops = self.books.tops(self.now())
        return self._each(
            parameters,
            lambda contract, day, now_ms: {
                "symbol": contract.symbol,
                "bidPrice": text(int(tops.bid[contract.row]), contract.listing.price_decimals),
                "bidQty": text(int(tops.bid_lots[contract.row]), contract.listing.lot_decimals),
                "askPrice": text(int(tops.ask[contract.row]), contract.listing.price_decimals),
                "askQty": text(int(tops.ask_lots[contract.row]), contract.listing.lot_decimals),
                "time": now_ms,
                "lastUpdateId": now_ms // 1000,
            },
        )

    def premium_index(self, parameters: Parameters) -> Any:
        """Mark and index price, and the next funding."""
        coming = funding.next_time(self.now())
        return self._each(
            parameters,
            lambda contract, day, now_ms: {
                "symbol": contract.symbol,
                "markPrice": (mark := f"{float(_last(day, contract)):.8f}"),
                "indexPrice": mark,
                "estimatedSettlePrice": mark,
                "lastFundingRate": str(funding.rate(contract.symbol, coming)),
                "interestRate": funding.INTEREST_RATE,
                "nextFundingTime": coming * 1000,
                "time": now_ms,
            },
        )

    def funding_rate(self, parameters: Parameters) -> Any:
        """Past fundings, oldest first; the newest ones where no start is given."""
        contracts = [self.contract(parameters)] if "symbol" in parameters else self.contracts
        start, end = parameters.times()
        limit = parameters.limit(100, 1_000)
        now = self.now()
        last = min(now, now if end is None else end // 1000) // funding.PERIOD
        oldest = -(-(self.live.first + 86_400) // funding.PERIOD)
        if start is None:
            first = max(oldest, last - limit + 1)
        else:
            first = max(oldest, -(-start // (funding.PERIOD * 1000)))
        periods = range(first, last + 1)[: -(-limit // max(1, len(contracts)))]
        if not periods:
            return []
        columns = [self._funded(contract, periods, now) for contract in contracts]
        return [answer for row in zip(*columns, strict=True) for answer in row][:limit]

    def _funded(self, contract: Contract, periods: range, now: int) -> list[dict[str, Any]]:
        # A period's candle closes at its funding.
        candles = self.live.history(contract.row, funding.PERIOD, periods[0] - 1, len(periods), now)
        closes, present = candles.fields[CLOSE, 0].tolist(), candles.present[0].tolist()
        return [
            {
                "symbol": contract.symbol,
                "fundingTime": number * funding.PERIOD * 1000,
                "fundingRate": str(funding.rate(contract.symbol, number * funding.PERIOD)),
                "markPrice": f"{contract.price(close) if there else 0:.8f}",
            }
            for number, close, there in zip(periods, closes, present, strict=True)
        ]

    def funding_info(self, _: Parameters) -> Any:
        """What is special about a symbol's funding."""
        return [
            {
                "symbol": contract.symbol,
                "adjustedFundingRateCap": funding.CAP,
                "adjustedFundingRateFloor": f"-{funding.CAP}",
                "fundingIntervalHours": funding.PERIOD // 3_600,
                "disclaimer": False,
                "updateTime": self.live.first * 1000,
            }
            for contract in self.contracts
        ]

    def open_interest(self, parameters: Parameters) -> Any:
        """How much is held: a made-up share of the day's turnover, which contracts of the account do not change."""
        contract = self.contract(parameters)
        fields = self.live.day(self.now()).fields[:, contract.row, 0]
        lots = int(fields[BUY_QUOTE] + fields[SELL_QUOTE]) // _INTEREST_SHARE // max(1, int(fields[CLOSE]))
        return {
            "symbol": contract.symbol,
            "openInterest": text(lots, contract.listing.lot_decimals),
            "time": self.now_ms(),
        }

    def _asked(self, parameters: Parameters) -> Sequence[Contract]:
        """The contract that is asked for, or all that have traded in the last 24 hours. Raises -1121."""
        present = self.live.day(self.now()).present[:, 0]
        if "symbol" in parameters:
            contract = self.contract(parameters)
            if not present[contract.row]:
                raise errors.invalid_symbol()
            return [contract]
        return [contract for contract in self.contracts if present[contract.row] and self.status(contract)]

    def _each(self, parameters: Parameters, make: Callable[[Contract, Candles, int], Any]) -> Any:
        """One answer for one symbol, a list of all that trade without."""
        day, now_ms = self.live.day(self.now()), self.now_ms()
        answers = [make(contract, day, now_ms) for contract in self._asked(parameters)]
        return answers[0] if "symbol" in parameters else answers


def _last(day: Candles, contract: Contract) -> str:
    return text(int(day.fields[CLOSE, contract.row, 0]), contract.listing.price_decimals)


def _flat(candles: Candles, contract: Contract, length: int, index: int) -> str:
    return wire.flat_klines(candles, length, index)
