"""Strategies that are stored and screened, and what came of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from app.screening import Screener
from app.times import to_ms
from store import runs, signals, strategies
from store.records import NewStrategy, Strategy
from store.session import Database
from tests.fixtures.fake_market import FakeMarket

ABOVE = "match = close > ta.sma(close, 5)"


class Killed(BaseException):
    """Stands for the end of the process: no handler of ours may swallow it."""


async def store_strategy(database: Database, code: str = ABOVE, owner: UUID | None = None, **changes: Any) -> Strategy:
    """A strategy that runs."""
    values = {
        "code": f"t-{uuid4().hex[:10]}",
        "name": "Test",
        "owner_id": owner,
        "base_interval": "1m",
        "filter_code": code,
        "filter_hash": uuid4().hex,
        "enabled": True,
        **changes,
    }
    async with database.worker() as conn:
        return await strategies.create(conn, NewStrategy(**values))


async def stored(database: Database, of: Strategy) -> list[tuple[str, int]]:
    """(symbol, close) of every signal of a strategy."""
    async with database.worker() as conn:
        page = await signals.list_page(conn, limit=500, strategy_id=of.id)
    assert page.next is None
    return sorted((s.symbol, to_ms(s.candle_close)) for s in page.items)


async def read(database: Database, of: Strategy) -> Strategy:
    """The strategy as it is now."""
    async with database.worker() as conn:
        return await strategies.get(conn, of.id)


async def run_statuses(database: Database) -> dict[int, str]:
    """How each close's run ended, by the close in ms."""
    async with database.worker() as conn:
        return {to_ms(r.candle_close): r.status for r in await runs.latest(conn, limit=500)}


async def started(database: Database, market: FakeMarket, worker: str = "w1") -> Screener:
    """A screener that has read the strategies."""
    screener = Screener(database, market, worker)
    await screener.sync()
    return screener
