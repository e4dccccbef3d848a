"""Enabling a strategy: its cost against the quota, its filter against real candles, then a second word if need be.

1. `examine` asks the worker that owns the market for the save gate's report, and adds what the quota says.
2. `insist` refuses where a finding blocks, or where one warns and nobody confirmed.
3. `keep` writes the outcome to the event log, where it can be read later (`newest`).

A worker that does not answer stops nobody: the strategy is enabled and told to be unchecked.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from app.market_client import MarketClient, MarketRefused, MarketUnavailable
from app.quota import Quota, quota_of
from app.settings import Settings
from app.times import at
from llm.checks.contradictions import wrong_sides
from screener import Program
from screener.gate.findings import Finding, unchecked
from store import events
from store.records import Strategy
from store.session import Connection, Database
from store.trading_records import NewEvent

KIND = "STRATEGY_CHECKED"


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known before a strategy is enabled. `figures` are the gate's, by name, and say how much was sampled."""

    filter_hash: str
    findings: tuple[Finding, ...]
    figures: dict[str, Any]
    reach: dict[str, int]
    quota: Quota

    @property
    def blocks(self) -> bool:
        """Whether it must not be enabled."""
        return any(f.severity == "blocks" for f in self.findings)

    @property
    def warns(self) -> bool:
        """Whether it needs a second word."""
        return any(f.severity == "warns" for f in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """As the event log keeps it and the API shows it."""
        return {
            **self.figures,
            "filter_hash": self.filter_hash,
            "findings": [asdict(f) for f in self.findings],
            "cost": self.quota.cost,
            "reach": self.reach,
            "quota": {
                "used": self.quota.used,
                "after": self.quota.after,
                "limit": self.quota.limit,
                "strategy_limit": self.quota.strategy_limit,
            },
        }


class NotEnabled(Exception):
    """A strategy was not enabled: a finding blocks, or one warns and was not confirmed."""

    def __init__(self, examined: Examined) -> None:
        self.examined = examined
        grave = [f for f in examined.findings if f.severity == ("blocks" if examined.blocks else "warns")]
        super().__init__(" ".join(f.message for f in grave))


async def examine(
    database: Database,
    market: MarketClient,
    settings: Settings,
    user: UUID,
    program: Program,
    *,
    direction: str = "",
    trigger: str = "edge",
    symbols: tuple[str, ...] = (),
    built_in: bool = False,
    strategy_id: UUID | None = None,
) -> Examined:
    """Check `program` before it runs as `strategy_id` (None: a new one) of `user`. Of a `direction` ("long" or "short")
    its stop and target are looked at, too."""
    async with database.user(user) as conn:
        quota = await quota_of(conn, settings, None if built_in else user, program, strategy_id)
    question = {
        "filter_code": program.source,
        "interval": program.base,
        "direction": direction,
        "trigger": trigger,
        "symbols": list(symbols),
    }
    try:
        figures = await market.check(question)
    except MarketUnavailable as error:
        figures = asdict(unchecked(program.base, f"{error}."))
    except MarketRefused as error:
        if error.status != 503:
            raise
        figures = asdict(unchecked(program.base, f"{error}."))
    found = [Finding(**row) for row in figures.pop("findings")]
    sides = _sides(program, direction)
    # A level that is wrong whatever the candles are needs no count of them.
    told = {f.message.split()[1] for f in sides}
    found = [f for f in found if f.code != "G132" or f.message.split()[1] not in told]
    findings = (*quota.findings(), *sides, *found)
    return Examined(program.hash, findings, figures, dict(program.reach), quota)


def _sides(program: Program, direction: str) -> list[Finding]:
    """A stop or target where the direction's must not be."""
    hint = "Put it on the other side of the entry, or change the direction."
    return [Finding("G131", "warns", words, hint) for words in wrong_sides(program, direction)]


def insist(examined: Examined, *, confirm: bool) -> None:
    """Raise NotEnabled where a finding blocks, or where one warns and `confirm` is false."""
    if examined.blocks or (examined.warns and not confirm):
        raise NotEnabled(examined)


async def keep(database: Database, strategy: Strategy, examined: Examined, *, enabled: bool) -> None:
    """Write to the event log what was found when `strategy` was to be enabled."""
    grave = [f.message for f in examined.findings if f.severity != "info"]
    outcome = "enabled" if enabled else "not enabled"
    message = f"{strategy.name} was checked and {outcome}. {' '.join(grave)}".strip()
    detail = {**examined.as_dict(), "enabled": enabled, "version": strategy.version}
    if (until := examined.figures.get("until")) is not None:
        detail["time"] = at(until).isoformat()
    async with database.worker() as conn:
        await events.append(
            conn,
            NewEvent(
                kind=KIND,
                level="warning" if grave else "info",
                message=message,
                detail=detail,
                owner_id=strategy.owner_id,
                strategy_id=strategy.id,
            ),
        )


async def newest(conn: Connection, strategy: Strategy) -> dict[str, Any] | None:
    """The newest check of the strategy's present filter, or None."""
    for event in await events.list_events(conn, kind=KIND, strategy_id=strategy.id, limit=1):
        if event.detail.get("filter_hash") == strategy.filter_hash:
            return event.detail
    return None
