"""Made-up trades add up to the candles, are found by id and time, and are the same at every asking."""

from __future__ import annotations

import itertools
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simexchange.candles import BUY, BUY_QUOTE, CLOSE, HIGH, LOW, OPEN, SELL, SELL_QUOTE, TRADES, tradable
from simexchange.intervals import DAY
from simexchange.live import PER_DAY, LiveMarket
from simexchange.market import SyntheticMarket
from simexchange.tape import Tape, Trade, aggregates, trades_of

NOW = 1_795_271_017
MARKET = SyntheticMarket(seed=7, count=220)
LIVE = LiveMarket(MARKET)


def summed(trades: list[Trade]) -> list[int]:
    """The candle that trades make."""
    prices = [trade.price for trade in trades]
    bought = [trade for trade in trades if not trade.seller]
    sold = [trade for trade in trades if trade.seller]
    return [
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
        sum(trade.lots for trade in bought),
        sum(trade.lots for trade in sold),
        sum(trade.lots * trade.price for trade in bought),
        sum(trade.lots * trade.price for trade in sold),
        len(trades),
    ]


@pytest.mark.parametrize(("row", "length"), [(0, 1), (0, 60), (40, 60), (120, 60), (219, 60)])
def test_trades_add_up_to_the_candle(row: int, length: int) -> None:
    tape = Tape(LIVE)
    index = NOW // length - (120 if length == 1 else 12)
    candles = MARKET.candles(np.array([row]), length, index, NOW // length - index).fields[:, 0]
    trades = list(tape.walk(row, tape.number_at(row, index * length), NOW // length * length))
    checked = 0
    for number in range(candles.shape[1]):
        begin = (index + number) * length * 1000
        inside = [trade for trade in trades if begin <= trade.time < begin + length * 1000]
        assert len(inside) == candles[TRADES, number]
        if inside:
            assert summed(inside) == candles[:, number].tolist()
            checked += 1
    assert checked or row > 100, "there is something to compare"


def test_every_second_of_the_synthetic_market_has_trades_that_fit() -> None:
    candles = MARKET.candles(np.arange(220), 1, NOW // 60 * 60, 300)
    assert tradable(candles.fields).all()


@given(
    prices=st.lists(st.integers(50, 90), min_size=8, max_size=30),
    lots=st.lists(st.tuples(st.integers(2, 50), st.booleans()), min_size=8, max_size=30),
    seed=st.integers(0, 1_000),
)
def test_candles_that_real_trades_made_can_be_taken_apart(
    prices: list[int], lots: list[tuple[int, bool]], seed: int
) -> None:
    real = [Trade(0, price, many, 0, sold) for price, (many, sold) in zip(prices, lots, strict=False)]
    candle = summed(real)
    pieces = trades_of(candle, Random(seed))
    made = [Trade(0, price, many, 0, sold) for _, price, many, sold in pieces]
    if tradable(np.array(candle)):
        assert summed(made) == candle
    else:
        kept = [OPEN, HIGH, LOW, CLOSE, TRADES]
        assert [summed(made)[field] for field in kept] == [candle[field] for field in kept]
        assert sum(trade.lots for trade in made) == candle[BUY] + candle[SELL]
    assert all(trade.lots > 0 for trade in made)
    assert [at for at, *_ in pieces] == sorted(at for at, *_ in pieces)


def test_one_trade_of_a_recorded_candle() -> None:
    pieces = trades_of([100, 110, 90, 105, 3, 2, 300, 200, 1], Random(1))
    assert [piece[1:] for piece in pieces] == [(105, 5, False)]


def test_the_newest_trades_lead_up_to_now_and_are_found_again() -> None:
    tape = Tape(LIVE)
    for row in (0, 219):
        newest = tape.newest(row, NOW, 300)
        assert len(newest) == 300
        assert all(one.number < two.number and one.time <= two.time for one, two in itertools.pairwise(newest))
        assert newest[-1].time < NOW * 1000
        assert Tape(LIVE).since(row, newest[100].number, 200, NOW) == newest[100:]
        later = Tape(LIVE).newest(row, NOW + 600, 2_000)
        known = {trade.number for trade in newest}
        shared = [trade for trade in later if trade.number in known]
        assert shared == newest[len(newest) - len(shared) :]


def test_ids_follow_each_other_within_a_day_and_begin_anew_at_midnight() -> None:
    tape = Tape(LIVE)
    midnight = NOW // DAY * DAY
    number = tape.number_at(5, midnight - 300)
    numbers = [trade.number for trade in tape.walk(5, number, midnight + 300)]
    today = [one for one in numbers if one >= midnight // DAY * PER_DAY]
    before = [one for one in numbers if one < midnight // DAY * PER_DAY]
    assert before == list(range(number, number + len(before))) and before
    assert today == list(range(midnight // DAY * PER_DAY, midnight // DAY * PER_DAY + len(today))) and today
    assert tape.number_at(5, midnight) == today[0]


def test_aggregates_cover_the_trades() -> None:
    trades = Tape(LIVE).newest(0, NOW, 1_000)
    merged = aggregates(trades)
    assert len(merged) < len(trades)
    assert [number for one in merged for number in range(one.first, one.last + 1)] == [t.number for t in trades]
    assert sum(one.lots for one in merged) == sum(trade.lots for trade in trades)
    assert len({one.number for one in merged}) == len(merged)
    assert BUY_QUOTE - BUY == SELL_QUOTE - SELL
