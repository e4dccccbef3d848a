"""Matching in whole ticks and lots.

1. `take` and `take_quote` fill an order against the levels of a book, best first.
2. `Watch` keeps what waits for a price: falls to a level (buy limits, sell stops) or rises to one.
3. `path` says which side of a second's candle was traded first, so that an order is not filled by a price
   that came before the one that set it free.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Levels = Sequence[tuple[int, int]]


def take(levels: Levels, lots: int, limit: int | None, *, buys: bool) -> list[tuple[int, int]]:
    """Fills (price in ticks, lots) of an order for `lots`, none at a worse price than `limit`."""
    fills: list[tuple[int, int]] = []
    for price, offered in levels:
        if lots <= 0 or (limit is not None and (price > limit if buys else price < limit)):
            break
        part = min(lots, offered)
        if part > 0:
            fills.append((price, part))
            lots -= part
    return fills


def take_quote(levels: Levels, budget: int) -> list[tuple[int, int]]:
    """Fills (price in ticks, lots) worth at most `budget` (ticks × lots) together."""
    fills: list[tuple[int, int]] = []
    for price, offered in levels:
        part = min(budget // price, offered)
        if part > 0:
            fills.append((price, part))
            budget -= part * price
        if part < offered:
            break
    return fills


def path(opened: int, closed: int) -> tuple[bool, bool]:
    """Sides of a candle in the order they were traded, True for its high: a rising second dips first."""
    return (False, True) if closed >= opened else (True, False)


class Watch(Generic[Item]):
    """What waits for one symbol's price, each at a level in ticks; best level first, then the earliest."""

    def __init__(self) -> None:
        self._sides: dict[bool, list[tuple[int, int]]] = {False: [], True: []}
        self._items: dict[int, tuple[bool, int, Item]] = {}

    def __len__(self) -> int:
        return len(self._items)

    def add(self, number: int, item: Item, level: int, *, rises: bool) -> None:
        """Wait for the price to rise, or to fall, to `level`; `number` is unique and orders equal levels."""
        self.remove(number)
        insort(self._sides[rises], (level if rises else -level, number))
        self._items[number] = (rises, level, item)

    def remove(self, number: int) -> None:
        """Wait no longer; nothing where it does not."""
        known = self._items.pop(number, None)
        if known is not None:
            rises, level, _ = known
            side = self._sides[rises]
            del side[bisect_left(side, (level if rises else -level, number))]

    @property
    def lowest(self) -> int | None:
        """The lowest level that a rising price may reach."""
        return self._sides[True][0][0] if self._sides[True] else None

    @property
    def highest(self) -> int | None:
        """The highest level that a falling price may reach."""
        return -self._sides[False][0][0] if self._sides[False] else None

    def reached(self, price: int, *, rises: bool) -> list[Item]:
        """What a price that rose (or fell) to `price` reaches, in order."""
        side = self._sides[rises]
        end = bisect_left(side, (price if rises else -price, 1 << 62))
        return [self._items[number][2] for _, number in side[:end]]
