"""Price statistics: of the last 24 hours, of a trading day, of a window; over REST and as stream messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from simexchange.book import Books
from simexchange.candles import BUY, BUY_QUOTE, CLOSE, HIGH, LOW, OPEN, SELL, SELL_QUOTE, TRADES, Candles
from simexchange.intervals import DAY, MINUTE
from simexchange.live import PER_DAY, LiveMarket
from simexchange.tape import Tape
from simexchange.universe import Listing
from simexchange.wire import decimal

#: Of so many symbols the last trade is looked up; of more, it is taken to be of usual size.
_FEW: Final = 20
_AVERAGE_SECONDS: Final = 300

#: Letters of the stream message for the names of the REST answer.
_LETTERS: Final = {
    "p": "priceChange",
    "P": "priceChangePercent",
    "w": "weightedAvgPrice",
    "x": "prevClosePrice",
    "c": "lastPrice",
    "Q": "lastQty",
    "b": "bidPrice",
    "B": "bidQty",
    "a": "askPrice",
    "A": "askQty",
    "o": "openPrice",
    "h": "highPrice",
    "l": "lowPrice",
    "v": "volume",
    "q": "quoteVolume",
    "O": "openTime",
    "C": "closeTime",
    "F": "firstId",
    "L": "lastId",
    "n": "count",
}


def ticker_event(kind: str, event_ms: int, ticker: dict[str, Any]) -> dict[str, Any]:
    """The stream message (`kind` 24hrTicker, 1hTicker, ...) of statistics as REST gives them."""
    body = {letter: ticker[name] for letter, name in _LETTERS.items() if name in ticker}
    return {"e": kind, "E": event_ms, "s": ticker["symbol"], **body}


class Statistics:
    """Statistics of a market's symbols; moments are UTC seconds, times in answers ms."""

    def __init__(self, live: LiveMarket, books: Books, tape: Tape) -> None:
        self._live = live
        self._books = books
        self._tape = tape

    def day(self, rows: Sequence[int], now: int, now_ms: int, *, full: bool = True) -> list[dict[str, Any]]:
        """The last 24 hours, as `ticker/24hr` gives them."""
        day, listings = self._live.day(now), self._live.listings
        last = self._live.last_numbers(now)
        yesterday = now // DAY - 1
        # What was traded since yesterday's midnight and is not in the window came before it.
        counted = last + 1 - now // DAY * PER_DAY if now % DAY else np.zeros_like(last)
        skipped = self._live.day_totals(yesterday) + counted - day.fields[TRADES, :, 0]
        first = yesterday * PER_DAY + skipped
        answers = []
        for row in rows:
            ids = (int(first[row]), int(last[row]))
            answer = _statistics(day, row, listings[row], ids, (now_ms - DAY * 1000, now_ms), full)
            if full:
                answer = self._with_book(answer, day, row, now, len(rows) <= _FEW)
            answers.append(answer)
        return answers

    def window(
        self, rows: Sequence[int], begin: int, now: int, close_ms: int, *, full: bool = True
    ) -> list[dict[str, Any]]:
        """Since the minute `begin`, as `ticker` and `ticker/tradingDay` give it."""
        chosen = np.array(rows, dtype=np.int64)
        candles = self._live.window(chosen, begin, now)
        midnight = begin // DAY * DAY
        before = self._live.window(chosen, midnight, begin).fields[TRADES, :, 0]
        last = self._live.last_numbers(now)
        times = (begin * 1000, close_ms)
        return [
            _statistics(
                candles,
                place,
                self._live.listings[row],
                (begin // DAY * PER_DAY + int(before[place]), int(last[row])),
                times,
                full,
            )
            for place, row in enumerate(rows)
        ]

    def averages(self, rows: Sequence[int], now: int) -> list[dict[str, Any]]:
        """Average prices of five minutes, and when the last trades were; of more than a few symbols that is now."""
        begin = max(now // MINUTE * MINUTE - _AVERAGE_SECONDS, self._live.first)
        candles = self._live.window(np.array(rows, dtype=np.int64), begin, now)
        answers = []
        for place, row in enumerate(rows):
            fields = [int(value) for value in candles.fields[:, place, 0]]
            if not candles.present[place, 0]:
                fields[CLOSE] = self._books.last(row, now)
            newest = self._tape.newest(row, now, 1) if len(rows) <= _FEW else ()
            close = newest[-1].time if newest else now * 1000
            answers.append({"price": average(fields, self._live.listings[row]), "closeTime": close})
        return answers

    def _with_book(self, answer: dict[str, Any], day: Candles, row: int, now: int, exact: bool) -> dict[str, Any]:
        listing, tops = self._live.listings[row], self._books.tops(now)
        fields = day.fields[:, row, 0]
        lots = 0
        if fields[TRADES]:
            newest = self._tape.newest(row, now, 1) if exact else ()
            lots = newest[-1].lots if newest else int((fields[BUY] + fields[SELL]) // fields[TRADES])
        names = ("openPrice", "highPrice", "lowPrice", "volume", "quoteVolume", "openTime", "closeTime")
        rest = {name: answer[name] for name in (*names, "firstId", "lastId", "count")}
        return {
            "symbol": answer["symbol"],
            "priceChange": answer["priceChange"],
            "priceChangePercent": answer["priceChangePercent"],
            "weightedAvgPrice": answer["weightedAvgPrice"],
            "prevClosePrice": answer["openPrice"],
            "lastPrice": answer["lastPrice"],
            "lastQty": decimal(lots, listing.lot_decimals),
            "bidPrice": decimal(int(tops.bid[row]), listing.price_decimals),
            "bidQty": decimal(int(tops.bid_lots[row]), listing.lot_decimals),
            "askPrice": decimal(int(tops.ask[row]), listing.price_decimals),
            "askQty": decimal(int(tops.ask_lots[row]), listing.lot_decimals),
            **rest,
        }


def average(fields: Sequence[int], listing: Listing) -> str:
    """The average price of a candle, quote volume by volume, with eight decimals; its close where nothing traded."""
    lots, quote = fields[BUY] + fields[SELL], fields[BUY_QUOTE] + fields[SELL_QUOTE]
    if not lots:
        return decimal(fields[CLOSE], listing.price_decimals)
    scale = 10 ** (8 - listing.price_decimals)
    return decimal((2 * quote * scale + lots) // (2 * lots), 8)


def _statistics(
    candles: Candles, place: int, listing: Listing, ids: tuple[int, int], times: tuple[int, int], full: bool
) -> dict[str, Any]:
    fields = [int(value) for value in candles.fields[:, place, 0]]
    if not candles.present[place, 0] or not fields[TRADES]:
        ids = (-1, -1)
    price = listing.price_decimals
    change = fields[CLOSE] - fields[OPEN]
    moved = {
        "priceChange": decimal(change, price),
        "priceChangePercent": f"{100.0 * change / (fields[OPEN] or 1):.3f}",
        "weightedAvgPrice": average(fields, listing),
    }
    return {
        "symbol": listing.symbol,
        **(moved if full else {}),
        "openPrice": decimal(fields[OPEN], price),
        "highPrice": decimal(fields[HIGH], price),
        "lowPrice": decimal(fields[LOW], price),
        "lastPrice": decimal(fields[CLOSE], price),
        "volume": decimal(fields[BUY] + fields[SELL], listing.lot_decimals),
        "quoteVolume": decimal(fields[BUY_QUOTE] + fields[SELL_QUOTE], listing.quote_decimals),
        "openTime": times[0],
        "closeTime": times[1],
        "firstId": ids[0],
        "lastId": ids[1],
        "count": fields[TRADES],
    }
