"""The trades of a second: made up, the same at every asking, and adding up to its candle exactly.

1. `trades_of` makes the trades of one candle: open first, close last, high and low between them (`_path`), some
   along the way between those, and the rest of each taker side at the two prices around what its average must
   still be (`_fill`). It begins with lively quantities, and takes smaller ones until the rest fits into the
   candle's range; `candles.tradable` says that one lot each always does.
2. `Tape` numbers them: a trade's id is its UTC day times `PER_DAY` and its number in that day, so that a trade
   is found by its id or its time without counting all that came before.
3. An aggregate (`aggregates`) is a run of trades at the same moment, price and side.

A recorded candle of a few trades may have an average that none can have: its trades then keep to count, volume
by side, open and close, and as far as they suffice high and low, while the quote volume is near.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Final, TypeVar

import numpy as np

from simexchange.candles import BUY, BUY_QUOTE, CLOSE, HIGH, LOW, OPEN, SELL, TRADES, tradable
from simexchange.intervals import DAY, MINUTE
from simexchange.live import PER_DAY, LiveMarket
from simexchange.noise import Ints, key_of

#: An aggregate's id is its first trade's less this.
AGGREGATE_OFFSET: Final = 31_000_000
#: Shares of a side's lots that are tried for trades along the way, before one lot each at the marks.
_LIVELY: Final = (0.7, 0.35, 0.1)
#: Seconds are made a day at once where there are few trades, else a part of it, else a minute.
_BLOCKS: Final = (DAY, 14_400, 3_600, MINUTE)
_BUSY: Final = 2_000
_KEPT: Final = 128
_DAYS_AT_ONCE: Final = 256
_DAYS_BACK: Final = 120


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade: price in ticks, quantity in lots, time in ms UTC; `seller` where the taker sold."""

    number: int
    price: int
    lots: int
    time: int
    seller: bool


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Trades first to last (ids) of one order at one price; otherwise like `Trade`."""

    number: int
    price: int
    lots: int
    first: int
    last: int
    time: int
    seller: bool


_Key = TypeVar("_Key", bound=Hashable)
_Kept = TypeVar("_Kept")
#: When in the second (0 to 1), price, lots, whether the taker sold.
Piece = tuple[float, int, int, bool]
Point = tuple[float, int]


def trades_of(candle: Sequence[int], random: Random) -> list[Piece]:
    """Trades that add up to one candle (FIELDS whole numbers), in order of time."""
    if not candle[TRADES]:
        return []
    if not tradable(np.array(candle, dtype=np.int64)):
        pieces = _nearly(candle, random)
    elif candle[HIGH] == candle[LOW]:
        pieces = _still(candle, random)
    else:
        pieces = _moving(candle, random)
    return _timed(pieces, random)


def _path(candle: Sequence[int], random: Random) -> list[Point]:
    """Where the price goes: open, high and low in either order, close; those at either end are not repeated."""
    start, high, low, end = candle[OPEN : CLOSE + 1]
    turns = sorted((random.uniform(0.1, 0.9), price) for price in (high, low) if price not in (start, end))
    return [(0.0, start), *turns, (1.0, end)]


def _on_path(path: list[Point], at: float) -> int:
    """The price at a moment, as the crow flies."""
    after = next(index for index in range(1, len(path)) if at <= path[index][0])
    (left, begin), (right, end) = path[after - 1], path[after]
    return round(begin + (end - begin) * (at - left) / (right - left))


def _counts(candle: Sequence[int], least: tuple[int, int]) -> tuple[int, int]:
    """Trades of buying and of selling takers: in proportion to their lots, at least these, at most a lot each."""
    buys = round(candle[TRADES] * candle[BUY] / (candle[BUY] + candle[SELL]))
    lowest = max(least[0], candle[TRADES] - candle[SELL])
    buys = max(lowest, min(buys, candle[BUY], candle[TRADES] - least[1]))
    return buys, candle[TRADES] - buys


def _still(candle: Sequence[int], random: Random) -> list[Piece]:
    counts = _counts(candle, (min(1, candle[BUY]), min(1, candle[SELL])))
    return [
        (random.random(), candle[OPEN], lots, side == SELL)
        for side, count in zip((BUY, SELL), counts, strict=True)
        for lots in _portions(candle[side], count, random)
    ]


def _moving(candle: Sequence[int], random: Random) -> list[Piece]:
    path = _path(candle, random)
    total = sum(price for _, price in path)
    bearing = [
        side
        for side in (BUY, SELL)
        if candle[side] > len(path) and _fits(candle, candle[side] - len(path), candle[side + BUY_QUOTE - BUY] - total)
    ]
    marked = random.choice(bearing)
    other = BUY + SELL - marked
    least = {marked: len(path) + min(2, candle[marked] - len(path)), other: min(2, candle[other])}
    counts = _counts(candle, (least[BUY], least[SELL]))
    pieces: list[Piece] = []
    for side, count in zip((BUY, SELL), counts, strict=True):
        if count:
            pieces += _side(candle, side, count, path, side == marked, random)
    return pieces


def _fits(candle: Sequence[int], lots: int, quote: int) -> bool:
    return candle[LOW] * lots <= quote <= candle[HIGH] * lots


def _side(candle: Sequence[int], side: int, count: int, path: list[Point], marked: bool, random: Random) -> list[Piece]:
    """The `count` trades of one taker side; those at the marks are among them where `marked`."""
    lots, quote, seller = candle[side], candle[side + BUY_QUOTE - BUY], side == SELL
    marks = path if marked else []
    along = [(at := random.uniform(0.001, 0.999), _on_path(path, at)) for _ in range((count - len(marks) - 2) * 3 // 4)]
    for share in _LIVELY:
        points = [*marks, *along]
        usual = share * lots / count
        pieces = [(at, price, 1 + int(usual * random.expovariate(1.0)), seller) for at, price in points]
        rest, rest_quote, rest_count = _left(pieces, lots, quote, count)
        if rest >= rest_count and _fits(candle, rest, rest_quote):
            break
    else:
        pieces = [(at, price, 1, seller) for at, price in marks]
        rest, rest_quote, rest_count = _left(pieces, lots, quote, count)
    for price, portion in _fill(rest, rest_quote, rest_count, random):
        pieces.append((random.uniform(0.001, 0.999), price, portion, seller))
    return pieces


def _left(pieces: list[Piece], lots: int, quote: int, count: int) -> tuple[int, int, int]:
    """Lots, quote and count that pieces leave to others."""
    return (
        lots - sum(part for _, _, part, _ in pieces),
        quote - sum(price * part for _, price, part, _ in pieces),
        count - len(pieces),
    )


def _fill(lots: int, quote: int, count: int, random: Random) -> list[tuple[int, int]]:
    """`count` trades (price, lots) of so many lots and so much quote, at the two prices around the average."""
    price, upper = divmod(quote, lots)
    if not upper:
        return [(price, part) for part in _portions(lots, count, random)]
    lower = lots - upper
    above = max(1, count - lower, min(round(count * upper / lots), upper, count - 1))
    return [(price + 1, part) for part in _portions(upper, above, random)] + [
        (price, part) for part in _portions(lower, count - above, random)
    ]


def _portions(total: int, count: int, random: Random) -> list[int]:
    """`count` positive whole numbers that add up to `total`."""
    if count <= 1:
        return [total] * count
    weights = [random.expovariate(1.0) for _ in range(count)]
    spare, whole = total - count, sum(weights)
    parts = [1 + int(spare * weight / whole) for weight in weights]
    parts[0] += total - sum(parts)
    return parts


def _nearly(candle: Sequence[int], random: Random) -> list[Piece]:
    """Trades of a candle that none can add up to: their average price may be another."""
    count, path = candle[TRADES], _path(candle, random)
    if count == 1:
        return [(1.0, candle[CLOSE], candle[BUY] + candle[SELL], candle[SELL] > candle[BUY])]
    inner = path[1:-1][: count - 2]
    times = [random.uniform(0.001, 0.999) for _ in range(count - 2 - len(inner))]
    points = sorted([path[0], *inner, path[-1], *((at, _on_path(path, at)) for at in times)])
    counts = _counts(candle, (min(1, candle[BUY]), min(1, candle[SELL])))
    portions = [(lots, False) for lots in _portions(candle[BUY], counts[0], random)]
    portions += [(lots, True) for lots in _portions(candle[SELL], counts[1], random)]
    random.shuffle(portions)
    return [(at, price, lots, sold) for (at, price), (lots, sold) in zip(points, portions, strict=True)]


def _timed(pieces: list[Piece], random: Random) -> list[Piece]:
    """In order, away from the ends of the second; some that follow at the same price and side at one moment."""
    begin, end = 0.3 * random.random(), 1.0 - 0.3 * random.random()
    timed: list[Piece] = []
    for at, price, lots, sold in sorted(pieces, key=lambda piece: piece[0]):
        moment = begin + at * (end - begin)
        if timed and timed[-1][1] == price and timed[-1][3] == sold and random.random() < 0.6:
            moment = timed[-1][0]
        timed.append((moment, price, lots, sold))
    return timed


def aggregates(trades: Sequence[Trade]) -> list[Aggregate]:
    """Runs of trades at the same moment, price and side as one each; `trades` must not begin inside a run."""
    found: list[Aggregate] = []
    for trade in trades:
        last = found[-1] if found else None
        if last and (last.time, last.price, last.seller) == (trade.time, trade.price, trade.seller):
            number, first, lots = last.number, last.first, last.lots + trade.lots
            found[-1] = Aggregate(number, trade.price, lots, first, trade.number, trade.time, trade.seller)
        else:
            number = trade.number - AGGREGATE_OFFSET
            found.append(
                Aggregate(number, trade.price, trade.lots, trade.number, trade.number, trade.time, trade.seller)
            )
    return found


class Tape:
    """The trades of a market; moments are UTC seconds of exchange time, and only what has passed is shown."""

    def __init__(self, live: LiveMarket) -> None:
        self._live = live
        self._keys = [key_of(0, f"tape/{listing.symbol}") for listing in live.listings]
        self._totals: dict[tuple[int, int], Ints] = {}
        self._days: dict[tuple[int, int], Ints] = {}
        self._blocks: dict[tuple[int, int, int], tuple[Ints, Ints]] = {}

    def second(self, row: int, at: int, candle: Sequence[int], before: int) -> list[Trade]:
        """Trades of the second from `at` on, whose candle is `candle`, `before` being the day's count until then."""
        pieces = trades_of(candle, Random(self._keys[row] ^ at))
        first = at // DAY * PER_DAY + before
        return [
            Trade(first + number, price, lots, at * 1000 + min(999, int(moment * 1000.0)), sold)
            for number, (moment, price, lots, sold) in enumerate(pieces)
        ]

    def count(self, row: int, day: int, until: int) -> int:
        """Trades of a UTC day (its number) before the moment `until`."""
        begin = day * DAY
        until = min(until, begin + DAY)
        if until <= begin:
            return 0
        minutes, part = divmod(until - begin, MINUTE)
        total = int(self._minutes(row, day)[:minutes].sum())
        if part:
            seconds, candles = self._seconds(row, begin + minutes * MINUTE, MINUTE)
            total += int(candles[TRADES, seconds < part].sum())
        return total

    def newest(self, row: int, now: int, count: int) -> list[Trade]:
        """The newest `count` trades, oldest first."""
        day, missing = now // DAY, count
        earliest = max(self._live.first // DAY, day - _DAYS_BACK)
        while True:
            there = self.count(row, day, now) if day == now // DAY else self._total(row, day)
            if there >= missing or day <= earliest:
                return self.since(row, day * PER_DAY + max(0, there - missing), count, now)
            day, missing = day - 1, missing - there

    def since(self, row: int, number: int, count: int, now: int) -> list[Trade]:
        """Up to `count` trades with ids from `number` on."""
        return list(islice(self.walk(row, number, now), count))

    def number_at(self, row: int, at: int) -> int:
        """The id that a trade at the moment `at` or next after it has."""
        return at // DAY * PER_DAY + self.count(row, at // DAY, at)

    def walk(self, row: int, number: int, now: int) -> Iterator[Trade]:
        """Trades from the id `number` on, to `now`."""
        first_day, skipped = divmod(max(number, 0), PER_DAY)
        for day in range(max(first_day, self._live.first // DAY), now // DAY + 1):
            wanted = skipped if day == first_day else 0
            if self._total(row, day) <= wanted:
                continue
            before = 0
            for begin, length, trades in self._divided(self._minutes(row, day), day * DAY, _BLOCKS):
                if begin >= now:
                    return
                if before + trades <= wanted:
                    before += trades
                    continue
                seconds, candles = self._seconds(row, begin, length)
                for at, candle in zip((begin + seconds).tolist(), candles.T.tolist(), strict=True):
                    if at >= now:
                        return
                    if before + candle[TRADES] > wanted:
                        yield from self.second(row, at, candle, before)[max(0, wanted - before) :]
                    before += candle[TRADES]

    def _divided(self, minutes: Ints, begin: int, lengths: Sequence[int]) -> Iterator[tuple[int, int, int]]:
        """Blocks in which there are trades: begin, length in seconds, trades; the longer the fewer there are."""
        total = int(minutes.sum())
        if not total:
            return
        if total <= _BUSY or len(lengths) == 1:
            yield begin, lengths[0], total
            return
        size = lengths[1] // MINUTE
        for part in range(0, len(minutes), size):
            yield from self._divided(minutes[part : part + size], begin + part * MINUTE, lengths[1:])

    def _total(self, row: int, day: int) -> int:
        """Trades of a whole day; those of many days are made at once, so that days without any cost nothing."""
        chunk = day // _DAYS_AT_ONCE
        first = max(chunk * _DAYS_AT_ONCE, self._live.first // DAY)

        def make() -> Ints:
            made = self._live.made(row, DAY, first, (chunk + 1) * _DAYS_AT_ONCE - first)
            return np.asarray(made.fields[TRADES, 0])

        return int(_keep(self._totals, (row, chunk), make)[day - first])

    def _minutes(self, row: int, day: int) -> Ints:
        """Trades of each minute of a day, [1440]."""
        return _keep(self._days, (row, day), lambda: self._live.made(row, MINUTE, day * 1440, 1440).fields[TRADES, 0])

    def _seconds(self, row: int, begin: int, length: int) -> tuple[Ints, Ints]:
        """The seconds with trades: how many after `begin` [n], and their candles [FIELDS, n]."""
        made = self._live.made
        return _keep(self._blocks, (row, begin, length), lambda: _traded(made(row, 1, begin, length).fields[:, 0]))


def _keep(known: dict[_Key, _Kept], key: _Key, make: Callable[[], _Kept]) -> _Kept:
    if key not in known:
        while len(known) >= _KEPT:
            del known[next(iter(known))]
        known[key] = make()
    return known[key]


def _traded(fields: Ints) -> tuple[Ints, Ints]:
    there = np.flatnonzero(fields[TRADES])
    return there, fields[:, there]
