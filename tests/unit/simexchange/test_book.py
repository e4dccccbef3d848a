"""The made-up order book: around the last price, the same for a second, and not all anew each second."""

from __future__ import annotations

import numpy as np
import pytest

from simexchange.book import MOST_LEVELS, Books
from simexchange.candles import CLOSE, Candles
from simexchange.live import LiveMarket
from simexchange.market import SyntheticMarket
from simexchange.noise import Ints

NOW = 1_795_271_017
MARKET = SyntheticMarket(seed=7, count=220)


@pytest.mark.parametrize("row", [0, 1, 60, 219])
@pytest.mark.parametrize("now", [NOW, NOW // 60 * 60])
def test_a_book_stands_around_the_last_price(row: int, now: int) -> None:
    books = Books(LiveMarket(MARKET))
    book, last = books.depth(row, now, MOST_LEVELS), books.last(row, now)
    assert last == MARKET.candles(np.array([row]), 1, now - 1, 1).fields[CLOSE, 0, 0]
    bids, asks = [price for price, _ in book.bids], [price for price, _ in book.asks]
    assert bids[0] <= last <= asks[0] and bids[0] < asks[0] and last in (bids[0], asks[0])
    assert bids == sorted(set(bids), reverse=True) and asks == sorted(set(asks))
    assert len(asks) == MOST_LEVELS and len(bids) == MOST_LEVELS and bids[-1] > 0
    assert all(lots > 0 for _, lots in (*book.bids, *book.asks))
    assert books.depth(row, now, 20).bids == book.bids[:20]


def test_the_same_second_gives_the_same_book_and_the_next_one_most_of_it() -> None:
    books = Books(LiveMarket(MARKET))
    for row in (0, 40, 219):
        here = books.depth(row, NOW, 500)
        Books(LiveMarket(MARKET)).depth(row, NOW + 40, 10)
        assert Books(LiveMarket(MARKET)).depth(row, NOW, 500) == here
        there = books.depth(row, NOW + 1, 500)
        stayed = len(set(here.bids) & set(there.bids))
        assert 250 < stayed < 500


def test_much_traded_symbols_have_narrow_spreads_and_deep_books() -> None:
    books = Books(LiveMarket(MARKET))
    tops = books.tops(NOW)
    spread = (tops.ask - tops.bid) / tops.last
    assert spread[0] < 1e-5 and 5e-4 < spread[219] < 4e-3

    def dollars(row: int) -> float:
        listing, last = MARKET.listings[row], books.last(row, NOW)
        near = [price * lots for price, lots in books.depth(row, NOW, MOST_LEVELS).asks if price < 1.01 * last]
        return sum(near) * 10.0**-listing.quote_decimals

    assert 2e6 < dollars(0) < 1e8 and 1e3 < dollars(219) < 1e6


def test_a_symbol_without_a_price_has_no_book() -> None:
    class Gone(SyntheticMarket):
        def candles(self, rows: Ints, length: int, index: int, count: int) -> Candles:
            made = super().candles(rows, length, index, count)
            made.present[rows == 1] = False
            return made

    books = Books(LiveMarket(Gone(7, 3)))
    assert books.depth(1, NOW, 5).bids == books.depth(1, NOW, 5).asks == ()
    assert books.last(1, NOW) == 0 and books.last(0, NOW) > 0
    assert books.tops(NOW).bid[1] == 0
