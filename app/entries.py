"""The terms of an approved entry: the analysis that the person approved, held against what is known now.

The API shows them before the click; the worker holds them against the market before it writes the intent, and again
before it sends it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from pydantic import ValidationError

from analysis.grounding import MIN_STOP_TICKS, GroundingLimits, noise
from analysis.snapshot import Snapshot
from app.account import Account, EntryPlan, plan_entry
from app.expiry import deadline
from app.settings import Settings
from app.times import at
from broker.rules import SymbolRules, floor_to
from broker.types import Direction, Quote, Refusal, to_decimal
from store.records import Analysis, Signal, SignalDecision, Strategy
from store.trading_records import NewEvent


def entry_levels(key_levels: Mapping[str, object]) -> tuple[Decimal | None, list[Decimal]]:
    """Stop and targets of a stored analysis."""
    stop, targets = key_levels.get("stop_loss"), key_levels.get("take_profit")
    listed = targets if isinstance(targets, list) else []
    return (
        Decimal(str(stop)) if stop is not None else None,
        [Decimal(str(t)) for t in listed if t is not None],
    )


def unfit(signal: Signal, strategy: Strategy, analysis: Analysis | None, now_ms: int) -> list[Refusal]:
    """Why what was approved is not entered at any price, at market time `now_ms`."""
    symbol = signal.symbol
    if analysis is None:
        return [Refusal("not_analysed", f"Not sent: no analysis of {symbol} that says to enter was approved.")]
    if analysis.decision != "enter_trade" or analysis.signal_id != signal.id or analysis.position_id is not None:
        said = analysis.decision.replace("_", " ")
        return [Refusal("no_entry", f"Not sent: the analysis of {symbol} that was approved says {said}, not to enter.")]
    stop, targets = entry_levels(analysis.key_levels)
    missing = "stop" if stop is None else "target" if not targets else None
    refusals = []
    if missing is not None:
        refusals.append(Refusal("incomplete", f"Not sent: there is no {missing} for {symbol}."))
    until = deadline(signal.candle_close, signal.interval, strategy.analysis)
    if now_ms >= until:
        refusals.append(
            Refusal(
                "expired",
                f"Not sent: the signal of {symbol} was good until {at(until):%Y-%m-%d %H:%M} UTC, which has passed; "
                "it is no longer the trade that was seen.",
            )
        )
    return refusals


def plan_approved(
    account: Account,
    settings: Settings,
    rules: SymbolRules,
    analysis: Analysis,
    side: str,
    quote: Quote,
    now_ms: int,
) -> EntryPlan:
    """The entry that `analysis` proposes, as it would be sent at `quote`. It must not be `unfit`.

    What grounding asked of its levels at the price then, reward to risk and a stop beyond noise, is asked at the price
    now.
    """
    stop, targets = entry_levels(analysis.key_levels)
    assert stop is not None, "an entry without a stop is unfit"
    direction, least = Direction(side), least_stop(analysis, rules)
    return plan_entry(account, settings, rules, direction, quote, stop, targets, now_ms, least_stop=least)


def least_stop(analysis: Analysis, rules: SymbolRules) -> Decimal:
    """How far from the price the stop must be, in the quote asset: what grounding asks by the stored snapshot's average
    range, spread and tick. Of an analysis without a snapshot, ticks alone.
    """
    ticks = MIN_STOP_TICKS * rules.tick_size
    try:
        snapshot = Snapshot.model_validate(analysis.snapshot)
    except ValidationError:
        return ticks
    by_range = GroundingLimits().min_stop_atr * (snapshot.atr or 0.0)
    return max(ticks, floor_to(to_decimal(max(noise(snapshot), by_range)), rules.tick_size))


def words(refusals: Sequence[Refusal]) -> str:
    """All reasons as one text, for people."""
    return " ".join(r.message for r in refusals)


def blocked_event(decision: SignalDecision, signal: Signal, refusals: Sequence[Refusal], now_ms: int) -> NewEvent:
    """The log line of an approval that came to nothing, at market time `now_ms`."""
    return NewEvent(
        kind="TRADE_BLOCKED",
        level="warning",
        message=words(refusals),
        detail={"symbol": signal.symbol, "codes": [r.code for r in refusals], "time": at(now_ms).isoformat()},
        owner_id=decision.owner_id,
        strategy_id=signal.strategy_id,
        signal_id=signal.id,
    )
