"""How much to buy or sell, from what may be lost.

1. `expected_fills`: the entry and the stop as they would fill, spread, slippage and tick included.
2. `loss_per_unit`: what one unit loses between them, with the fees of both sides.
3. `size`: the most units whose loss stays within the risk and whose notional with fee stays within the
   capital, rounded down to the lot; refusals where the venue takes no such order.
4. `reward_to_risk`: net gain at a target over net loss at the stop, at the prices alone (no spread), fees
   included.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from broker.matching import Costs, fill_price
from broker.rules import SymbolRules
from broker.types import ONE, ZERO, Direction, Quote, Refusal, plain


class LimitedBy(StrEnum):
    """What set the quantity."""

    RISK = "risk"
    CAPITAL = "capital"


@dataclass(frozen=True, slots=True)
class SizingRequest:
    """What a quantity is computed from.

    `capital` is the account's whole capital, of which at most `risk_fraction` (0.01 is one percent) may be
    lost at the stop; `available` is what is free to be used now, both in the quote asset. `leverage`
    multiplies what `available` can carry, never what may be lost.
    """

    direction: Direction
    quote: Quote
    stop: Decimal
    capital: Decimal
    available: Decimal
    risk_fraction: Decimal
    leverage: Decimal = ONE


@dataclass(frozen=True, slots=True)
class Sizing:
    """A quantity and what it costs; money in the quote asset.

    `loss_at_stop` and `fees` (both sides) are for a stop that fills with the usual slippage, not through a
    gap. With refusals the quantity must not be sent.
    """

    quantity: Decimal
    entry: Decimal
    notional: Decimal
    loss_at_stop: Decimal
    fees: Decimal
    limited_by: LimitedBy
    refusals: tuple[Refusal, ...] = ()

    def scaled(self, quantity: Decimal) -> Sizing:
        """The same entry with another quantity; this one's must be above zero."""
        return replace(
            self,
            quantity=quantity,
            notional=quantity * self.entry,
            loss_at_stop=self.loss_at_stop * quantity / self.quantity,
            fees=self.fees * quantity / self.quantity,
        )


def expected_fills(
    direction: Direction, quote: Quote, stop: Decimal, costs: Costs, rules: SymbolRules
) -> tuple[Decimal, Decimal]:
    """Entry and stop as market orders would fill them: (entry price, exit price at the stop)."""
    entry = fill_price(direction.opening, quote, costs, rules)
    at_stop = Quote(quote.symbol, stop, quote.time_ms)
    return entry, fill_price(direction.closing, at_stop, costs, rules)


def loss_per_unit(direction: Direction, entry: Decimal, exit_price: Decimal, costs: Costs) -> Decimal:
    """What one unit loses between two fills, fees of both sides included; negative is a gain."""
    return (entry - exit_price) * direction.sign + costs.fee_rate * (entry + exit_price)


def size(request: SizingRequest, costs: Costs, rules: SymbolRules) -> Sizing:
    """The quantity for a market entry; see the module's steps.

    Never raises on odd amounts: a stop on the wrong side, or nothing to use, comes back as a refusal with
    quantity zero.
    """
    direction, price = request.direction, request.quote.price
    refusals = _refused_inputs(request)
    if refusals:
        return Sizing(ZERO, price, ZERO, ZERO, ZERO, LimitedBy.CAPITAL, tuple(refusals))
    entry, at_stop = expected_fills(direction, request.quote, request.stop, costs, rules)
    loss = loss_per_unit(direction, entry, at_stop, costs)
    # A stop inside the spread can look free of loss; a unit's loss is at least the entry's fee and one tick.
    loss = max(loss, costs.fee_rate * entry, rules.tick_size)
    by_risk = request.capital * request.risk_fraction / loss if loss > ZERO else ZERO
    by_capital = request.available * request.leverage / (entry * (ONE + costs.fee_rate))
    limited_by = LimitedBy.RISK if by_risk <= by_capital else LimitedBy.CAPITAL
    quantity = rules.quantity(min(by_risk, by_capital))
    return Sizing(
        quantity=quantity,
        entry=entry,
        notional=quantity * entry,
        loss_at_stop=quantity * loss,
        fees=quantity * costs.fee_rate * (entry + at_stop),
        limited_by=limited_by,
        refusals=tuple(_too_small(request, quantity, limited_by, rules)),
    )


def reward_to_risk(
    direction: Direction, entry: Decimal, stop: Decimal, target: Decimal, fee_rate: Decimal
) -> Decimal | None:
    """Net gain at `target` over net loss at `stop`, the fees of both sides in each.

    None when the levels are not in order for the direction. Zero or below when fees eat the whole gain.
    """
    sign = direction.sign
    if min(entry, stop, target) <= ZERO or (entry - stop) * sign <= ZERO or (target - entry) * sign <= ZERO:
        return None
    gain = (target - entry) * sign - fee_rate * (entry + target)
    loss = (entry - stop) * sign + fee_rate * (entry + stop)
    return gain / loss


def stop_refusal(symbol: str, direction: Direction, price: Decimal, stop: Decimal) -> Refusal | None:
    """A refusal when the stop is not on the losing side of the price, above zero."""
    if stop > ZERO and (price - stop) * direction.sign > ZERO:
        return None
    side = "below" if direction is Direction.LONG else "above"
    return Refusal(
        "stop_side",
        f"Not sent: the stop {plain(stop)} is not {side} the price {plain(price)} of {symbol}; "
        f"a {direction} needs it {side}.",
    )


def _refused_inputs(request: SizingRequest) -> list[Refusal]:
    symbol = request.quote.symbol
    amounts = (
        request.capital,
        request.available,
        request.risk_fraction,
        request.stop,
        request.leverage,
        request.quote.price,
    )
    if not all(amount.is_finite() for amount in amounts) or request.quote.price <= ZERO:
        return [Refusal("bad_amount", f"Not sent: an amount for {symbol} is not a usable number.")]
    refusals = []
    wrong_stop = stop_refusal(symbol, request.direction, request.quote.price, request.stop)
    if wrong_stop:
        refusals.append(wrong_stop)
    if request.capital <= ZERO or request.available <= ZERO:
        refusals.append(Refusal("no_capital", "Not sent: there is no free capital."))
    if not ZERO < request.risk_fraction <= ONE:
        refusals.append(Refusal("risk_fraction", "Not sent: the risk per trade must be above 0 and at most 100 %."))
    if request.leverage < ONE:
        refusals.append(Refusal("leverage", "Not sent: the leverage must be at least 1."))
    return refusals


def _too_small(request: SizingRequest, quantity: Decimal, limited_by: LimitedBy, rules: SymbolRules) -> list[Refusal]:
    refusals = rules.check_order(quantity, request.quote.price)
    if quantity > ZERO or not rules.trading:
        return refusals
    cause = "the risk allowed for one trade" if limited_by is LimitedBy.RISK else "the free capital"
    return [Refusal("too_small", f"Not sent: {cause} does not pay for the smallest order of {rules.symbol}.")]
