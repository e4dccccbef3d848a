"""The one interface between a decision to trade and a venue."""

from __future__ import annotations

from typing import Protocol

from broker.types import Fill, OrderIntent, OrderReport, Quote


class Broker(Protocol):
    """A venue that executes orders. `tests/contract/test_broker_conformance.py` holds what each must do."""

    @property
    def venue(self) -> str:
        """The name under which its fills are stored; trade ids are unique within it."""
        ...

    async def submit(self, intent: OrderIntent, quote: Quote) -> list[Fill]:
        """Send an order that was stored as an intent, and return its fills so far.

        Submitting an intent again never trades again: it returns the fills of the first time. `quote` is
        the newest price known; a venue with prices of its own ignores it.

        Raises OrderRejected when nothing was and will be executed, OrderInDoubt when that is not known.
        """
        ...

    async def query(self, client_order_id: str) -> OrderReport | None:
        """What the venue knows of an order, None if it never saw it. Raises OrderInDoubt."""
        ...
