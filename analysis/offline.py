"""The offline analyst: rules over levels and trend, in place of a language model.

It reads the same snapshot and answers in the same shape, so nothing after it knows the difference but the
name it carries.

0. `misplaced`: a filter's own stop and target are the plan where it sets them, and must be on their sides.
1. `_stop`: behind the nearest swing with a buffer, at least one ATR and the fees away, two ATR where no
   swing is near.
2. `_targets`: the nearest level that pays `WANTED` after fees, else a price that does; within `REACH` ATR.
3. `_points`: what speaks for and against the trade, each with its points and its sentence.
4. `analyse_offline`: the score decides. Sentences cite numbers of the snapshot and of the plan only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from analysis.decision import Choice, Decision, KeyLevels, TradePlan
from analysis.grounding import GroundingLimits, noise
from analysis.settings import Style
from analysis.snapshot import Snapshot
from analysis.snapshot_parts import Level
from broker.rules import ceil_to, floor_to
from broker.sizing import reward_to_risk
from broker.types import Direction, to_decimal

NAME: Final = "offline analyst (rules)"

WANTED: Final = 1.5
"""Reward to risk after fees that the first target must pay."""
REACH: Final = 12.0
"""How many ATR away a first target may be."""
BUFFER: Final = 0.25
"""How many ATR beyond a swing the stop goes."""
NEAR: Final = 4.0
"""A swing further than this many ATR sets no stop."""
WIDEST: Final = 3.0
"""Fees widen a stop to this many ATR at most."""
ENOUGH: Final[Mapping[Style, int]] = {"careful": 60, "balanced": 45, "bold": 35}
"""The score from which a trade is entered, by the strategy's style; it starts at `BASE`."""
BASE: Final = 55
THIN: Final = 25.0
"""Breadth toward the trade, percent of the symbols, below which the market goes the other way; of `FEWEST` symbols."""
FEWEST: Final = 10
STRETCHED: Final = 5.0
"""How many ATR from its mean of 20, in the trade's direction, the price is too far gone to follow."""

FORMING: Final = "The candle was still forming when this fired: its close may undo it."


@dataclass(frozen=True, slots=True)
class _Point:
    points: int
    says: str


@dataclass(frozen=True, slots=True)
class _Stop:
    price: Decimal
    swing: float | None
    distance: float
    own: bool = False


@dataclass(frozen=True, slots=True)
class _Target:
    price: Decimal
    level: Level | None
    ratio: float


def analyse_offline(
    snapshot: Snapshot, limits: GroundingLimits | None = None, *, style: Style = "balanced"
) -> Decision:
    """A decision by rules; the same snapshot and style always give the same one.

    Confidence is the score for `enter_trade` and `wait`, and 100 less the score for `bad_setup`.
    """
    limits = limits or GroundingLimits()
    if snapshot.atr is None or snapshot.atr <= 0:
        count = len(snapshot.candles)
        return _no_trade(snapshot, f"{count} candles are too few to measure an average range, or nothing moved.")
    if wrong := misplaced(snapshot):
        return _no_trade(snapshot, wrong)
    stop = _stop(snapshot, snapshot.atr, limits)
    if stop is None:
        return _no_trade(snapshot, "The average range is so wide that the stop would be below zero.")
    targets = _targets(snapshot, snapshot.atr, stop.price, limits)
    if not targets and snapshot.target is not None:
        return _no_trade(
            snapshot,
            f"The filter's target {snapshot.text(snapshot.target)} does not pay {limits.min_reward_risk:g} times the "
            f"risk to the stop at {snapshot.text(stop.price)} after fees.",
        )
    if not targets:
        return _no_trade(
            snapshot,
            f"No target within {REACH:g} ATR ({snapshot.text(snapshot.atr)} each) pays {WANTED:g} times "
            f"the risk to the stop at {snapshot.text(stop.price)} after fees.",
        )
    points = _points(snapshot, snapshot.atr, stop, targets[0])
    score = max(5, min(95, BASE + sum(p.points for p in points)))
    barrier = _barrier(snapshot, snapshot.atr, targets[0])
    stretched = _stretch(snapshot, snapshot.atr)
    choice: Choice = "enter_trade"
    verdict, trigger = "The score is enough to enter.", None
    long = snapshot.direction == "long"
    enough = ENOUGH[style]
    if score < enough:
        choice, verdict = "bad_setup", f"A score below {enough} is not entered."
    elif stretched > STRETCHED:
        choice, verdict = "wait", f"Waiting for the price to come back toward its mean, {_mean(snapshot)}."
        trigger = f"match = close {'<' if long else '>'} ta.bbands(close, 20, 2).{'upper' if long else 'lower'}"
    elif barrier:
        choice = "wait"
        verdict = f"Waiting for a close beyond {snapshot.text(barrier.price)} ({_name(barrier)})."
        trigger = f"match = close {'>' if long else '<'} {plain(barrier.price)}"
    return _decision(snapshot, choice, score, stop, targets, points, verdict, trigger)


def misplaced(snapshot: Snapshot) -> str | None:
    """What is wrong with the filter's own levels: a level on the wrong side of the price is no trade."""
    sign = Direction(snapshot.direction).sign
    for name, level, side in (("stop", snapshot.stop, 1), ("target", snapshot.target, -1)):
        if level is not None and (snapshot.price - level) * sign * side <= 0:
            return (
                f"The filter's {name} {snapshot.text(level)} is on the wrong side of {snapshot.text(snapshot.price)}."
            )
    return None


def _stop(snapshot: Snapshot, atr: float, limits: GroundingLimits) -> _Stop | None:
    direction = Direction(snapshot.direction)
    sign, price = direction.sign, snapshot.price
    if snapshot.stop is not None:
        own = to_decimal(snapshot.stop)
        own = floor_to(own, snapshot.tick) if sign > 0 else ceil_to(own, snapshot.tick)
        return _Stop(own, None, abs(float(own) - price) / atr, own=True) if own > 0 else None
    # A stop nearer than the fees of both sides would make fees most of the loss.
    least = max(atr, min(float(limits.fee_rate) * 2 * price, WIDEST * atr), 1.01 * noise(snapshot))
    swings = snapshot.swing_lows if direction is Direction.LONG else snapshot.swing_highs
    behind = [s for s in swings if 0 < (price - s) * sign <= NEAR * atr]
    swing = min(behind, key=lambda s: abs(price - s), default=None)
    if swing is None:
        distance = max(2 * atr, least)
    else:
        distance = max(abs(price - swing) + BUFFER * atr, least)
    raw = to_decimal(price) - to_decimal(distance) * sign
    # Rounded outward here, so that the check's rounding toward the price changes nothing.
    rounded = floor_to(raw, snapshot.tick) if sign > 0 else ceil_to(raw, snapshot.tick)
    if rounded <= 0:
        return None
    return _Stop(rounded, swing, abs(float(rounded) - price) / atr)


def _targets(snapshot: Snapshot, atr: float, stop: Decimal, limits: GroundingLimits) -> list[_Target]:
    direction = Direction(snapshot.direction)
    sign, price = direction.sign, to_decimal(snapshot.price)
    wanted = max(WANTED, limits.min_reward_risk)
    if snapshot.target is not None:
        own = floor_to(to_decimal(snapshot.target), snapshot.tick)
        if sign < 0:
            own = ceil_to(to_decimal(snapshot.target), snapshot.tick)
        pays = reward_to_risk(direction, price, stop, own, limits.fee_rate)
        return [_Target(own, None, float(pays))] if pays is not None and pays >= limits.min_reward_risk else []

    def target(at: Decimal, level: Level | None) -> _Target | None:
        rounded = floor_to(at, snapshot.tick) if (sign > 0) == (level is not None) else ceil_to(at, snapshot.tick)
        away = float((rounded - price) * sign) / atr
        ratio = reward_to_risk(direction, price, stop, rounded, limits.fee_rate)
        if ratio is None or float(ratio) < wanted or away > REACH:
            return None
        return _Target(rounded, level, float(ratio))

    ahead = snapshot.resistances if sign > 0 else snapshot.supports
    found = [t for level in ahead if (t := target(to_decimal(level.price), level))]
    if not found:
        # Two R first; where that is out of reach, the least that is worth it.
        for ratio in (max(2.0, wanted), wanted):
            computed = target(_paying(direction, price, stop, to_decimal(ratio), limits.fee_rate), None)
            if computed:
                return [computed]
    return found[:2]


def _paying(direction: Direction, price: Decimal, stop: Decimal, ratio: Decimal, fee: Decimal) -> Decimal:
    """The target at which reward to risk after fees is `ratio`; `reward_to_risk` solved for the target."""
    loss = (price - stop) * direction.sign + fee * (price + stop)
    if direction is Direction.LONG:
        return (ratio * loss + price * (1 + fee)) / (1 - fee)
    return (price * (1 - fee) - ratio * loss) / (1 + fee)


def _points(snapshot: Snapshot, atr: float, stop: _Stop, first: _Target) -> list[_Point]:
    long = snapshot.direction == "long"
    points: list[_Point] = []
    with_it, against = ("up", "down") if long else ("down", "up")
    if snapshot.trend == with_it:
        points.append(_Point(15, f"the trend is {snapshot.trend}"))
    elif snapshot.trend == against:
        points.append(_Point(-10, f"the trend is {snapshot.trend}"))
    elif snapshot.trend == "unknown":
        points.append(_Point(-5, "there are too few candles to see a trend"))
    if stop.own:
        points.append(_Point(4, "the stop is the filter's own"))
    elif stop.swing is not None:
        points.append(_Point(8, f"the stop is beyond the swing at {snapshot.text(stop.swing)}"))
    else:
        points.append(_Point(-4, f"no swing within {NEAR:g} ATR covers the stop"))
    if first.ratio >= 2.5:
        points.append(_Point(8, f"it pays {first.ratio:.1f} times the risk after fees"))
    in_the_way = _in_the_way(snapshot, first)
    if in_the_way:
        shown = ", ".join(f"{snapshot.text(b.price)} ({_name(b)})" for b in in_the_way[:2])
        points.append(_Point(-4 * min(len(in_the_way), 2), f"before the target stands {shown}"))
    else:
        points.append(_Point(6, "nothing stands before the target"))
    points += _momentum(snapshot, long)
    points += _market(snapshot, with_it, against)
    stretched = _stretch(snapshot, atr)
    if stretched > STRETCHED:
        points.append(_Point(-8, f"the price is {stretched:.1f} ATR beyond its mean, {_mean(snapshot)}"))
    return points


def _momentum(snapshot: Snapshot, long: bool) -> list[_Point]:
    points: list[_Point] = []
    volume = snapshot.indicator("ta.volume_ratio(20)")
    if volume is not None and volume >= 1.5:
        points.append(_Point(6, f"volume is {volume:.1f} times its mean"))
    elif volume is not None and volume <= 0.5:
        points.append(_Point(-6, f"volume is only {volume:.1f} times its mean"))
    strength = snapshot.indicator("ta.rsi(close, 14)")
    if strength is not None:
        toward = strength if long else 100 - strength
        if toward >= 75:
            points.append(_Point(-10, f"RSI is already at {strength:.1f}"))
        elif toward <= 35:
            points.append(_Point(5, f"RSI at {strength:.1f} leaves room"))
    return points


def _market(snapshot: Snapshot, with_it: str, against: str) -> list[_Point]:
    """What the rest of the market says."""
    points: list[_Point] = []
    around = snapshot.context
    if around.leader is not None and around.leader != snapshot.symbol:
        if around.leader_trend == with_it:
            points.append(_Point(4, f"the leader's trend is {with_it}"))
        elif around.leader_trend == against:
            points.append(_Point(-4, f"the leader's trend is {against}"))
    if around.breadth is not None and around.breadth_of >= FEWEST:
        toward = around.breadth if with_it == "up" else 100 - around.breadth
        if toward <= THIN:
            points.append(_Point(-4, f"breadth is {around.breadth:.1f}%"))
    if around.volatility == "high" and around.volatility_rank is not None:
        points.append(_Point(-3, f"volatility rank {around.volatility_rank:.1f} is high"))
    return points


def _in_the_way(snapshot: Snapshot, first: _Target) -> list[Level]:
    """Levels that held more than once, between the price and the first target."""
    ahead = snapshot.resistances if snapshot.direction == "long" else snapshot.supports
    end = abs(float(first.price) - snapshot.price)
    return [b for b in ahead if b.touches >= 2 and abs(b.price - snapshot.price) < end]


def _barrier(snapshot: Snapshot, atr: float, first: _Target) -> Level | None:
    """A level that held three times or more, within a third of an ATR and before the target."""
    close = [b for b in _in_the_way(snapshot, first) if b.touches >= 3]
    return next((b for b in close if abs(b.price - snapshot.price) <= atr / 3), None)


def _stretch(snapshot: Snapshot, atr: float) -> float:
    mean = snapshot.indicator("ta.ema(close, 20)")
    sign = Direction(snapshot.direction).sign
    return 0.0 if mean is None else (snapshot.price - mean) * sign / atr


def _mean(snapshot: Snapshot) -> str:
    return snapshot.text(snapshot.indicators["ta.ema(close, 20)"])


def _name(level: Level) -> str:
    return level.source if level.touches == 1 else f"{level.source}, {level.touches} touches"


def _decision(
    snapshot: Snapshot,
    choice: Choice,
    score: int,
    stop: _Stop,
    targets: list[_Target],
    points: list[_Point],
    verdict: str,
    trigger: str | None,
) -> Decision:
    first = targets[0]
    good = [p.says for p in points if p.points > 0]
    bad = [p.says for p in points if p.points < 0]
    price, at_stop, at_target = (snapshot.text(p) for p in (snapshot.price, stop.price, first.price))
    basis = f"at a level ({_name(first.level)})" if first.level else "set by the ratio, at no level"
    sentences = [
        f"{snapshot.direction.capitalize()} at {price}: stop {at_stop} ({stop.distance:.1f} ATR), "
        f"target {at_target} {basis}; reward to risk {first.ratio:.2f} after fees.",
    ]
    sentences += [f"For it: {'; '.join(good)}."] if good else []
    sentences += [f"Against it: {'; '.join(bad)}."] if bad else []
    sentences += [FORMING] if snapshot.forming else []
    sentences.append(f"Score {score} of 100. {verdict}")
    side = "below" if snapshot.direction == "long" else "above"
    held = ", ".join(row.text for row in snapshot.conditions if row.value) or "the filter"
    return Decision(
        decision=choice,
        confidence=100 - score if choice == "bad_setup" else score,
        reasoning=" ".join(sentences),
        trade_plan=TradePlan(
            setup=f"Fired by {held}. Trend: {snapshot.trend}.",
            execution=f"{snapshot.direction.capitalize()} at market near {price}, all out at {at_target}.",
            invalidation=f"A close {side} {at_stop}.",
            trigger_code=trigger,
            invalidation_code=f"match = close {'<' if side == 'below' else '>'} {plain(stop.price)}",
            risk_reward=round(first.ratio, 4),
        ),
        key_levels=KeyLevels(
            entry=snapshot.price,
            stop_loss=float(stop.price),
            take_profit=tuple(float(t.price) for t in targets),
            support=tuple(level.price for level in snapshot.supports[:3]),
            resistance=tuple(level.price for level in snapshot.resistances[:3]),
        ),
    )


def plain(price: float | Decimal) -> str:
    """A price as filter code writes it: all of its digits, no exponent."""
    return format(to_decimal(price) if isinstance(price, float) else price, "f")


def _no_trade(snapshot: Snapshot, why: str) -> Decision:
    return Decision(
        decision="bad_setup",
        confidence=90,
        reasoning=f"{why}{f' {FORMING}' if snapshot.forming else ''} The analyst does not enter.",
        trade_plan=TradePlan(setup=why),
        key_levels=KeyLevels(
            support=tuple(level.price for level in snapshot.supports[:3]),
            resistance=tuple(level.price for level in snapshot.resistances[:3]),
        ),
    )
