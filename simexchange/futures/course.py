"""What time does to the account: prices reach orders and triggers, funding is paid, positions are liquidated.

1. `advance` goes from the second last looked at to now, in stretches that end where funding is due.
2. In a stretch `_walk` takes, of all contracts in play, the first second in which one reached a level that matters
   (`_levels`), deals with it (`_second`), and looks again, so that what happens is in order and nothing is missed.
   Liquidation levels depend on other contracts' prices; they are those of the last event or of the stretch's start.
3. Within a second the low comes before the high where the price rose, after it where it fell (`path`).
4. Once at the end `_look` settles what depends on the clock and on all prices together.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final, Protocol

from simexchange.futures import events, funding
from simexchange.futures.contracts import LIQUIDATION_FEE, Contract
from simexchange.futures.engine import Engine
from simexchange.futures.orders import LIQUIDATED, AlgoOrder, Order
from simexchange.futures.positions import BUY, SELL, Position, pressing, rounded
from simexchange.trading.matching import path
from simexchange.trading.walk import Second

_CALL_AT: Final = Decimal("0.8")
#: Positions are looked at together at least this often, in seconds of exchange time.
_STRETCH: Final = 3_600
Levels = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class _Coming:
    """The first second from `begin` on in which a contract reaches one of its levels."""

    levels: Levels
    begin: int
    second: Second | None


class Seconds(Protocol):
    """Finds seconds in which a price reached a level; trading.walk.Walker does."""

    def next(self, row: int, begin: int, end: int, levels: Levels) -> Second | None:
        """The first second in [begin, end) in which the price fell to levels[0] or rose to levels[1]."""


class Course:
    """Time over an engine, from `begin` (UTC seconds) on."""

    def __init__(self, engine: Engine, seconds: Seconds, begin: int) -> None:
        self._engine = engine
        self._seconds = seconds
        self._at = engine.moment = begin
        self._countdowns: dict[str, int] = {}
        self._called = False
        self._liquidations: dict[Position, int] = {}

    def advance(self, now: int, now_ms: int) -> None:
        """Bring everything up to `now`."""
        engine = self._engine
        while self._at < now:
            due = funding.next_time(self._at)
            stop = min(now, due, self._at // _STRETCH * _STRETCH + _STRETCH)
            self._walk(stop)
            self._at = engine.moment = stop
            if stop == due:
                self._fund(stop)
            self._press(stop * 1000)
        self._look(now_ms)

    def count_down(self, contract: Contract, deadline_ms: int) -> None:
        """Cancel all open orders of a contract at a moment (ms), unless asked again before; 0 never."""
        self._countdowns.pop(contract.symbol, None)
        if deadline_ms:
            self._countdowns[contract.symbol] = deadline_ms

    def _walk(self, stop: int) -> None:
        engine = self._engine
        coming: dict[Contract, _Coming] = {}
        revision = -1
        while True:
            if engine.revision != revision:
                # Something was filled, placed or ended: levels may be others, and those of other contracts too.
                revision = engine.revision
                self._liquidations = {one: self._liquidation(one) for one in engine.account.held()}
                begun = {contract: known.begin for contract, known in coming.items()}
                known_before, coming = coming, {}
                for contract in self._in_play():
                    # What is past is past, whatever levels are new.
                    begin = max(begun.get(contract, self._at), engine.moment - 1)
                    levels, known = self._levels(contract), known_before.get(contract)
                    if known is None or known.levels != levels:
                        known = self._coming(contract, levels, begin, stop)
                    coming[contract] = known
            found = [(known.second.at, contract) for contract, known in coming.items() if known.second is not None]
            if not found:
                return
            at, contract = min(found, key=lambda one: one[0])
            second = coming[contract].second
            assert second is not None
            engine.moment = at + 1
            self._second(contract, second)
            coming[contract] = self._coming(contract, self._levels(contract), at + 1, stop)

    def _coming(self, contract: Contract, levels: Levels, begin: int, stop: int) -> _Coming:
        return _Coming(levels, begin, self._seconds.next(contract.row, begin, stop, levels))

    def _in_play(self) -> list[Contract]:
        engine = self._engine
        found = {order.contract.symbol: order.contract for order in engine.all_open()}
        found |= {algo.contract.symbol: algo.contract for algo in engine.all_waiting()}
        found |= {position.contract.symbol: position.contract for position in engine.account.held()}
        return list(found.values())

    def _levels(self, contract: Contract) -> Levels:
        """The highest price that matters when it is fallen to, the lowest when it is risen to."""
        falls: list[int] = []
        rises: list[int] = []
        for order in self._engine.open_of(contract):
            (falls if order.side == BUY else rises).append(order.ticks)
        for algo in self._engine.waiting_of(contract):
            if not algo.trailing:
                (rises if algo.rises else falls).append(algo.trigger)
            elif algo.peak:
                ahead, behind = (falls, rises) if algo.side == BUY else (rises, falls)
                behind.append(algo.trigger)
                ahead.append(algo.peak + (-1 if algo.side == BUY else 1))
            else:
                (falls if algo.side == BUY else rises).append(algo.activate)
        for position in self._engine.account.of(contract):
            ticks = self._liquidations.get(position)
            if ticks and position.lots:
                # One tick sooner: what decides is the margin, then.
                (falls if position.lots > 0 else rises).append(ticks + (1 if position.lots > 0 else -1))
        return max(falls, default=None), min(rises, default=None)

    def _second(self, contract: Contract, second: Second) -> None:
        now_ms = second.at * 1000 + 999
        for rises in path(second.open, second.close):
            self._touch(contract, second, now_ms, rises=rises)
        self._engine.passing(contract, None)

    def _touch(self, contract: Contract, second: Second, now_ms: int, *, rises: bool) -> None:
        """The price to which the contract rose (or fell) in a second, and those it passed on its way."""
        engine, side, at = self._engine, SELL if rises else BUY, second.at
        price = second.high if rises else second.low

        def passed(level: int) -> int:
            return max(level, second.open) if rises else min(level, second.open)

        due: list[tuple[int, int, Order | AlgoOrder]] = []
        for order in engine.open_of(contract):
            if order.side == side and order.since <= at and _reached(price, order.ticks, rises=rises):
                due.append((order.ticks, order.id, order))
        for algo in engine.waiting_of(contract):
            if algo.since <= at and self._triggers(algo, price, rises=rises):
                due.append((algo.trigger, algo.id, algo))
        # A price on its way up passes the lower level first.
        for _, _, item in sorted(due, key=lambda entry: (entry[0] if rises else -entry[0], entry[1])):
            if not item.open:
                continue
            if isinstance(item, AlgoOrder):
                engine.passing(contract, passed(item.trigger))
                engine.trigger(item, now_ms)
            else:
                engine.fill(item, item.ticks, item.left, now_ms, maker=True)
        for position in engine.account.of(contract):
            ticks = self._liquidations.get(position)
            if not ticks or not position.lots or (position.lots < 0) != rises:
                continue
            if _reached(price, ticks + (-1 if rises else 1), rises=rises):
                engine.passing(contract, price)
                if pressing(*engine.account.standing(position)):
                    engine.passing(contract, passed(self._liquidation(position)))
                    self._liquidate(position, now_ms)
        engine.passing(contract, price)

    @staticmethod
    def _triggers(algo: AlgoOrder, price: int, *, rises: bool) -> bool:
        if not algo.trailing:
            return algo.rises == rises and _reached(price, algo.trigger, rises=rises)
        if algo.peak and (algo.side == BUY) == rises and _reached(price, algo.trigger, rises=rises):
            return True
        algo.follow(price)
        return False

    def _liquidation(self, position: Position) -> int:
        """Liquidation price in ticks, the first at which it happens; 0 for none."""
        price = self._engine.account.liquidation_price(position).scaleb(position.contract.listing.price_decimals)
        return int(price.to_integral_value(ROUND_FLOOR if position.lots > 0 else ROUND_CEILING))

    def _liquidate(self, position: Position, now_ms: int) -> None:
        """Close a position at the mark price."""
        engine, account, contract = self._engine, self._engine.account, position.contract
        isolated = account.settings(contract).isolated
        for order in [one for one in engine.all_open() if one.contract is contract or not isolated]:
            engine.end(order, "EXPIRED", now_ms, LIQUIDATED)
        ticks, lots = engine.mark(contract), abs(position.lots)
        # What it may lose at most: its own margin, or all that backs cross positions. Insurance bears the rest.
        worst = -position.isolated if isolated else -account.cross(contract.asset)
        side = SELL if position.lots > 0 else BUY
        order = Order(
            engine.ids.next("order"),
            contract,
            f"autoclose-{now_ms}",
            side,
            position.side,
            "LIQUIDATION",
            "IOC",
            lots,
            now_ms,
            updated_ms=now_ms,
        )
        engine.orders[order.id] = order
        engine.tell(order, "NEW", now_ms)
        profit = position.fill(order.signed * lots, ticks, account.settings(contract))
        position.updated_ms = now_ms
        fee = rounded(contract.value(ticks * lots) * LIQUIDATION_FEE)
        trade = engine.record(order, ticks, lots, profit, now_ms, maker=False)
        borne = max(profit, worst)
        account.earn(contract, "REALIZED_PNL", borne, now_ms, str(trade.id), str(trade.id))
        cleared = account.earn(contract, "INSURANCE_CLEAR", max(profit - fee, worst) - borne, now_ms)
        trade.commission = -cleared
        engine.tell(order, "CALCULATED", now_ms, trade)
        engine.tell_account("INSURANCE_CLEAR", [position], now_ms, {contract.asset: cleared})
        engine.emptied(position, now_ms)

    def _fund(self, at: int) -> None:
        engine = self._engine
        for position in list(engine.account.held()):
            contract = position.contract
            rate = funding.rate(contract.symbol, at)
            amount = -rounded(position.notional(engine.mark(contract)) * rate)
            done = engine.account.earn(contract, "FUNDING_FEE", amount, at * 1000)
            engine.tell_account("FUNDING_FEE", [position], at * 1000, {contract.asset: done})

    def _look(self, now_ms: int) -> None:
        engine = self._engine
        for order in [one for one in engine.all_open() if one.tif == "GTD" and one.good_till_ms <= now_ms]:
            engine.end(order, "EXPIRED", now_ms)
        for algo in [one for one in engine.all_waiting() if one.tif == "GTD" and one.good_till_ms <= now_ms]:
            engine.end_algo(algo, "EXPIRED", now_ms)
        for symbol in [name for name, deadline in self._countdowns.items() if deadline <= now_ms]:
            del self._countdowns[symbol]
            for order in [one for one in engine.all_open() if one.contract.symbol == symbol]:
                engine.end(order, "CANCELED", now_ms)
        pressed = self._press(now_ms)
        if pressed and not self._called:
            marks = {position.contract.symbol: engine.mark(position.contract) for position in pressed}
            engine.emit(events.margin_call(engine.account, pressed, marks, now_ms))
        self._called = bool(pressed)

    def _press(self, now_ms: int) -> list[Position]:
        """Liquidate what the prices of all positions together leave no margin; gives those that are near it."""
        engine = self._engine
        pressed: list[Position] = []
        for position in list(engine.account.held()):
            margin, maintenance = engine.account.standing(position)
            if pressing(margin, maintenance):
                self._liquidate(position, now_ms)
            elif maintenance >= margin * _CALL_AT:
                pressed.append(position)
        return pressed


def _reached(price: int, level: int, *, rises: bool) -> bool:
    return price >= level if rises else price <= level
