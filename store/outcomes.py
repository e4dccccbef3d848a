"""What became of signals: each of their plans followed to its end. Prices in quote currency, times are market time.

1. `due` says which signals have plans that are not followed yet; `insert_many` opens them, each once.
2. `save_many` writes what was settled and, now and then, how open ones stand, all in one statement. What is settled
   changes no more.
3. `of_signal` and `followed` are what people see; row-level security decides of which signals.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from psycopg import sql
from pydantic import Field

from store.records import AnalysisDecision, Direction, Json, Mode, Record, SignalStatus
from store.rows import as_json, fetch_all, where
from store.session import Connection

Plan = Literal["model", "bare"]
State = Literal["open", "stop", "target", "timeout", "invalid"]

# Its analysis may still change while a signal is in one of these.
_UNDECIDED = "('new', 'analysing', 'wait')"


class Due(Record):
    """A signal with a plan that nobody follows yet. `key_levels` and what else is of its analysis are None where the
    analysis is not at its end, or there is none; `candles` are the signal's, `risk` that of its strategy's version."""

    id: UUID
    symbol: str
    interval: str
    side: Direction
    price: Decimal
    candle_close: datetime
    candles: list[Any]
    risk: Json
    has_bare: bool
    has_model: bool
    analysis_id: UUID | None
    key_levels: Json | None
    decided_at: datetime | None


class NewOutcome(Record):
    """A plan to follow, or one that cannot be (`invalid`, with the reason)."""

    signal_id: UUID
    plan: Plan
    symbol: str
    interval: str
    side: Direction
    opened_at: datetime
    until: datetime
    last_candle: datetime
    analysis_id: UUID | None = None
    entry: Decimal | None = None
    stop: Decimal | None = None
    targets: list[Decimal] = Field(default_factory=list)
    state: State = "open"
    reason: str | None = None
    closed_at: datetime | None = None


class Outcome(NewOutcome):
    """A plan that is, or was, followed. Results in R, as of `last_candle` while it is open; `filled` is where it was
    entered."""

    filled: Decimal | None
    mfe_r: float | None
    mae_r: float | None
    result_r: float | None
    close_price: Decimal | None
    created_at: datetime
    updated_at: datetime


class Progress(Record):
    """How a plan stands after `last_candle`, or how it ended."""

    signal_id: UUID
    plan: Plan
    state: State
    last_candle: datetime
    mfe_r: float | None = None
    mae_r: float | None = None
    result_r: float | None = None
    close_price: float | None = None
    filled: float | None = None
    reason: str | None = None


class FollowedSignal(Record):
    """A signal, what was decided and what came of it; the results are None while open, or where there is none. Its
    plans time out at `until`, the later of the two."""

    signal_id: UUID
    strategy_id: UUID
    strategy_name: str
    candle_close: datetime
    status: SignalStatus
    until: datetime
    analysis_id: UUID | None
    decision: AnalysisDecision | None
    confidence: int | None
    model: str | None
    prompt_version: str | None
    model_state: State | None
    model_reason: str | None
    model_r: float | None
    mfe_r: float | None
    mae_r: float | None
    bare_state: State | None
    bare_reason: str | None
    bare_r: float | None


class SignalTrade(Record):
    """A position that somebody really had on a signal; `risked` is what its first stop would have cost."""

    id: UUID
    mode: Mode
    state: Literal["open", "closed"]
    realised_profit: Decimal
    risked: Decimal | None
    closed_at: datetime | None


async def clock(conn: Connection) -> datetime:
    """The database's own time, that of `updated_at`."""
    cursor = await conn.execute("select now()")
    row = await cursor.fetchone()
    assert row is not None
    found: datetime = row[0]
    return found


async def changed(conn: Connection, since: datetime) -> list[tuple[UUID, datetime]]:
    """Signals that changed since (the database's own time), and when. Background work only."""
    cursor = await conn.execute("select id, updated_at from public.signals where updated_at >= %s", (since,))
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def due(conn: Connection, signal_ids: Sequence[UUID] | None, limit: int = 500) -> list[Due]:
    """Those of the signals (None: of all) that have a plan to open, oldest candle first. Background work only."""
    return await fetch_all(
        conn,
        Due,
        sql.SQL(
            "select s.id, s.symbol, s.interval, s.side, s.price, s.candle_close, s.candles, v.risk,"
            "  b.signal_id is not null as has_bare, m.signal_id is not null as has_model,"
            "  a.id as analysis_id, a.key_levels, a.decided_at"
            " from public.signals s"
            " join public.strategy_versions v on v.strategy_id = s.strategy_id and v.version = s.strategy_version"
            " left join public.outcomes b on b.signal_id = s.id and b.plan = 'bare'"
            " left join public.outcomes m on m.signal_id = s.id and m.plan = 'model'"
            " left join lateral (select id, key_levels, decided_at from public.analyses"
            "   where signal_id = s.id and position_id is null and s.status not in {} and m.signal_id is null"
            "   order by created_at desc limit 1) a on true"
            " where {} and (b.signal_id is null or (m.signal_id is null"
            "   and a.key_levels ->> 'stop_loss' is not null and a.key_levels -> 'take_profit' ->> 0 is not null))"
            " order by s.candle_close, s.id limit %(limit)s"
        ).format(sql.SQL(_UNDECIDED), where([("s.id = any(%(ids)s)", signal_ids)])),
        {"ids": None if signal_ids is None else list(signal_ids), "limit": limit},
    )


async def insert_many(conn: Connection, outcomes: Sequence[NewOutcome]) -> list[tuple[UUID, Plan]]:
    """Open plans in one statement; returns which were new. Background work only."""
    if not outcomes:
        return []
    names = list(NewOutcome.model_fields)
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    cursor = await conn.execute(
        sql.SQL(
            "insert into public.outcomes ({columns})"
            " select {columns} from jsonb_populate_recordset(null::public.outcomes, %s)"
            " on conflict (signal_id, plan) do nothing returning signal_id, plan"
        ).format(columns=columns),
        (as_json([outcome.model_dump(mode="json") for outcome in outcomes]),),
    )
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def save_many(conn: Connection, rows: Sequence[Progress]) -> int:
    """Write how plans stand or ended, in one statement; returns how many were open until now. Background work only."""
    if not rows:
        return 0
    cursor = await conn.execute(
        "update public.outcomes o set state = n.state, last_candle = n.last_candle, mfe_r = n.mfe_r, mae_r = n.mae_r,"
        "  result_r = n.result_r, close_price = n.close_price, reason = n.reason,"
        "  filled = coalesce(n.filled, o.filled),"
        "  closed_at = case when n.state = 'open' then null else n.last_candle end"
        " from unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::float8[], %s::float8[], %s::float8[],"
        "  %s::numeric[], %s::numeric[], %s::text[]) as n (signal_id, plan, state, last_candle, mfe_r, mae_r, result_r,"
        "  close_price, filled, reason)"
        " where (o.signal_id, o.plan) = (n.signal_id, n.plan) and o.state = 'open'",
        (
            [r.signal_id for r in rows],
            [r.plan for r in rows],
            [r.state for r in rows],
            [r.last_candle for r in rows],
            [r.mfe_r for r in rows],
            [r.mae_r for r in rows],
            [r.result_r for r in rows],
            [_decimal(r.close_price) for r in rows],
            [_decimal(r.filled) for r in rows],
            [r.reason for r in rows],
        ),
    )
    return cursor.rowcount


def _decimal(price: float | None) -> Decimal | None:
    return None if price is None else Decimal(repr(price))


async def count_open(conn: Connection) -> int:
    """How many plans are followed. Background work only."""
    cursor = await conn.execute("select count(*) from public.outcomes where state = 'open'")
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def all_open(conn: Connection) -> list[Outcome]:
    """Every plan that is followed, the one that lags most first. Background work only."""
    return await fetch_all(
        conn, Outcome, "select * from public.outcomes where state = 'open' order by last_candle, signal_id, plan"
    )


async def of_signal(conn: Connection, signal_id: UUID) -> list[Outcome]:
    """The plans of a signal that the reader may see, none, one or both."""
    return await fetch_all(
        conn, Outcome, "select * from public.outcomes where signal_id = %(id)s order by plan", {"id": signal_id}
    )


async def trades_of(conn: Connection, signal_id: UUID) -> list[SignalTrade]:
    """The positions on a signal that the reader may see, oldest first."""
    return await fetch_all(
        conn,
        SignalTrade,
        "select id, mode, state, realised_profit, closed_at,"
        "  abs(entry_price - initial_stop) * coalesce(initial_quantity, quantity) as risked"
        " from public.positions where signal_id = %(id)s order by opened_at, id",
        {"id": signal_id},
    )


async def followed(
    conn: Connection,
    *,
    strategy_id: UUID | None = None,
    since: datetime | None = None,
    limit: int = 20_000,
) -> list[FollowedSignal]:
    """Signals the reader may see that are followed, newest candle first, each with its last analysis."""
    filters = where([("s.strategy_id = %(strategy_id)s", strategy_id), ("s.candle_close >= %(since)s", since)])
    return await fetch_all(
        conn,
        FollowedSignal,
        sql.SQL(
            "select b.signal_id, s.strategy_id, t.name as strategy_name, s.candle_close, s.status,"
            "  greatest(b.until, m.until) as until,"
            "  a.id as analysis_id, a.decision, a.confidence, a.model, a.prompt_version,"
            "  m.state as model_state, m.reason as model_reason, m.result_r as model_r, m.mfe_r, m.mae_r,"
            "  b.state as bare_state, b.reason as bare_reason, b.result_r as bare_r"
            " from public.outcomes b"
            " join public.signals s on s.id = b.signal_id join public.strategies t on t.id = s.strategy_id"
            " left join public.outcomes m on m.signal_id = b.signal_id and m.plan = 'model'"
            " left join lateral (select id, decision, confidence, model, prompt_version from public.analyses"
            "   where signal_id = s.id and position_id is null and (m.analysis_id is null or id = m.analysis_id)"
            "   order by created_at desc limit 1) a on true"
            " where b.plan = 'bare' and {} order by s.candle_close desc, s.id desc limit %(limit)s"
        ).format(filters),
        {"strategy_id": strategy_id, "since": since, "limit": limit},
    )
