"""Candles as Binance writes them: prices and quantities as decimal strings, times in ms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from simexchange.book import Book, Tops
from simexchange.candles import (
    BUY,
    BUY_QUOTE,
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    SELL,
    SELL_QUOTE,
    TRADES,
    Candles,
    join,
    summarise,
)
from simexchange.intervals import DAY, SPOT_SECONDS, open_of
from simexchange.live import PER_DAY, LiveMarket
from simexchange.noise import Ints
from simexchange.tape import Aggregate, Trade
from simexchange.universe import Listing

_D = '"%d.%08d"'
_KLINE = f'[%d,{_D},{_D},{_D},{_D},{_D},%d,{_D},%d,{_D},{_D},"0"]'
_KLINE_EVENT = (
    '{"e":"kline","E":%d,"s":"%s","k":{"t":%d,"T":%d,"s":"%s","i":"%s","f":%d,"L":%d,'
    f'"o":{_D},"c":{_D},"h":{_D},"l":{_D},"v":{_D},"n":%d,"x":%s,"q":{_D},"V":{_D},"Q":{_D},"B":"0"}}}}'
)
_MINI_TICKER = f'{{"e":"24hrMiniTicker","E":%d,"s":"%s","c":{_D},"o":{_D},"h":{_D},"l":{_D},"v":{_D},"q":{_D}}}'


def decimal(value: int, decimals: int) -> str:
    """`value` units of 10**-decimals with eight decimals, as Binance prints them."""
    scaled = value * 10 ** (8 - decimals) if decimals <= 8 else value // 10 ** (decimals - 8)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{abs(scaled) // 10**8}.{abs(scaled) % 10**8:08d}"


class Columns:
    """Whole and fractional parts of candle fields as lists, for one template per row.

    `decimals` arrays hold each row's decimals, broadcast against the values.
    """

    def __init__(self, listings: Sequence[Listing]) -> None:
        self._price = np.array([listing.price_decimals for listing in listings], dtype=np.int64)
        self._lot = np.array([listing.lot_decimals for listing in listings], dtype=np.int64)

    def prices(self, ticks: Ints) -> tuple[list[int], list[int]]:
        """Of prices in ticks."""
        return _parts(ticks, self._price)

    def quantities(self, lots: Ints) -> tuple[list[int], list[int]]:
        """Of quantities in lots."""
        return _parts(lots, self._lot)

    def quotes(self, amounts: Ints) -> tuple[list[int], list[int]]:
        """Of amounts in ticks × lots."""
        return _parts(amounts, self._price + self._lot)


def _parts(values: Ints, decimals: Ints) -> tuple[list[int], list[int]]:
    over = np.maximum(decimals - 8, 0)
    values, decimals = values // 10**over, np.minimum(decimals, 8)
    unit = np.asarray(10**decimals, dtype=np.int64)
    whole = values // unit
    return whole.tolist(), ((values - whole * unit) * 10 ** (8 - decimals)).tolist()


def klines(candles: Candles, listing: Listing, length: int, index: int) -> str:
    """REST candles of one symbol ([1, candles] from number `index` on) as a JSON array; absent ones are left
    out.
    """
    opens = open_of(index, length) * 1000 + length * 1000 * np.arange(candles.count, dtype=np.int64)
    return _rows(candles, listing, opens, opens + length * 1000 - 1)


def months(live: LiveMarket, row: int, spans: Sequence[tuple[int, int]], now: int) -> str:
    """REST candles of calendar months, [first, next) in UTC seconds, as a JSON array."""
    if not spans:
        return "[]"
    found = []
    for begin, end in spans:
        days = live.history(row, DAY, begin // DAY, (end - begin) // DAY, now)
        found.append(summarise(days) if days.count else days)
    kept = [(candles, span) for candles, span in zip(found, spans, strict=True) if candles.count]
    opens, ends = (np.array([span[part] for _, span in kept], dtype=np.int64) * 1000 for part in (0, 1))
    return _rows(join([candles for candles, _ in kept]), live.listings[row], opens, ends - 1) if kept else "[]"


def _rows(candles: Candles, listing: Listing, opens: Ints, closes: Ints) -> str:
    fields = candles.fields[:, 0]
    columns = Columns((listing,))
    rows = zip(
        opens.tolist(),
        *columns.prices(fields[OPEN]),
        *columns.prices(fields[HIGH]),
        *columns.prices(fields[LOW]),
        *columns.prices(fields[CLOSE]),
        *columns.quantities(fields[BUY] + fields[SELL]),
        closes.tolist(),
        *columns.quotes(fields[BUY_QUOTE] + fields[SELL_QUOTE]),
        fields[TRADES].tolist(),
        *columns.quantities(fields[BUY]),
        *columns.quotes(fields[BUY_QUOTE]),
        strict=True,
    )
    present = candles.present[0].tolist()
    return "[" + ",".join([_KLINE % row for row, there in zip(rows, present, strict=True) if there]) + "]"


def kline_events(
    candles: Candles,
    listings: Sequence[Listing],
    interval: str,
    open_time: int,
    closed: bool,
    event_ms: int,
    last: Ints,
) -> list[str | None]:
    """One `kline` message per symbol ([symbols, 1], opening at `open_time` seconds); None where there is no
    candle. `last` [symbols] are the ids of the newest trades.
    """
    fields = candles.fields[:, :, 0]
    columns = Columns(listings)
    symbols = [listing.symbol for listing in listings]
    size = len(symbols)
    length = SPOT_SECONDS[interval]
    first, last = trade_range(fields[TRADES], last, open_time)
    rows = zip(
        [event_ms] * size,
        symbols,
        [open_time * 1000] * size,
        [(open_time + length) * 1000 - 1] * size,
        symbols,
        [interval] * size,
        first.tolist(),
        last.tolist(),
        *columns.prices(fields[OPEN]),
        *columns.prices(fields[CLOSE]),
        *columns.prices(fields[HIGH]),
        *columns.prices(fields[LOW]),
        *columns.quantities(fields[BUY] + fields[SELL]),
        fields[TRADES].tolist(),
        ["true" if closed else "false"] * size,
        *columns.quotes(fields[BUY_QUOTE] + fields[SELL_QUOTE]),
        *columns.quantities(fields[BUY]),
        *columns.quotes(fields[BUY_QUOTE]),
        strict=True,
    )
    present = candles.present[:, 0].tolist()
    return [_KLINE_EVENT % row if there else None for row, there in zip(rows, present, strict=True)]


def mini_tickers(day: Candles, listings: Sequence[Listing], event_ms: int) -> list[str | None]:
    """One `24hrMiniTicker` message per symbol; None where it did not trade in the window."""
    fields = day.fields[:, :, 0]
    columns = Columns(listings)
    rows = zip(
        [event_ms] * len(listings),
        [listing.symbol for listing in listings],
        *columns.prices(fields[CLOSE]),
        *columns.prices(fields[OPEN]),
        *columns.prices(fields[HIGH]),
        *columns.prices(fields[LOW]),
        *columns.quantities(fields[BUY] + fields[SELL]),
        *columns.quotes(fields[BUY_QUOTE] + fields[SELL_QUOTE]),
        strict=True,
    )
    return [_MINI_TICKER % row if there else None for row, there in zip(rows, day.present[:, 0].tolist(), strict=True)]


def trade_range(trades: Ints, last: Ints, begin: int) -> tuple[Ints, Ints]:
    """First and last trade ids of candles that opened at `begin` (UTC seconds), -1 where nothing was traded.

    Ids begin anew each day, so that across days they are not as many as the trades.
    """
    first = np.maximum(last - trades + 1, begin // DAY * PER_DAY) if begin % DAY else begin // DAY * PER_DAY
    traded = trades > 0
    return np.where(traded, first, -1), np.where(traded, last, -1)


def compact(value: Any) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))


def levels(side: Sequence[tuple[int, int]], listing: Listing) -> list[list[str]]:
    """One side of a book: prices and quantities."""
    price, lot = listing.price_decimals, listing.lot_decimals
    return [[decimal(ticks, price), decimal(lots, lot)] for ticks, lots in side]


def depth(book: Book, listing: Listing, now: int) -> str:
    """A book at the moment `now`, as REST and the partial depth streams give it."""
    sides = {"bids": levels(book.bids, listing), "asks": levels(book.asks, listing)}
    return compact({"lastUpdateId": update_id(now), **sides})


def update_id(now: int) -> int:
    """The last update of a book at a moment; there are a thousand a second."""
    return now * 1_000


def trade(one: Trade, listing: Listing) -> dict[str, Any]:
    """A trade as REST gives it."""
    return {
        "id": one.number,
        "price": decimal(one.price, listing.price_decimals),
        "qty": decimal(one.lots, listing.lot_decimals),
        "quoteQty": decimal(one.price * one.lots, listing.quote_decimals),
        "time": one.time,
        "isBuyerMaker": one.seller,
        "isBestMatch": True,
    }


def aggregate(one: Aggregate, listing: Listing) -> dict[str, Any]:
    """An aggregate trade as REST gives it."""
    return {
        "a": one.number,
        "p": decimal(one.price, listing.price_decimals),
        "q": decimal(one.lots, listing.lot_decimals),
        "f": one.first,
        "l": one.last,
        "T": one.time,
        "m": one.seller,
        "M": True,
    }


def book_ticker(tops: Tops, listing: Listing, row: int) -> dict[str, Any]:
    """Best bid and ask as REST gives them."""
    price, lot = listing.price_decimals, listing.lot_decimals
    return {
        "symbol": listing.symbol,
        "bidPrice": decimal(int(tops.bid[row]), price),
        "bidQty": decimal(int(tops.bid_lots[row]), lot),
        "askPrice": decimal(int(tops.ask[row]), price),
        "askQty": decimal(int(tops.ask_lots[row]), lot),
    }


def trade_event(one: Trade, listing: Listing, event_ms: int) -> dict[str, Any]:
    """A trade as its stream gives it."""
    return {
        "e": "trade",
        "E": event_ms,
        "s": listing.symbol,
        "t": one.number,
        "p": decimal(one.price, listing.price_decimals),
        "q": decimal(one.lots, listing.lot_decimals),
        "T": one.time,
        "m": one.seller,
        "M": True,
    }


def book_event(best: tuple[int, int, int, int], listing: Listing, now: int) -> dict[str, Any]:
    """Best bid and ask as their stream gives them; `best` are bid, its lots, ask, its lots."""
    price, lot = listing.price_decimals, listing.lot_decimals
    return {
        "u": update_id(now),
        "s": listing.symbol,
        "b": decimal(best[0], price),
        "B": decimal(best[1], lot),
        "a": decimal(best[2], price),
        "A": decimal(best[3], lot),
    }


def depth_update(
    old: tuple[int, Book], new: tuple[int, Book], listing: Listing, passing: Sequence[Book] = ()
) -> dict[str, Any]:
    """What changed from one book to a later one, each with its moment; what is gone has quantity zero.

    `passing` are the books between them: whoever took a snapshot of one is told what became of its levels, too.
    """
    (before, last), (now, book) = old, new
    sides = []
    for side in ("bids", "asks"):
        there = dict(getattr(book, side))
        shown = [dict(getattr(one, side)) for one in (last, *passing)]
        prices = {price for one in (*shown, there) for price in one}
        changed = (price for price in prices if any(one.get(price) != there.get(price) for one in shown))
        sides.append(sorted((price, there.get(price, 0)) for price in changed))
    return {
        "e": "depthUpdate",
        "E": now * 1000,
        "s": listing.symbol,
        "U": update_id(before) + 1,
        "u": update_id(now),
        "b": levels(sides[0][::-1], listing),
        "a": levels(sides[1], listing),
    }
