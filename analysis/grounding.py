"""Deterministic checks that decide what of a proposed decision may stand; no answer can loosen them.

1. `_cited`: supports and resistances must be numbers of the snapshot, within rounding.
2. `_levels`: entry near the price, stop and targets on their sides of it, on the tick, at sane distances in
   ATR, and enough reward for the risk, computed from the price with fees; what was proposed for it is
   replaced.
3. `_prose`: prices in the text that are in no list are pointed out.
4. `validate`: one failure turns `enter_trade` into `bad_setup`, and levels that failed are removed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeGuard

from pydantic import BaseModel, ConfigDict

from analysis.decision import Decision, KeyLevels
from analysis.snapshot import Snapshot
from broker.rules import ceil_to, floor_to
from broker.sizing import reward_to_risk
from broker.types import BPS, Direction, to_decimal

Status = Literal["ok", "flagged", "failed"]

ROUNDING: Final = 0.0002
"""A cited number may differ from the stored one by a tick or by this fraction of it."""

_PRICE_IN_TEXT: Final = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?![\w%])")
_CALL: Final = re.compile(r"\w+\([^()]*\)(?:\s*[<>=]=?\s*[\d.]+)?")
# Numbers that say what they are, so are no prices.
_MEASURE_AFTER: Final = re.compile(r"\s*(?:ATR|R\b|x\b|%|bps|times|touch|candle|minute|hour|day|period|percent)", re.I)
_MEASURE_BEFORE: Final = re.compile(r"(?:rsi|score|risk|ratio|confidence|volume)(?:\W+\w+){0,3}\W+$", re.I)


@dataclass(frozen=True, slots=True)
class GroundingLimits:
    """What levels must satisfy. Distances in ATR from the price; `fee_bps` per side.

    `min_reward_risk` holds for the first target, because the whole position is closed there.
    """

    min_stop_atr: float = 0.5
    max_stop_atr: float = 6.0
    max_target_atr: float = 20.0
    max_entry_atr: float = 0.5
    min_reward_risk: float = 1.0
    fee_bps: float = 10.0

    @property
    def fee_rate(self) -> Decimal:
        """The fee of one side as a fraction."""
        return to_decimal(self.fee_bps) / BPS


class Check(BaseModel):
    """One check: what was cited, what is stored (or the limit), and how it ended."""

    model_config = ConfigDict(frozen=True)

    name: str
    status: Status
    message: str
    cited: float | None = None
    stored: float | None = None


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
    nearest first, and the computed reward to risk. Other decisions keep only levels that would have passed.
    """
    limits = limits or GroundingLimits()
    cited_checks, support, resistance = _cited(decision.key_levels, snapshot)
    plan = _levels(decision.key_levels, snapshot, limits)
    trade = decision.decision == "enter_trade"
    if not trade and plan.failed:
        # Without a trade, a missing or odd level is no failure; it is only not kept.
        level_checks = [c.model_copy(update={"status": "flagged"}) for c in plan.checks if c.status != "ok"]
        if decision.key_levels.stop_loss is None and not decision.key_levels.take_profit:
            level_checks = []
    else:
        level_checks = plan.checks
    checks = (*cited_checks, *level_checks, *_risk_reward(decision, plan), *_prose(decision, snapshot, plan))
    reasons = tuple(c.message for c in checks if c.status == "failed")
    kept = not plan.failed and (not trade or not reasons)
    levels = KeyLevels(
        entry=snapshot.price if kept else None,
        stop_loss=float(plan.stop) if kept and plan.stop is not None else None,
        take_profit=tuple(float(t) for t in plan.targets) if kept else (),
        support=support,
        resistance=resistance,
    )
    ratio = plan.reward_risk if kept else None
    final = decision.model_copy(
        update={
            "decision": "bad_setup" if trade and reasons else decision.decision,
            "key_levels": levels,
            "trade_plan": decision.trade_plan.model_copy(update={"risk_reward": ratio}),
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


def nearest(value: float, stored: Iterable[float]) -> float | None:
    """The stored number closest to `value`; None when there is none."""
    return min(stored, key=lambda number: abs(number - value), default=None)


def same(cited: float, stored: float, tick: Decimal) -> bool:
    """Whether a cited number is a stored one, within rounding."""
    return abs(cited - stored) <= max(float(tick), ROUNDING * abs(stored))


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


def _cited(levels: KeyLevels, snapshot: Snapshot) -> tuple[list[Check], tuple[float, ...], tuple[float, ...]]:
    stored = snapshot.numbers()
    checks: list[Check] = []
    kept: dict[str, list[float]] = {"support": [], "resistance": []}
    for name, numbers in (("support", levels.support), ("resistance", levels.resistance)):
        for number in numbers:
            if not _usable(number):
                checks.append(Check(name=name, status="failed", message=f"A cited {name} is not a price above zero."))
                continue
            close = nearest(number, stored.values())
            if close is None or not same(number, close, snapshot.tick):
                checks.append(
                    Check(
                        name=name,
                        status="failed",
                        message=f"The cited {name} {_show(number, snapshot)} is not in the snapshot.",
                        cited=number,
                        stored=close,
                    )
                )
                continue
            where = next(label for label, value in stored.items() if value == close)
            checks.append(
                Check(
                    name=name,
                    status="ok",
                    message=f"The cited {name} {_show(number, snapshot)} is {where}.",
                    cited=number,
                    stored=close,
                )
            )
            kept[name].append(number)
    return checks, tuple(kept["support"]), tuple(kept["resistance"])


def _levels(levels: KeyLevels, snapshot: Snapshot, limits: GroundingLimits) -> _Plan:
    plan = _Plan([])
    atr, price = snapshot.atr, snapshot.price
    if atr is None or not _usable(atr):
        plan.add("atr", False, "There are too few candles for an average range, so no distance can be judged.")
        return plan
    direction = Direction(snapshot.direction)
    sign = direction.sign
    if levels.entry is not None:
        off = abs(levels.entry - price) / atr
        plan.add(
            "entry",
            off <= limits.max_entry_atr,
            f"The entry {_show(levels.entry, snapshot)} is {_count(off)} ATR from the price "
            f"{_show(price, snapshot)}; at most {limits.max_entry_atr:g} is allowed.",
            levels.entry,
            price,
        )
    _check_stop(plan, levels.stop_loss, snapshot, limits, atr, direction)
    if not levels.take_profit:
        plan.add("target", False, "There is no target.")
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


def _prose(decision: Decision, snapshot: Snapshot, plan: _Plan) -> list[Check]:
    known: list[float] = [*snapshot.numbers().values(), *(float(t) for t in plan.targets)]
    known += [float(plan.stop)] if plan.stop is not None else []
    # Further away than any level could be, a number is not a price of this symbol.
    reach = 20 * (snapshot.atr or 0.0)
    checks: dict[str, Check] = {}
    words = decision.trade_plan
    for text in (decision.reasoning, words.setup, words.execution, words.invalidation):
        words_only = _CALL.sub("", text)
        for match in _PRICE_IN_TEXT.finditer(words_only):
            number = float(match[0].replace(",", ""))
            if (
                abs(number - snapshot.price) > reach
                or _MEASURE_AFTER.match(words_only, match.end())
                or _MEASURE_BEFORE.search(words_only[: match.start()])
            ):
                continue
            close = nearest(number, known)
            if close is None or not same(number, close, snapshot.tick):
                checks[match[0]] = Check(
                    name="text",
                    status="flagged",
                    message=f"The text says {match[0]}, which is in no list of the snapshot.",
                    cited=number,
                    stored=close,
                )
    return list(checks.values())


def _on_tick(number: float, tick: Decimal, *, down: bool) -> Decimal:
    value = to_decimal(number)
    return floor_to(value, tick) if down else ceil_to(value, tick)


def _usable(number: float | None) -> TypeGuard[float]:
    return number is not None and math.isfinite(number) and number > 0


def _show(number: float, snapshot: Snapshot) -> str:
    return snapshot.text(number) if abs(number) < 1e12 else f"{number:.3g}"


def _count(number: float) -> str:
    return f"{number:.2f}" if abs(number) < 1e6 else f"{number:.3g}"
