"""Engine cost: what a filter computes at each step, and what one person's enabled strategies compute together.

Equal expressions of several strategies are one node of the engine, so they count once. The figures are known when a
filter compiles; nothing has to run.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from app.settings import Settings
from screener import FilterError, Program, compile_filter
from screener.gate.findings import Finding
from screener.language.plan import unique_cost
from store import strategies, tiers
from store.session import Connection


@dataclass(frozen=True, slots=True)
class Quota:
    """Nodes that one's enabled strategies compute together: `used` without the strategy in question, `after` with it.

    `cost` is the strategy's own; `strategy_limit` is what the settings allow, `limit` what they and the owner's tier
    do.
    """

    cost: int
    used: int
    after: int
    limit: int
    strategy_limit: int

    def findings(self) -> list[Finding]:
        """What speaks against enabling the strategy."""
        found = []
        if self.cost > self.strategy_limit:
            message = f"It computes {self.cost:,} nodes at each step; one strategy may compute {self.strategy_limit:,}."
            hint = "Leave out an indicator, or split it into several strategies."
            found.append(Finding("Q101", "blocks", message, hint))
        if self.after > self.limit:
            message = (
                f"Your enabled strategies compute {self.used:,} nodes at each step; with this one they would compute "
                f"{self.after:,}, and {self.limit:,} are allowed."
            )
            hint = (
                "Pause a strategy, or use indicators and lengths that another one has already: what two strategies "
                "share counts once."
            )
            found.append(Finding("Q102", "blocks", message, hint))
        return found


@lru_cache(maxsize=2048)
def _compiled(filter_code: str, interval: str) -> Program | None:
    try:
        return compile_filter(filter_code, interval)
    except (FilterError, ValueError):
        # It will not run either.
        return None


async def quota_of(
    conn: Connection, settings: Settings, owner_id: UUID | None, program: Program, strategy_id: UUID | None = None
) -> Quota:
    """The quota of `owner_id` with `program` as strategy `strategy_id` (None: a new one).

    Built-in strategies (no owner) count for nobody.
    """
    held: list[Program] = []
    limit = settings.max_cost_per_user
    if owner_id is not None:
        its = await tiers.of(conn, owner_id)
        limit = limit if its.engine_cost is None else min(limit, its.engine_cost)
        rows = await strategies.list_visible(conn, owner_id=owner_id, enabled=True, limit=10_000)
        found = [_compiled(row.filter_code, row.base_interval) for row in rows if row.id != strategy_id]
        held = [program for program in found if program is not None]
    return Quota(
        cost=program.cost,
        used=unique_cost(held),
        after=unique_cost([*held, program]) if owner_id is not None else 0,
        limit=limit,
        strategy_limit=settings.max_cost_per_strategy,
    )
