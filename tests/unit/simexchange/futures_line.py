"""A market that goes where a test says, and a futures engine over it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from simexchange.book import Book
from simexchange.futures.contracts import Contract, contract_of
from simexchange.futures.course import Course
from simexchange.futures.engine import Engine
from simexchange.futures.orders import AlgoOrder, Order
from simexchange.trading.ids import Ids
from simexchange.trading.ledger import Wallet
from simexchange.trading.walk import Second
from simexchange.universe import Listing

#: Five minutes past a funding.
BEGIN = 1_800_000_000 // 28_800 * 28_800 + 300
DEPOSIT = Decimal(10_000)


def made_contract(base: str = "BTC", row: int = 0) -> Contract:
    """A contract with a tick of 0.1 and a lot of 0.001."""
    found = contract_of(Listing(f"{base}USDT", base, 1, 3), row)
    assert found is not None
    return found


class Line:
    """Prices by row and second, in ticks; books of two levels of 100,000 lots around the last price."""

    def __init__(self, *starts: int) -> None:
        self.seconds: list[list[tuple[int, int, int, int]]] = [[(start,) * 4] for start in starts]

    def _at(self, row: int, at: int) -> tuple[int, int, int, int]:
        known = self.seconds[row]
        return known[max(0, min(at - BEGIN + 1, len(known) - 1))]

    def last(self, row: int, now: int) -> int:
        return self._at(row, now - 1)[3]

    def depth(self, row: int, now: int, levels: int) -> Book:
        last = self.last(row, now)
        return Book([(last - 1, 100_000), (last - 5, 100_000)], [(last + 1, 100_000), (last + 5, 100_000)])

    def next(self, row: int, begin: int, end: int, levels: tuple[int | None, int | None]) -> Second | None:
        falls, rises = levels
        for at in range(begin, end):
            opened, high, low, closed = self._at(row, at)
            if (falls is not None and low <= falls) or (rises is not None and high >= rises):
                return Second(at, opened, high, low, closed, 1, 1)
        return None


class Desk:
    """An account with 10,000 USDT on a line; `move` lets a second pass."""

    def __init__(self, *starts: int) -> None:
        self.line = Line(*starts)
        self.contracts = [made_contract(base, row) for row, base in enumerate(("BTC", "ETH")[: len(starts)])]
        self.contract = self.contracts[0]
        self.events: list[dict[str, Any]] = []
        self.wallet = Wallet({"USDT": DEPOSIT})
        self.engine = Engine(self.line, self.wallet, Ids(), self.events.append)
        self.course = Course(self.engine, self.line, BEGIN)
        self.now = BEGIN

    def order(self, side: str, lots: int, ticks: int = 0, *, place: bool = True, **more: Any) -> Order:
        """Place a limit order, or a market order where it has no price."""
        kind = "LIMIT" if ticks else "MARKET"
        given: dict[str, Any] = {
            "client_id": self.engine.ids.name(),
            "position_side": "BOTH",
            "tif": "GTC",
            "contract": self.contract,
        }
        order = Order(0, side=side, kind=kind, lots=lots, time_ms=self.now * 1000, ticks=ticks, **(given | more))
        if place:
            self.engine.place(order, self.now * 1000)
        return order

    def algo(self, side: str, kind: str, lots: int, trigger: int = 0, **more: Any) -> AlgoOrder:
        """Place a conditional order."""
        given: dict[str, Any] = {
            "client_id": self.engine.ids.name(),
            "position_side": "BOTH",
            "tif": "GTC",
            "contract": self.contract,
        }
        algo = AlgoOrder(0, side=side, kind=kind, lots=lots, time_ms=self.now * 1000, trigger=trigger, **(given | more))
        self.engine.wait(algo, self.now * 1000)
        return algo

    def move(self, *closes: int, high: int | None = None, low: int | None = None) -> None:
        """A second for each close of the first contract; others stay where they are."""
        for close in closes:
            for row, seconds in enumerate(self.line.seconds):
                opened = seconds[-1][3]
                to = opened if row else close
                top, bottom = max(opened, to), min(opened, to)
                if not row:
                    top, bottom = max(top, high or top), min(bottom, low or bottom)
                seconds.append((opened, top, bottom, to))
            self.now += 1
            self.course.advance(self.now, self.now * 1000)

    def position(self, side: str = "BOTH") -> Any:
        """The first contract's position."""
        return self.engine.account.position(self.contract, side)

    @property
    def balance(self) -> Decimal:
        """The wallet's balance."""
        return self.engine.account.balance("USDT")

    def equity(self) -> Decimal:
        """Balance and unrealised profit."""
        return self.balance + self.engine.account.unrealised("USDT")

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Events of a kind."""
        return [event for event in self.events if event["e"] == kind]
