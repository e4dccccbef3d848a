"""Fills of market orders: the one place that says at what price and cost an order is executed.

1. `fill_price`: last price moved against the taker by half spread and slippage, then to the tick.
2. `match_market`: one fill of the whole quantity, with its fee in the quote asset.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from broker.rules import SymbolRules
from broker.types import BPS, ONE, ZERO, Fill, OrderIntent, Quote, Side


@dataclass(frozen=True, slots=True)
class Costs:
    """What trading costs, in basis points. The fee is charged on the notional of each side."""

    fee_bps: Decimal = Decimal(10)
    half_spread_bps: Decimal = Decimal(1)
    slippage_bps: Decimal = Decimal(2)

    def __post_init__(self) -> None:
        for name, value in (
            ("fee_bps", self.fee_bps),
            ("half_spread_bps", self.half_spread_bps),
            ("slippage_bps", self.slippage_bps),
        ):
            if not value.is_finite() or not ZERO <= value < BPS / 4:
                raise ValueError(f"{name} must be between 0 and 2500, not {value}")

    @property
    def fee_rate(self) -> Decimal:
        """The fee of one side as a fraction of its notional."""
        return self.fee_bps / BPS


def fill_price(side: Side, quote: Quote, costs: Costs, rules: SymbolRules) -> Decimal:
    """The price at which a market order fills at once, on the tick.

    Where the quote has a bid and ask, they replace the assumed half spread.
    """
    touch = quote.ask if side is Side.BUY else quote.bid
    drift = costs.slippage_bps
    if touch is None:
        touch = quote.price
        drift += costs.half_spread_bps
    return rules.worse(side, touch * (ONE + side.sign * drift / BPS))


def match_market(intent: OrderIntent, quote: Quote, costs: Costs, rules: SymbolRules, venue: str) -> list[Fill]:
    """The fills of a market order: one, for the whole quantity, at `fill_price`.

    The trade id follows from the client order id, so the same order always gives the same fill.
    """
    price = fill_price(intent.side, quote, costs, rules)
    return [
        Fill(
            venue=venue,
            trade_id=f"{venue}-{intent.client_order_id}-1",
            client_order_id=intent.client_order_id,
            symbol=intent.symbol,
            side=intent.side,
            price=price,
            quantity=intent.quantity,
            fee=price * intent.quantity * costs.fee_rate,
            fee_asset=rules.quote_asset,
            trigger_price=intent.trigger_price,
            time_ms=quote.time_ms,
        )
    ]
