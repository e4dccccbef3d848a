"""The paper venue: market orders fill at once against the live price; no money moves.

It is deterministic (the same intent and quote give the same fill) and keeps no state that a restart would
lose: fills of earlier orders are looked up where the caller stored them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from broker.matching import Costs, match_market
from broker.rules import SymbolRules
from broker.types import (
    Fill,
    OrderIntent,
    OrderRejected,
    OrderReport,
    OrderState,
    Quote,
    Refusal,
)

FillLookup = Callable[[str], Awaitable[Sequence[Fill]]]
"""Client order id to the fills stored for it; empty when there are none."""

RulesLookup = Callable[[str], SymbolRules | None]
"""Symbol to its trading rules; None when the venue does not know it."""

_REMEMBERED = 1_000


async def _none_stored(client_order_id: str) -> Sequence[Fill]:
    return ()


class PaperBroker:
    """Implements `broker.protocol.Broker` without a venue behind it."""

    venue = "paper"

    def __init__(self, rules: RulesLookup, costs: Costs | None = None, stored_fills: FillLookup = _none_stored) -> None:
        """`stored_fills` reads what was saved of earlier orders, so that a restart repeats no trade."""
        self._rules = rules
        self._stored = stored_fills
        self._lock = asyncio.Lock()
        # The newest orders only: older ones are found through `stored_fills`.
        self._fills: dict[str, tuple[Fill, ...]] = {}
        self.costs = costs or Costs()

    async def submit(self, intent: OrderIntent, quote: Quote) -> list[Fill]:
        """Fill a market order at `quote`; see `Broker.submit`.

        Raises OrderRejected when the symbol's rules do not allow the order.
        """
        async with self._lock:
            earlier = await self._known(intent.client_order_id)
            if earlier:
                return list(earlier)
            fills = match_market(intent, quote, self.costs, self._allowed(intent, quote), self.venue)
            self._fills[intent.client_order_id] = tuple(fills)
            while len(self._fills) > _REMEMBERED:
                del self._fills[next(iter(self._fills))]
            return fills

    async def query(self, client_order_id: str) -> OrderReport | None:
        """A filled order's report, or None: a paper order is filled at once or never existed."""
        fills = await self._known(client_order_id)
        return OrderReport(client_order_id, OrderState.FILLED, fills) if fills else None

    async def _known(self, client_order_id: str) -> tuple[Fill, ...]:
        return self._fills.get(client_order_id) or tuple(await self._stored(client_order_id))

    def _allowed(self, intent: OrderIntent, quote: Quote) -> SymbolRules:
        rules = self._rules(intent.symbol)
        if rules is None:
            raise OrderRejected([Refusal("unknown_symbol", f"Not sent: {intent.symbol} is not a known symbol.")])
        if quote.symbol != intent.symbol:
            raise OrderRejected(
                [Refusal("no_price", f"Not sent: there is a price of {quote.symbol}, not of {intent.symbol}.")]
            )
        refusals = rules.check_order(intent.quantity, quote.price)
        if refusals:
            raise OrderRejected(refusals)
        return rules
