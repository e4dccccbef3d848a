"""What may be decided about an open position, and what of it may stand: risk never grows.

1. `PositionDecision` is the shape that a model fills, read as leniently as `analysis.decision`.
2. `judge` holds it to the position: a stop moves toward the price only, targets lie ahead of it, at distances that make
   sense in ATR and on the tick; a part is smaller than the whole and both parts can be sold. What fails is refused with
   the reason, the rest stands; an answer of which nothing stands is `hold`.
3. `by_rules` is the offline manager: out when the idea is wrong, to break-even after one R, then behind the swings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from analysis import Check
from analysis.decision import Confidence, Number, Numbers, Reasoning, read_choice, read_number
from analysis.snapshot import Snapshot
from broker.rules import SymbolRules
from broker.types import ONE, ZERO, Direction, plain, to_decimal

PositionChoice = Literal["hold", "adjust", "reduce", "close"]

RULES_NAME: Final = "offline manager (rules)"
RULES_VERSION: Final = "rules 1"
MIN_STOP_ATR: Final = 0.25
"""A stop stays so many ATR away from the price, lest the next tick reach it."""
MAX_TARGET_ATR: Final = 20.0
MOST_TARGETS: Final = 5
BUFFER: Final = 0.25
"""How many ATR behind a swing the offline manager's stop goes."""
WORTH: Final = 0.1
"""The offline manager moves a stop by so many ATR at least."""


def _fraction(value: object) -> object:
    if isinstance(value, str) and value.rstrip().endswith("%"):
        number = read_number(value.rstrip().removesuffix("%"))
        return None if number is None else number / 100
    number = read_number(value)
    # Asked for a fraction, models sometimes answer in percent; just above one it is neither, and refused.
    return number / 100 if number is not None and 2 <= number <= 100 else number


class PositionDecision(BaseModel):
    """A decision about a position, as proposed. `confidence` is 0 to 100, `reduce_fraction` the share to sell."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_max_length=4_000)

    decision: Annotated[PositionChoice, BeforeValidator(read_choice)]
    confidence: Confidence
    reasoning: Reasoning
    stop: Number = Field(default=None, description="For adjust: the new stop, nearer to the price than the old one")
    targets: Numbers = Field(default=(), description="For adjust: all targets from now on, nearest first")
    reduce_fraction: Annotated[float | None, BeforeValidator(_fraction)] = Field(
        default=None, description="For reduce: the share of the position to sell, between 0 and 1"
    )

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return self.model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Holding:
    """An open position as its manager sees it. Prices in the quote asset; `best` is the furthest price in its favour
    since the entry. `invalidated` says whether the thesis's invalidation is true, None where unknown or unsaid.
    """

    direction: Direction
    entry: Decimal
    quantity: Decimal
    initial_quantity: Decimal
    stop: Decimal | None
    initial_stop: Decimal | None
    targets: tuple[Decimal, ...]
    price: Decimal
    best: Decimal
    fee_rate: Decimal
    candles: int = 0
    thesis: str = ""
    invalidation: str | None = None
    invalidated: bool | None = None

    @property
    def risk(self) -> Decimal | None:
        """One R per unit: from the entry to the first stop; None where there was none on the losing side."""
        if self.initial_stop is None:
            return None
        distance = (self.entry - self.initial_stop) * self.direction.sign
        return distance if distance > ZERO else None

    @property
    def break_even(self) -> Decimal:
        """The price at which the fees of both sides are earned."""
        up, down = ONE + self.fee_rate, ONE - self.fee_rate
        return self.entry * up / down if self.direction is Direction.LONG else self.entry * down / up

    def in_r(self, price: Decimal) -> float | None:
        """How far a price is from the entry, in R."""
        risk = self.risk
        return None if risk is None else float((price - self.entry) * self.direction.sign / risk)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What stands of a decision: the levels from now on where they change, and the quantity to sell. `refusals` are the
    messages of the checks that failed.
    """

    decision: PositionChoice
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] | None = None
    quantity: Decimal | None = None
    checks: tuple[Check, ...] = ()

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why parts of the answer do not stand."""
        return tuple(c.message for c in self.checks if c.status == "failed")

    def without_part(self, reason: str) -> Ruling:
        """The ruling where no part can be sold now, because of `reason`."""
        moved = self.stop is not None or self.targets is not None
        checks = (*self.checks, _failed("reduce", reason))
        return Ruling("adjust" if moved else "hold", self.stop, self.targets, None, checks)


def judge(proposed: PositionDecision, held: Holding, rules: SymbolRules, atr: float | None) -> Ruling:
    """What of a proposed decision stands. `atr` is the average true range of the strategy's candles, quote asset."""
    checks: list[Check] = []
    if proposed.decision == "close":
        return Ruling("close")
    if proposed.decision == "hold":
        return Ruling("hold")
    stop = _stop(proposed.stop, held, rules, atr, checks)
    targets = _targets(proposed.targets, held, rules, atr, checks)
    quantity = _part(proposed, held, rules, checks) if proposed.decision == "reduce" else None
    decision: PositionChoice = "hold"
    if quantity is not None:
        decision = "reduce"
    elif stop is not None or targets is not None:
        decision = "adjust"
    if proposed.decision == "adjust" and proposed.stop is None and not proposed.targets:
        checks.append(_failed("adjust", "Nothing to adjust was named: no stop and no target."))
    return Ruling(decision, stop, targets, quantity, tuple(checks))


def tighter(direction: Direction, new: Decimal, old: Decimal | None) -> bool:
    """Whether a stop is nearer to the price than the old one; any is, where there was none."""
    return old is None or (new - old) * direction.sign > ZERO


def _stop(
    number: float | None, held: Holding, rules: SymbolRules, atr: float | None, checks: list[Check]
) -> Decimal | None:
    if number is None:
        return None
    if not _usable(number):
        checks.append(_failed("stop", "The stop is not a price above zero.", number))
        return None
    stop = rules.stop(held.direction, to_decimal(number))
    if held.stop is not None and stop == held.stop:
        return None
    old = float(held.stop) if held.stop is not None else None
    if not tighter(held.direction, stop, held.stop):
        checks.append(
            _failed(
                "stop", f"The stop {plain(stop)} would be further away than {plain(held.stop or ZERO)}.", number, old
            )
        )
        return None
    sign, price = held.direction.sign, float(held.price)
    distance = float((held.price - stop) * sign)
    side = "below" if held.direction is Direction.LONG else "above"
    if distance <= 0:
        message = f"The stop {plain(stop)} is not {side} the price {plain(held.price)}."
        checks.append(_failed("stop", message, number, price))
        return None
    if atr is None or not _usable(atr):
        checks.append(_failed("stop", "There is no average range, so no distance can be judged.", number))
        return None
    if distance < MIN_STOP_ATR * atr:
        message = f"The stop {plain(stop)} is {distance / atr:.2f} ATR from the price; {MIN_STOP_ATR:g} is the least."
        checks.append(_failed("stop", message, number, price))
        return None
    was = "there was none" if held.stop is None else f"it was {plain(held.stop)}"
    message = f"The stop moves to {plain(stop)}, {distance / atr:.2f} ATR from the price; {was}."
    checks.append(Check(name="stop", status="ok", message=message, cited=number, stored=old))
    return stop


def _targets(
    numbers: tuple[float | None, ...], held: Holding, rules: SymbolRules, atr: float | None, checks: list[Check]
) -> tuple[Decimal, ...] | None:
    kept: set[Decimal] = set()
    side = "above" if held.direction is Direction.LONG else "below"
    for number in numbers[:MOST_TARGETS]:
        if number is None or not _usable(number):
            checks.append(_failed("target", "A target is not a price above zero."))
            continue
        target = rules.target(held.direction, to_decimal(number))
        ahead = float((target - held.price) * held.direction.sign)
        if ahead <= 0 or target <= ZERO:
            message = f"The target {plain(target)} is not {side} the price {plain(held.price)}."
        elif atr is None or not _usable(atr):
            message = "There is no average range, so no distance can be judged."
        elif ahead > MAX_TARGET_ATR * atr:
            message = f"The target {plain(target)} is {ahead / atr:.1f} ATR away; {MAX_TARGET_ATR:g} is the most."
        else:
            kept.add(target)
            message = f"The target {plain(target)} is {ahead / atr:.2f} ATR away."
            checks.append(Check(name="target", status="ok", message=message, cited=number))
            continue
        checks.append(_failed("target", message, number, float(held.price)))
    found = tuple(sorted(kept, key=lambda t: t * held.direction.sign))
    return found if found and found != held.targets else None


def _part(proposed: PositionDecision, held: Holding, rules: SymbolRules, checks: list[Check]) -> Decimal | None:
    share = proposed.reduce_fraction
    if share is None or not math.isfinite(share) or not 0 < share < 1:
        checks.append(_failed("reduce", "The share to sell is not between 0 and 1.", share))
        return None
    quantity = rules.quantity(held.quantity * to_decimal(share))
    for what, part in (("part", quantity), ("rest", held.quantity - quantity)):
        if refused := rules.check_order(part, held.price):
            checks.append(_failed("reduce", f"The {what} could not be sold. {refused[0].message}", share))
            return None
    message = f"{plain(quantity)} of {plain(held.quantity)} is sold."
    checks.append(Check(name="reduce", status="ok", message=message, cited=share))
    return quantity


def by_rules(held: Holding, snapshot: Snapshot) -> PositionDecision:
    """The offline manager's decision; the same position and snapshot always give the same one."""
    if held.invalidated:
        return PositionDecision(
            decision="close", confidence=80, reasoning=f"The idea is invalid: {held.invalidation} is true."
        )
    reached = held.in_r(held.best)
    if held.risk is None or reached is None:
        return _hold("The position has no first stop on its losing side, so it is left to its levels.")
    if reached < 1:
        return _hold(f"The best price so far is {reached:.2f} R from the entry; the stop stays until one R.")
    atr = snapshot.atr or 0.0
    sign = held.direction.sign
    swings = snapshot.swing_lows if held.direction is Direction.LONG else snapshot.swing_highs
    candidates = [(to_decimal(s - sign * BUFFER * atr), f"behind the swing at {snapshot.text(s)}") for s in swings[:1]]
    candidates.append((held.break_even, "to break-even after fees"))
    for stop, why in sorted(candidates, key=lambda c: -c[0] * sign):
        away = float((held.price - stop) * sign)
        gained = math.inf if held.stop is None else float((stop - held.stop) * sign)
        if away >= MIN_STOP_ATR * atr and gained >= max(WORTH * atr, float(snapshot.tick)) and gained > 0:
            return PositionDecision(
                decision="adjust",
                confidence=70,
                reasoning=f"The best price so far is {reached:.2f} R from the entry: the stop moves {why}.",
                stop=float(stop),
            )
    return _hold(f"The best price so far is {reached:.2f} R from the entry; no nearer stop has room.")


def _hold(reasoning: str) -> PositionDecision:
    return PositionDecision(decision="hold", confidence=60, reasoning=reasoning)


def _failed(name: str, message: str, cited: float | None = None, stored: float | None = None) -> Check:
    shown = cited if cited is not None and math.isfinite(cited) else None
    return Check(name=name, status="failed", message=message, cited=shown, stored=stored)


def _usable(number: float) -> bool:
    return math.isfinite(number) and 0 < number < 1e15
