"""What is looked at again at each candle close: signals that wait, and open positions.

All of it is background work. Reading locks nothing; whoever stores what a close said does so under the row's lock and
only where that close was not stored before, so a close that is told twice is looked at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString
from uuid import UUID

from store.records import Direction, Json, Record, Signal
from store.rows import as_json, fetch_all, fetch_optional
from store.session import Connection


class Waiting(Record):
    """A signal that waits: how it is watched, the last close it was looked at, its newest analysis, and its strategy's
    settings."""

    id: UUID
    strategy_id: UUID
    symbol: str
    interval: str
    side: Direction
    price: Decimal
    candle_close: datetime
    watch: Json | None
    looked_at: datetime | None
    analysis_id: UUID | None
    trade_plan: Json | None
    key_levels: Json | None
    seen_price: float | None
    settings: Json


class Held(Record):
    """An open position whose signal and strategy are known.

    `filter_code` is the strategy's version that gave the signal; `settings` its analysis settings now. `manage`:
    whether its owner's subscription lets it be managed, True without one. `analysis_id` and what follows are of the
    analysis that it was entered on.
    """

    id: UUID
    owner_id: UUID
    strategy_id: UUID
    signal_id: UUID
    symbol: str
    side: Direction
    interval: str
    entry_price: Decimal
    opened_at: datetime
    stop: Decimal | None
    thesis: Json | None
    filter_code: str
    settings: Json
    manage: bool
    analysis_id: UUID | None
    reasoning: str | None
    trade_plan: Json | None


async def waiting(conn: Connection, interval: str, close: datetime) -> list[Waiting]:
    """Signals of `interval` that wait since an earlier candle and were not looked at for `close` yet, oldest first."""
    return await fetch_all(
        conn,
        Waiting,
        "select s.id, s.strategy_id, s.symbol, s.interval, s.side, s.price, s.candle_close, s.watch,"
        "   s.considered_until as looked_at, a.id as analysis_id, a.trade_plan, a.key_levels, t.analysis as settings,"
        "   case when jsonb_typeof(a.snapshot -> 'price') = 'number' then (a.snapshot ->> 'price')::float8 end"
        "     as seen_price"
        " from public.signals s join public.strategies t on t.id = s.strategy_id"
        " left join lateral (select * from public.analyses"
        "   where signal_id = s.id and position_id is null order by created_at desc limit 1) a on true"
        " where s.status = 'wait' and s.interval = %(interval)s and s.candle_close < %(close)s"
        "   and (s.considered_until is null or s.considered_until < %(close)s) order by s.candle_close, s.id",
        {"interval": interval, "close": close},
    )


async def keep_watch(conn: Connection, signal_id: UUID, close: datetime, watch: Mapping[str, Any]) -> Signal | None:
    """Store what `close` said of a signal that waits; None where it waits no more or that close was stored before."""
    return await fetch_optional(
        conn,
        Signal,
        "update public.signals set watch = %(watch)s, considered_until = %(close)s"
        " where id = %(id)s and status = 'wait' and (considered_until is null or considered_until < %(close)s)"
        " returning *",
        {"id": signal_id, "close": close, "watch": as_json(dict(watch))},
    )


async def put_off(conn: Connection, signal_id: UUID, watch: Mapping[str, Any], reason: str) -> None:
    """Store why a signal that waits is not asked about yet, and the watch to which that leads."""
    await conn.execute(
        "update public.signals set watch = %s, reason = %s where id = %s and status = 'wait'",
        (as_json(dict(watch)), reason, signal_id),
    )


_QUERY: LiteralString = (
    "select p.id, p.owner_id, p.strategy_id, p.signal_id, p.symbol, p.side, s.interval, p.entry_price, p.opened_at,"
    "   p.stop, p.thesis, v.filter_code, t.analysis as settings, coalesce(f.manage, true) as manage,"
    "   a.id as analysis_id, a.reasoning, a.trade_plan"
    " from public.positions p join public.signals s on s.id = p.signal_id"
    " join public.strategies t on t.id = s.strategy_id"
    " join public.strategy_versions v on v.strategy_id = s.strategy_id and v.version = s.strategy_version"
    " left join public.subscriptions f on f.strategy_id = s.strategy_id and f.owner_id = p.owner_id"
    " left join lateral (select * from public.analyses where signal_id = s.id and position_id is null"
    "   and created_at <= p.created_at order by id is not distinct from (select d.analysis_id"
    "     from public.signal_decisions d where (d.signal_id, d.owner_id) = (s.id, p.owner_id)) desc,"
    "   created_at desc limit 1) a on true"
    " where p.state = 'open'"
)


async def held(conn: Connection, interval: str, close: datetime) -> list[Held]:
    """Open positions of strategies of `interval` that were opened before `close`, oldest first."""
    return await fetch_all(
        conn,
        Held,
        _QUERY + " and s.interval = %(interval)s and p.opened_at < %(close)s order by p.opened_at, p.id",
        {"interval": interval, "close": close},
    )


async def held_one(conn: Connection, position_id: UUID) -> Held | None:
    """An open position as `held` gives it; None where it is closed, or its signal is gone."""
    return await fetch_optional(conn, Held, _QUERY + " and p.id = %(id)s", {"id": position_id})
