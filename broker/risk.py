"""Rules that no analysis and no approval can loosen, checked before each entry is sent.

Every rule gives its own refusal, so a person sees all reasons at once. Exits are never held back by these
rules.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from broker.rules import floor_to
from broker.sizing import stop_refusal
from broker.types import ZERO, Direction, Quote, Refusal, plain

CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """An account's limits; money in the quote asset, None means no limit.

    `max_daily_loss` is a positive amount; `max_price_age_ms` counts market time; `min_reward_to_risk` holds for the
    entry's target, after fees. `tier` is the name of what the person may have, and `execution` and `live` whether that
    has trading at all and with real money.
    """

    max_open_positions: int | None = 5
    max_daily_loss: Decimal | None = None
    max_order_notional: Decimal | None = None
    max_price_age_ms: int = 30_000
    min_reward_to_risk: Decimal | None = None
    tier: str = ""
    execution: bool = True
    live: bool = False


@dataclass(frozen=True, slots=True)
class EntryContext:
    """One entry about to be sent, and the account at this moment.

    `occupied` holds every symbol with an open position or an entry order not yet resolved. `realised_today`
    is the day's realised profit after fees, negative for a loss. `needed` is the notional with its fee,
    `available` the free capital (already multiplied by leverage, if any). `now_ms` is market time. `least_stop` is how
    far from the price a stop must be not to be noise; `reward_to_risk` is to the target, after fees, at the price that
    is expected to be paid, None where the levels are not in order. `live`: with real money.
    """

    symbol: str
    direction: Direction
    quote: Quote | None
    stop: Decimal
    target: Decimal | None
    needed: Decimal
    available: Decimal
    realised_today: Decimal
    now_ms: int
    occupied: Collection[str] = field(default_factory=frozenset)
    kill_switch: bool = False
    entries_paused: bool = False
    quote_asset: str = "USDT"
    least_stop: Decimal = ZERO
    reward_to_risk: Decimal | None = None
    live: bool = False


@dataclass(frozen=True, slots=True)
class DayLoss:
    """What a day cost, in the quote asset, as the rule counts it: realised, after fees. `limit` None: there is none."""

    lost: Decimal
    limit: Decimal | None

    @property
    def stops_entries(self) -> bool:
        """Whether nothing new is opened for the rest of the day."""
        return self.limit is not None and self.lost >= self.limit


def day_loss(realised_today: Decimal, limits: RiskLimits) -> DayLoss:
    """The day's loss beside its limit; `realised_today` is negative for a loss."""
    return DayLoss(max(-realised_today, ZERO), limits.max_daily_loss)


def check(context: EntryContext, limits: RiskLimits) -> list[Refusal]:
    """Every reason not to send this entry; empty when it may be sent."""
    return [
        *_tier(context, limits),
        *_stopped(context),
        *_positions(context, limits),
        *_money(context, limits),
        *_price(context, limits),
    ]


def _tier(context: EntryContext, limits: RiskLimits) -> list[Refusal]:
    if limits.execution and (limits.live or not context.live):
        return []
    lacks = "live trading" if limits.execution else "trading"
    told = f"Not sent: your tier, {limits.tier}, has no {lacks}; ask an administrator for another (screener user tier)."
    return [Refusal("tier", told)]


def _stopped(context: EntryContext) -> list[Refusal]:
    refusals = []
    if context.kill_switch:
        refusals.append(
            Refusal("kill_switch", "Not sent: the kill switch is on. Nothing new is opened until it is off.")
        )
    if context.entries_paused:
        refusals.append(Refusal("entries_paused", "Not sent: entries are paused. Stops and targets keep working."))
    return refusals


def _positions(context: EntryContext, limits: RiskLimits) -> list[Refusal]:
    refusals = []
    if context.symbol in context.occupied:
        refusals.append(
            Refusal(
                "one_per_symbol",
                f"Not sent: {context.symbol} already has an open position. One per symbol is your rule.",
            )
        )
    count = len(set(context.occupied))
    if limits.max_open_positions is not None and count >= limits.max_open_positions:
        positions = "position is" if count == 1 else "positions are"
        refusals.append(
            Refusal(
                "max_positions",
                f"Not sent: {count} {positions} open, and your limit is {limits.max_open_positions}.",
            )
        )
    return refusals


def _money(context: EntryContext, limits: RiskLimits) -> list[Refusal]:
    asset = context.quote_asset
    refusals = []
    if not (context.needed.is_finite() and context.available.is_finite() and context.realised_today.is_finite()):
        return [Refusal("bad_amount", f"Not sent: an amount for {context.symbol} is not a usable number.")]
    if context.needed > context.available:
        refusals.append(
            Refusal(
                "capital",
                f"Not sent: it needs {_money_text(context.needed)} {asset}, "
                f"and {_money_text(max(context.available, ZERO))} {asset} is free.",
            )
        )
    if limits.max_order_notional is not None and context.needed > limits.max_order_notional:
        refusals.append(
            Refusal(
                "order_size",
                f"Not sent: {_money_text(context.needed)} {asset} is above your largest order, "
                f"{_money_text(limits.max_order_notional)} {asset}.",
            )
        )
    day = day_loss(context.realised_today, limits)
    if day.limit is not None and day.stops_entries:
        refusals.append(
            Refusal(
                "daily_loss",
                f"Not sent: today's loss is {_money_text(day.lost)} of {_money_text(day.limit)} "
                f"{asset}. New entries stop until 00:00 UTC.",
            )
        )
    return refusals


def _price(context: EntryContext, limits: RiskLimits) -> list[Refusal]:
    quote, symbol = context.quote, context.symbol
    if quote is None or quote.symbol != symbol or not quote.price.is_finite() or quote.price <= ZERO:
        return [Refusal("no_price", f"Not sent: there is no price for {symbol}.")]
    refusals = []
    age = context.now_ms - quote.time_ms
    if age > limits.max_price_age_ms:
        refusals.append(
            Refusal(
                "stale_price",
                f"Not sent: the last price of {symbol} is {age // 1000} s old; "
                f"the limit is {limits.max_price_age_ms // 1000} s.",
            )
        )
    if not context.stop.is_finite():
        refusals.append(Refusal("stop_side", f"Not sent: the stop of {symbol} is not a usable number."))
    elif wrong_stop := stop_refusal(symbol, context.direction, quote.price, context.stop):
        refusals.append(wrong_stop)
    elif (distance := abs(quote.price - context.stop)) < context.least_stop:
        refusals.append(
            Refusal(
                "stop_near",
                f"Not sent: {symbol} at {plain(quote.price)} is only {plain(distance)} from its stop "
                f"{plain(context.stop)}; less than {plain(context.least_stop)} is noise.",
            )
        )
    target = context.target
    if target is None:
        return refusals
    if not (target.is_finite() and (target - quote.price) * context.direction.sign > ZERO):
        refusals.append(
            Refusal(
                "target_passed",
                f"Not sent: the price of {symbol}, {plain(quote.price)}, has already reached the target {target:f}.",
            )
        )
    elif limits.min_reward_to_risk is not None and not any(r.code == "stop_side" for r in refusals):
        # None: what would be paid is at the target already.
        ratio = context.reward_to_risk or ZERO
        if ratio < limits.min_reward_to_risk:
            refusals.append(
                Refusal(
                    "reward_to_risk",
                    f"Not sent: with {symbol} at {plain(quote.price)}, reward to risk after fees is "
                    f"{floor_to(ratio, CENT):.2f}; at least {plain(limits.min_reward_to_risk)} is needed.",
                )
            )
    return refusals


def _money_text(amount: Decimal) -> str:
    return f"{amount:,.2f}"
