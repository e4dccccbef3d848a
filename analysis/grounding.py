"""Deterministic checks that decide what of a proposed decision may stand; no answer can loosen them.

1. `_cited`: the entry must be the price, but for a wait, which may name another to wait for; supports and resistances
   must be levels of the snapshot, on their side of it.
2. `_levels`: stop and targets on their sides of the price, on the tick, beyond noise, within reach, and enough reward
   for the risk, computed from the price with fees; what was proposed for it is replaced.
3. `check_text`: every price and indicator value in the text must be in the snapshot or the plan (`analysis.prose`).
4. `check_codes`: trigger and invalidation must compile and read nothing that cannot be watched (`analysis.codes`);
   their prices are cited ones too.
5. `validate`: one failure turns `enter_trade` into `bad_setup`, and levels that failed are removed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeGuard

from pydantic import BaseModel, ConfigDict

from analysis.decision import Decision, KeyLevels
from analysis.known import Known, Number
from analysis.prose import Check, Status, check_codes, check_text
from analysis.snapshot import Snapshot
from broker.rules import ceil_to, floor_to
from broker.sizing import reward_to_risk
from broker.types import BPS, Direction, to_decimal

MOST_TARGETS: Final = 3
MIN_STOP_TICKS: Final = 2
"""A stop nearer than this is noise, whatever the average range."""


@dataclass(frozen=True, slots=True)
class GroundingLimits:
    """What levels must satisfy. Distances in ATR from the price; `fee_bps` per side.

    `min_reward_risk` holds for the first target, because the whole position is closed there.
    """

    min_stop_atr: float = 0.5
    max_stop_atr: float = 6.0
    max_target_atr: float = 20.0
    min_reward_risk: float = 1.0
    fee_bps: float = 10.0

    @property
    def fee_rate(self) -> Decimal:
        """The fee of one side as a fraction."""
        return to_decimal(self.fee_bps) / BPS


class GroundingReport(BaseModel):
    """All checks of one decision. `passed` means that none failed; `reasons` are the failures' messages.

    `risk_reward` (first target, after fees) and `stop_atr` are computed from the snapshot's price, None
    without usable levels.
    """

    model_config = ConfigDict(frozen=True)

    passed: bool
    checks: tuple[Check, ...]
    reasons: tuple[str, ...]
    proposed: str
    risk_reward: float | None = None
    stop_atr: float | None = None


def validate(
    decision: Decision, snapshot: Snapshot, limits: GroundingLimits | None = None
) -> tuple[Decision, GroundingReport]:
    """The decision that stands, and the report of how it was checked.

    An `enter_trade` that passes has its entry replaced by the snapshot's price, levels on the tick, targets
    nearest first, and the computed reward to risk. Other decisions keep only levels that would have passed, and a wait
    the entry that it waits for.
    """
    limits = limits or GroundingLimits()
    known = Known(snapshot, _own(decision.key_levels))
    cited_checks, support, resistance = _cited(decision.key_levels, snapshot, known)
    plan = _levels(decision.key_levels, snapshot, limits)
    entry_check, awaited = _entry(decision, snapshot, known, limits)
    codes, code_checks = check_codes(decision, snapshot, known)
    trade = decision.decision == "enter_trade"
    if not trade and plan.failed:
        # Without a trade, a missing or odd level is no failure; it is only not kept.
        level_checks = [_flagged(c) for c in plan.checks if c.status != "ok"]
        if decision.key_levels.stop_loss is None and not decision.key_levels.take_profit:
            level_checks = []
    else:
        level_checks = plan.checks
    checks = (
        *entry_check,
        *cited_checks,
        *level_checks,
        *_risk_reward(decision, plan),
        *check_text(decision, snapshot, known, plan.reward_risk),
        *code_checks,
    )
    reasons = tuple(dict.fromkeys(c.message for c in checks if c.status == "failed"))
    kept = not plan.failed and (not trade or not reasons)
    levels = KeyLevels(
        entry=awaited if awaited is not None else snapshot.price if kept else None,
        stop_loss=float(plan.stop) if kept and plan.stop is not None else None,
        take_profit=tuple(float(t) for t in plan.targets) if kept else (),
        support=support,
        resistance=resistance,
    )
    final = decision.model_copy(
        update={
            "decision": "bad_setup" if trade and reasons else decision.decision,
            "key_levels": levels,
            "trade_plan": decision.trade_plan.model_copy(
                update={"risk_reward": plan.reward_risk if kept else None, **codes}
            ),
        }
    )
    report = GroundingReport(
        passed=not reasons,
        checks=checks,
        reasons=reasons,
        proposed=decision.decision,
        risk_reward=plan.reward_risk,
        stop_atr=plan.stop_atr,
    )
    return final, report


def noise(snapshot: Snapshot) -> float:
    """How far tick and spread alone may move the price, in the quote asset: no stop stands nearer."""
    spread = (snapshot.context.spread_bps or 0.0) / 1e4 * snapshot.price
    return max(MIN_STOP_TICKS * float(snapshot.tick), spread)


def _own(levels: KeyLevels) -> dict[str, float]:
    """The plan's own prices, which its text may name by what they are."""
    targets = levels.take_profit[:MOST_TARGETS]
    named = {
        "plan's entry": levels.entry,
        "plan's stop": levels.stop_loss,
        **{f"plan's target {i + 1}": t for i, t in enumerate(targets)},
    }
    return {name: price for name, price in named.items() if _usable(price)}


def _flagged(check: Check) -> Check:
    return check.model_copy(update={"status": "flagged"})


@dataclass(slots=True)
class _Plan:
    checks: list[Check]
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    reward_risk: float | None = None
    stop_atr: float | None = None

    @property
    def failed(self) -> bool:
        return any(c.status == "failed" for c in self.checks)

    def add(self, name: str, good: bool, message: str, cited: float | None = None, stored: float | None = None) -> None:
        self.checks.append(
            Check(name=name, status="ok" if good else "failed", message=message, cited=cited, stored=stored)
        )


def _cited(
    levels: KeyLevels, snapshot: Snapshot, known: Known
) -> tuple[list[Check], tuple[float, ...], tuple[float, ...]]:
    checks: list[Check] = []
    kept: dict[str, list[float]] = {"support": [], "resistance": []}
    price = _show(snapshot.price, snapshot)
    for name, numbers, sign in (("support", levels.support, -1), ("resistance", levels.resistance, 1)):
        for number in numbers:
            if not _usable(number):
                checks.append(Check(name=name, status="failed", message=f"A cited {name} is not a price above zero."))
                continue
            shown = _show(number, snapshot)
            where = known.level(Number.of(number))
            beyond = (number - snapshot.price) * sign >= -float(snapshot.tick)
            message = f"The cited {name} {shown} is {where}."
            if where is None:
                message = f"The cited {name} {shown} is not in the snapshot."
            elif not beyond:
                side = "above" if sign < 0 else "below"
                message = f"The cited {name} {shown} ({where}) is {side} the price {price}."
            good = where is not None and beyond
            close = known.closest(number) if where is None else known.levels[where]
            checks.append(
                Check(name=name, status="ok" if good else "failed", message=message, cited=number, stored=close)
            )
            if good:
                kept[name].append(number)
    return checks, tuple(kept["support"]), tuple(kept["resistance"])


def _entry(
    decision: Decision, snapshot: Snapshot, known: Known, limits: GroundingLimits
) -> tuple[list[Check], float | None]:
    """How the entry was checked, and the price that a wait waits for, None where it named none that can be used."""
    entry, stop = decision.key_levels.entry, decision.key_levels.stop_loss
    if entry is None:
        return [], None
    price = _show(snapshot.price, snapshot)
    shown, awaited = _show(entry, snapshot), None
    good = _usable(entry) and known.is_price(Number.of(entry))
    message = f"The entry {shown} is {'' if good else 'not '}the price {price}."
    if decision.decision == "wait" and _usable(entry) and not good:
        sign, reach = Direction(snapshot.direction).sign, limits.max_target_atr
        if abs(entry - snapshot.price) > reach * (snapshot.atr or 0.0):
            message = f"The entry {shown} is too far from the price {price} to wait for; {reach:g} ATR is within reach."
        elif _usable(stop) and (entry - stop) * sign <= 0:
            message = f"The entry {shown} is beyond the stop {_show(stop, snapshot)}."
        else:
            good, awaited = True, entry
            message = f"It waits for an entry at {shown}; the price is {price}."
    status: Status = "ok" if good else "failed" if decision.decision == "enter_trade" else "flagged"
    return [Check(name="entry", status=status, message=message, cited=entry, stored=snapshot.price)], awaited


def _levels(levels: KeyLevels, snapshot: Snapshot, limits: GroundingLimits) -> _Plan:
    plan = _Plan([])
    atr, price = snapshot.atr, snapshot.price
    if atr is None or not _usable(atr):
        plan.add("atr", False, "There are too few candles for an average range, so no distance can be judged.")
        return plan
    direction = Direction(snapshot.direction)
    sign = direction.sign
    _check_stop(plan, levels.stop_loss, snapshot, limits, atr, direction)
    if not levels.take_profit:
        plan.add("target", False, "There is no target.")
    if len(levels.take_profit) > MOST_TARGETS:
        message = f"There are {len(levels.take_profit)} targets; at most {MOST_TARGETS} are a plan."
        plan.add("target", False, message)
        return plan
    targets: list[Decimal] = []
    for number in levels.take_profit:
        if not _usable(number):
            plan.add("target", False, "A target is not a price above zero.")
            continue
        away = (number - price) * sign / atr
        rounded = _on_tick(number, snapshot.tick, down=direction is Direction.LONG)
        ahead = (rounded - to_decimal(price)) * sign > 0 and rounded > 0
        side = "above" if direction is Direction.LONG else "below"
        if not ahead:
            message = f"The target {_show(number, snapshot)} is not {side} the price {_show(price, snapshot)}."
        else:
            message = (
                f"The target {_show(number, snapshot)} is {_count(away)} ATR away; "
                f"at most {limits.max_target_atr:g} is within reach."
            )
        plan.add("target", ahead and away <= limits.max_target_atr, message, number, price)
        targets.append(rounded)
    plan.targets = tuple(sorted(set(targets), key=lambda t: t * sign))
    if plan.failed or plan.stop is None:
        return plan
    ratio = reward_to_risk(direction, to_decimal(price), plan.stop, plan.targets[0], limits.fee_rate)
    plan.reward_risk = None if ratio is None else float(round(ratio, 4))
    enough = plan.reward_risk is not None and plan.reward_risk >= limits.min_reward_risk
    shown = "not computable" if plan.reward_risk is None else f"{plan.reward_risk:.2f}"
    plan.add(
        "reward to risk",
        enough,
        f"Reward to risk after fees is {shown}; at least {limits.min_reward_risk:g} is needed.",
        None,
        plan.reward_risk,
    )
    return plan


def _check_stop(
    plan: _Plan,
    stop: float | None,
    snapshot: Snapshot,
    limits: GroundingLimits,
    atr: float,
    direction: Direction,
) -> None:
    price = snapshot.price
    if not _usable(stop):
        plan.add("stop", False, "There is no stop." if stop is None else "The stop is not a price above zero.")
        return
    # Away from the price there is no rounding: a stop that moves toward it never raises the risk.
    rounded = _on_tick(stop, snapshot.tick, down=direction is Direction.SHORT)
    distance = float((to_decimal(price) - rounded) * direction.sign) / atr
    if distance <= 0 or rounded <= 0:
        side = "below" if direction is Direction.LONG else "above"
        plan.add(
            "stop",
            False,
            f"The stop {_show(stop, snapshot)} is not {side} the price {_show(price, snapshot)}; "
            f"a {direction} needs it {side}.",
            stop,
            price,
        )
        return
    plan.stop, plan.stop_atr = rounded, round(distance, 4)
    least = noise(snapshot)
    if distance * atr < least * (1 - 1e-9):
        message = (
            f"The stop {_show(stop, snapshot)} is {_show(distance * atr, snapshot)} away; spread and tick alone "
            f"may move the price by {_show(least, snapshot)}."
        )
        plan.add("stop", False, message, stop, price)
        return
    plan.add(
        "stop",
        limits.min_stop_atr <= distance <= limits.max_stop_atr,
        f"The stop {_show(stop, snapshot)} is {_count(distance)} ATR away; "
        f"{limits.min_stop_atr:g} to {limits.max_stop_atr:g} is allowed.",
        stop,
        price,
    )


def _risk_reward(decision: Decision, plan: _Plan) -> list[Check]:
    said, computed = decision.trade_plan.risk_reward, plan.reward_risk
    if said is None or computed is None or abs(said - computed) <= max(0.1, 0.1 * abs(computed)):
        return []
    return [
        Check(
            name="stated reward to risk",
            status="flagged",
            message=f"The stated reward to risk {_count(said)} was replaced by the computed {computed:.2f}.",
            cited=said,
            stored=computed,
        )
    ]


def _on_tick(number: float, tick: Decimal, *, down: bool) -> Decimal:
    value = to_decimal(number)
    return floor_to(value, tick) if down else ceil_to(value, tick)


def _usable(number: float | None) -> TypeGuard[float]:
    return number is not None and math.isfinite(number) and number > 0


def _show(number: float, snapshot: Snapshot) -> str:
    return snapshot.text(number) if abs(number) < 1e12 else f"{number:.3g}"


def _count(number: float) -> str:
    return f"{number:.2f}" if abs(number) < 1e6 else f"{number:.3g}"
