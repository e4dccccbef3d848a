"""Spend caps kept in the database: all processes share them, and a restart forgets nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from llm.gateway.budget import Caps, Hold, LedgerUnavailable, Spent, check
from store import spending, tiers
from store.errors import StoreError
from store.session import Connection, Database


def real_now() -> dt.datetime:
    """The time of the world, not of the market: dollars are real in a demo too."""
    return dt.datetime.now(dt.UTC)


class DatabaseLedger:
    """A `Ledger` on the table of what calls cost."""

    def __init__(self, database: Database, caps: Caps, now: Callable[[], dt.datetime] = real_now) -> None:
        self._database = database
        self._caps = caps
        self._now = now

    async def reserve(self, hold: Hold) -> UUID:
        """Reserve in one transaction with the look at the caps, the tier's among them; raises CapReached or
        LedgerUnavailable.
        """
        now = self._now()
        user, strategy = hold.spender.user, hold.spender.strategy
        row = spending.NewSpending(
            day=now.astimezone(dt.UTC).date(),
            user_key=user,
            strategy_key=strategy,
            operation=hold.operation,
            model=hold.model,
            amount=hold.amount,
        )
        try:
            async with self._database.worker() as conn:
                caps = await self._capped(conn, user)
                if caps.any:
                    await spending.lock(conn)
                    so_far = await spending.totals(conn, row.day, user_key=user, strategy_key=strategy)
                    check(hold, caps, Spent(so_far.user_amount, so_far.strategy_amount, so_far.all_amount), now)
                return await spending.reserve(conn, row)
        except StoreError as error:
            raise LedgerUnavailable(str(error)) from error

    async def _capped(self, conn: Connection, user: str | None) -> Caps:
        """The settings' caps, and that of the person's tier where it is lower."""
        own = None
        with suppress(ValueError):  # a name that is no account's has no tier
            own = await tiers.spend_of(conn, UUID(user)) if user is not None else None
        if own is None or (self._caps.user is not None and self._caps.user <= own):
            return self._caps
        return replace(self._caps, user=own)

    async def settle(self, reservation: UUID, cost: Decimal) -> None:
        """What the call cost; raises LedgerUnavailable."""
        try:
            async with self._database.worker() as conn:
                await spending.settle(conn, reservation, cost)
        except StoreError as error:
            raise LedgerUnavailable(str(error)) from error
