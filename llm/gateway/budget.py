"""Spend caps: a call is paid for before it is made.

1. `BudgetedModel` estimates the most that a call can cost and reserves it; `Ledger` refuses where a cap would be
   exceeded, so calls made at the same time cannot exceed it together.
2. Afterwards the reservation becomes what was really spent. One whose process died, or that was cancelled, stays: the
   provider may have charged for it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol, TypeVar
from uuid import UUID, uuid4

from pydantic import BaseModel

from llm.gateway.calls import tokens_of
from llm.gateway.prices import Prices
from llm.gateway.routing import Routes
from llm.models import LanguageModel, ModelAnswer, ModelError, ModelRequest, Spender

Schema = TypeVar("Schema", bound=BaseModel)

Scope = Literal["user", "strategy", "all"]
SETTINGS: dict[Scope, tuple[str, str]] = {
    "user": ("for one user", "SCREENER_SPEND_PER_USER_DAY or the tier's"),
    "strategy": ("for one strategy", "SCREENER_SPEND_PER_STRATEGY_DAY"),
    "all": ("for all calls", "SCREENER_SPEND_PER_DAY"),
}


@dataclass(frozen=True, slots=True)
class Caps:
    """US dollars a day in UTC, None for no cap."""

    user: Decimal | None = None
    strategy: Decimal | None = None
    all: Decimal | None = None

    @property
    def any(self) -> bool:
        """Whether there is a cap at all."""
        return not (self.user is None and self.strategy is None and self.all is None)


@dataclass(frozen=True, slots=True)
class Hold:
    """What a call may cost at most, in US dollars, and for whom."""

    amount: Decimal
    spender: Spender
    operation: str
    model: str


@dataclass(frozen=True, slots=True)
class Spent:
    """US dollars that today's calls cost or have reserved: the spender's and everybody's."""

    user: Decimal
    strategy: Decimal
    all: Decimal


class CapReached(Exception):
    """A call would exceed a cap: of `limit` US dollars, `spent` are gone; it begins anew at `resets`."""

    def __init__(self, scope: Scope, limit: Decimal, spent: Decimal, resets: dt.datetime) -> None:
        super().__init__(f"the cap of {limit} {SETTINGS[scope][0]} is reached")
        self.scope = scope
        self.limit = limit
        self.spent = spent
        self.resets = resets


class LedgerUnavailable(Exception):
    """The record of what was spent cannot be read or written; the text says why."""


class Ledger(Protocol):
    """What was spent and is reserved."""

    async def reserve(self, hold: Hold) -> UUID:
        """Reserve, and return the reservation's id; raises `CapReached` or `LedgerUnavailable`."""
        ...

    async def settle(self, reservation: UUID, cost: Decimal) -> None:
        """Replace a reservation by what the call cost; raises `LedgerUnavailable`."""
        ...


def check(hold: Hold, caps: Caps, spent: Spent, now: dt.datetime) -> None:
    """Raise `CapReached` where `hold` would exceed a cap. A call for no user or strategy meets no cap of theirs."""
    resets = (now.astimezone(dt.UTC) + dt.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    scopes: list[tuple[Scope, Decimal | None, Decimal, bool]] = [
        ("user", caps.user, spent.user, hold.spender.user is not None),
        ("strategy", caps.strategy, spent.strategy, hold.spender.strategy is not None),
        ("all", caps.all, spent.all, True),
    ]
    for scope, limit, gone, applies in scopes:
        # A free call exceeds nothing.
        if applies and limit is not None and hold.amount > 0 and gone + hold.amount > limit:
            raise CapReached(scope, limit, gone, resets)


class MemoryLedger:
    """Holds within one process: for commands that use no database."""

    def __init__(self, caps: Caps) -> None:
        self._caps = caps
        self._day = dt.date.min
        self._rows: dict[UUID, tuple[Spender, Decimal]] = {}

    async def reserve(self, hold: Hold) -> UUID:
        """Reserve; raises `CapReached`."""
        now = dt.datetime.now(dt.UTC)
        if now.date() != self._day:
            self._day, self._rows = now.date(), {}
        user, strategy = hold.spender.user, hold.spender.strategy
        rows = list(self._rows.values())
        spent = Spent(
            sum((amount for who, amount in rows if who.user == user), Decimal(0)),
            sum((amount for who, amount in rows if who.strategy == strategy), Decimal(0)),
            sum((amount for _, amount in rows), Decimal(0)),
        )
        check(hold, self._caps, spent, now)
        key = uuid4()
        self._rows[key] = (hold.spender, hold.amount)
        return key

    async def settle(self, reservation: UUID, cost: Decimal) -> None:
        """What the call cost."""
        if reservation in self._rows:
            self._rows[reservation] = (self._rows[reservation][0], cost)


class BudgetedModel:
    """A `LanguageModel` whose calls are reserved in `ledger` and settled there."""

    def __init__(self, model: LanguageModel, ledger: Ledger, caps: Caps, routes: Routes, prices: Prices) -> None:
        self._model = model
        self._ledger = ledger
        self._caps = caps
        self._routes = routes
        self._prices = prices

    @property
    def name(self) -> str:
        """The wrapped model's name."""
        return self._model.name

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        """Ask the wrapped model where every cap allows it; raises its ModelError, or one of kind `budget`."""
        names = self._routes.chain(request)
        amount = await self._most(request, names)
        hold = Hold(amount, request.spender or Spender(), request.operation, names[0])
        try:
            reservation = await self._ledger.reserve(hold)
        except CapReached as reached:
            raise ModelError(_in_words(reached, amount), kind="budget", model=names[0], calls=0) from reached
        except LedgerUnavailable as error:
            if not self._caps.any:
                return await self._model.complete(request)
            reason = f"What was spent today cannot be looked up, so nothing is spent: {error}"
            raise ModelError(reason, kind="connection", model=names[0], calls=0) from error
        try:
            answer = await self._model.complete(request)
        except ModelError as error:
            # Without a cost no answer came of it.
            await self._settle(reservation, error.cost or 0.0)
            raise
        if answer.cost is not None:
            await self._settle(reservation, answer.cost)
        # What an answer cost that nobody can price stays as reserved.
        return answer

    async def _settle(self, reservation: UUID, cost: float) -> None:
        try:
            await self._ledger.settle(reservation, dollars(cost))
        except LedgerUnavailable:
            # It counts as reserved, which is more.
            return

    async def _most(self, request: ModelRequest[Schema], names: tuple[str, ...]) -> Decimal:
        """The most that the dearest model of the chain can cost, in US dollars; 0 where nobody set a cap or a price."""
        asked = self._routes.adjusted(request)
        tokens = tokens_of(asked.messages, asked.schema)
        costs = []
        for name in names:
            cost = await asyncio.to_thread(self._prices.estimate, name, tokens, asked.max_tokens)
            if cost is None and self._caps.any:
                reason = (
                    f"No price is known for {name}, so the spend cap cannot be kept. Set what a million tokens cost: "
                    f"SCREENER_MODEL_PRICES={name}=in/out"
                )
                raise ModelError(reason, kind="budget", model=name, calls=0)
            costs.append(cost or 0.0)
        return dollars(max(costs))


def dollars(cost: float) -> Decimal:
    """A cost as it is stored: to a millionth of a cent."""
    return Decimal(repr(cost)).quantize(Decimal("0.00000001"))


def _in_words(reached: CapReached, amount: Decimal) -> str:
    for_whom, setting = SETTINGS[reached.scope]
    return (
        f"The spend cap of ${reached.limit:.2f} a day {for_whom} is reached ({setting}): ${reached.spent:.4f} is "
        f"spent or reserved today, and this call may cost ${amount:.4f}. It begins anew at "
        f"{reached.resets:%Y-%m-%d %H:%M} UTC."
    )
