"""Signals: matches of strategies, and what becomes of them.

    new → analysing → enter | wait | rejected | expired | error        wait → analysing when it is asked about again
    enter → approved | declined | blocked → ordered → in_position → closed

Every change of state names the states it may start from, in the same statement, so two workers never both
win.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from psycopg import sql

from store import jobs
from store.errors import InvalidRow, NotFound, StateConflict
from store.records import (
    Json,
    NewSignal,
    Record,
    Signal,
    SignalCount,
    SignalDecision,
    SignalPage,
    SignalStatus,
    SignalView,
)
from store.rows import fetch_all, fetch_one, fetch_optional, insert_into, parameters, where
from store.session import Connection

# What each state may be entered from.
SOURCES: Mapping[SignalStatus, tuple[SignalStatus, ...]] = {
    "analysing": ("new", "wait", "error"),
    "enter": ("analysing",),
    "wait": ("analysing",),
    "rejected": ("analysing",),
    "expired": ("new", "wait", "analysing", "enter"),
    "error": ("analysing",),
    "approved": ("enter",),
    "declined": ("new", "analysing", "enter", "wait", "error", "expired", "rejected", "blocked"),
    "blocked": ("enter", "approved", "ordered"),
    "ordered": ("approved",),
    "in_position": ("ordered",),
    "closed": ("in_position",),
}

_ANALYSABLE: list[SignalStatus] = ["new", "wait", "error", "analysing"]
_UNANSWERED: list[SignalStatus] = ["new", "analysing", "wait", "enter"]

# By an answer that does not move it, a shared signal is for its reader where that answer led; who has not answered may
# still enter what others have entered.
_STATE: Final = """case when d.decision is null and s.owner_id is null and r.follows
    and s.status in ('approved', 'blocked', 'ordered', 'in_position') then 'enter'
  when d.decision is null or d.moves then s.status when d.decision = 'decline' then 'declined'
  when d.refusal is null then 'approved' else 'blocked' end"""
_READ: Final = """
from public.signals s
join public.strategies t on t.id = s.strategy_id
left join public.signal_decisions d on d.signal_id = s.id and d.owner_id = (select auth.uid())
cross join (select not private.is_admin() as follows) r
"""
# A visitor has no right to the table of answers, and background work no claims: both see no answer.
_READ_WITHOUT_ANSWER: Final = """
from public.signals s
join public.strategies t on t.id = s.strategy_id
cross join (select null::text as decision, null::text as refusal, null::boolean as moves) d
cross join (select false as follows) r
"""
_VIEW: Final = """
select s.*, t.name as strategy_name, t.code as strategy_code,
  a.id as analysis_id, a.decision as analysis_decision, a.confidence as analysis_confidence,
  d.decision as my_decision, d.refusal as my_refusal, coalesce(d.moves, false) as my_move, {state} as state
{read}
left join lateral (
  select id, decision, confidence from public.analyses
  where signal_id = s.id and position_id is null order by created_at desc limit 1) a on true
"""
_COUNTS: Final = """
select s.strategy_id, t.name as strategy_name, {state} as state, count(*) as count
{read}
group by 1, 2, 3 order by 2, 1, 3
"""


async def insert(conn: Connection, signal: NewSignal) -> UUID | None:
    """Store a match and return its id; None where this strategy, symbol and candle has its signal already.

    Call it in the transaction that moves the watermark. Its analysis is queued in the same, where its strategy wants
    that without being asked.
    """
    signal_id = await _insert(conn, signal)
    if signal_id is not None:
        await jobs.analyse_automatic(conn, [signal_id])
    return signal_id


async def _insert(conn: Connection, signal: NewSignal) -> UUID | None:
    cursor = await conn.execute(
        insert_into(
            "signals",
            dict(signal),
            "on conflict (strategy_id, symbol, candle_close) do nothing returning id",
        ),
        parameters(dict(signal)),
    )
    row = await cursor.fetchone()
    return None if row is None else UUID(str(row[0]))


async def insert_many(conn: Connection, signals: Sequence[NewSignal]) -> list[UUID]:
    """Store matches; returns the ids of those that were new, in order. Their analyses are queued as by `insert`, those
    of the largest score first.
    """
    ids = [await _insert(conn, signal) for signal in signals]
    new = [signal_id for signal_id in ids if signal_id is not None]
    await jobs.analyse_automatic(conn, new)
    return new


async def confirm_many(conn: Connection, signals: Sequence[NewSignal]) -> list[Signal]:
    """The candles of these matches closed: their provisional signals are so no longer; returns those that changed.

    Only `provisional` changes. A signal that another filter or direction of the strategy gave before an edit stays as
    it is. Background work only; call it in the transaction that moves the watermark.
    """
    if not signals:
        return []
    return await fetch_all(
        conn,
        Signal,
        "update public.signals s set provisional = false"
        " from unnest(%(strategies)s::uuid[], %(versions)s::int[], %(symbols)s::text[], %(closes)s::timestamptz[])"
        "   as m(strategy_id, version, symbol, candle_close)"
        " join public.strategy_versions now on now.strategy_id = m.strategy_id and now.version = m.version"
        " join public.strategy_versions fired on fired.strategy_id = m.strategy_id"
        "   and (fired.filter_hash, fired.direction) = (now.filter_hash, now.direction)"
        " where (s.strategy_id, s.symbol, s.candle_close) = (m.strategy_id, m.symbol, m.candle_close)"
        "   and s.strategy_version = fired.version and s.provisional returning s.*",
        {
            "strategies": [s.strategy_id for s in signals],
            "versions": [s.strategy_version for s in signals],
            "symbols": [s.symbol for s in signals],
            "closes": [s.candle_close for s in signals],
        },
    )


async def get(conn: Connection, signal_id: UUID) -> SignalView:
    """Return one signal as the reader sees it. Raises NotFound."""
    query = (await _view(conn)) + sql.SQL(" where s.id = %(id)s")
    return await fetch_one(conn, SignalView, query, {"id": signal_id}, what="signal")


async def list_page(
    conn: Connection,
    *,
    limit: int = 50,
    cursor: str | None = None,
    strategy_id: UUID | None = None,
    symbol: str | None = None,
    status: SignalStatus | None = None,
    states: Sequence[SignalStatus] | None = None,
) -> SignalPage:
    """Return signals the reader may see, newest candle first; `cursor` is the former page's `next`.

    `status` is the signal's own, `states` are the reader's (`SignalView.state`), any of them. Raises InvalidRow on a
    cursor that is not ours.
    """
    limit = max(1, min(limit, 500))
    closed, last_id = (None, None) if cursor is None else decode_cursor(cursor)
    filters = where(
        [
            ("(s.candle_close, s.id) < (%(closed)s, %(last_id)s)", closed),
            ("s.strategy_id = %(strategy_id)s", strategy_id),
            ("s.symbol = %(symbol)s", symbol),
            ("s.status = %(status)s", status),
            (f"{_STATE} = any(%(states)s)", states),
        ]
    )
    query = (await _view(conn)) + sql.SQL(" where {} order by s.candle_close desc, s.id desc limit %(limit)s").format(
        filters
    )
    rows = await fetch_all(
        conn,
        SignalView,
        query,
        {
            "closed": closed,
            "last_id": last_id,
            "strategy_id": strategy_id,
            "symbol": symbol,
            "status": status,
            "states": None if states is None else list(states),
            "limit": limit + 1,
        },
    )
    more = len(rows) > limit
    rows = rows[:limit]
    return SignalPage(items=rows, next=encode_cursor(rows[-1].candle_close, rows[-1].id) if more else None)


async def counts(conn: Connection) -> list[SignalCount]:
    """How many signals the reader may see, of each strategy and state."""
    return await fetch_all(conn, SignalCount, await _over_answers(conn, _COUNTS))


async def transition(
    conn: Connection,
    signal_id: UUID,
    to: SignalStatus,
    *,
    expected: Sequence[SignalStatus] | None = None,
    reason: str | None = None,
    claim: UUID | None = None,
) -> Signal:
    """Move a signal to `to` from one of `expected` (default: every state the life cycle allows), where `claim` is given
    only while it is the newest.

    Raises StateConflict where it is in another state or somebody else's, NotFound. Background work only.
    """
    sources = list(expected if expected is not None else SOURCES[to])
    moved = await fetch_optional(
        conn,
        Signal,
        "update public.signals set status = %(to)s, reason = %(reason)s"
        " where id = %(id)s and status = any(%(sources)s) and coalesce(claim = %(claim)s, %(claim)s is null)"
        " returning *",
        {"to": to, "reason": reason, "id": signal_id, "sources": sources, "claim": claim},
    )
    if moved is None:
        current = await get(conn, signal_id)
        raise StateConflict(f"a signal that is {current.status} cannot become {to}")
    return moved


async def to_analyse(conn: Connection, signal_id: UUID) -> Signal | None:
    """A signal that may be analysed now; None where it is gone or past that."""
    return await fetch_optional(
        conn,
        Signal,
        "select * from public.signals where id = %(id)s and status = any(%(sources)s)",
        {"id": signal_id, "sources": _ANALYSABLE},
    )


async def has_room(conn: Connection, signal: Signal, at_once: int) -> bool:
    """Whether fewer than `at_once` other signals of its strategy are being analysed, by whatever process.

    Two that ask at once do so one after another: claim the signal in the same transaction. Its commit does not wait for
    the disk: a claim that a crash of the database forgets is made again.
    """
    await conn.execute(
        "select pg_advisory_xact_lock(hashtextextended(%s, 6)), set_config('synchronous_commit', 'off', true)",
        (str(signal.strategy_id),),
    )
    cursor = await conn.execute(
        "select count(*) < %s from public.signals where strategy_id = %s and status = 'analysing' and id <> %s",
        (at_once, signal.strategy_id, signal.id),
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def claim_one(conn: Connection, signal_id: UUID, claim: UUID | None = None) -> Signal | None:
    """Take one signal into `analysing`; None where it is past that. One that another worker was at is taken from it:
    the newest `claim` counts.
    """
    return await fetch_optional(
        conn,
        Signal,
        "update public.signals set status = 'analysing', reason = null, claim = %(claim)s"
        " where id = %(id)s and status = any(%(sources)s) returning *",
        {"id": signal_id, "sources": _ANALYSABLE, "claim": claim},
    )


async def is_claimed(conn: Connection, signal_id: UUID, claim: UUID) -> bool:
    """Whether a claim is still the newest; it is until the transaction ends. Background work only."""
    cursor = await conn.execute("select claim = %s from public.signals where id = %s for update", (claim, signal_id))
    row = await cursor.fetchone()
    return row is not None and row[0] is True


class Unanswered(Record):
    """A strategy with signals on `interval` that nobody decided; `settings` are those of its analyses now."""

    strategy_id: UUID
    interval: str
    settings: Json


async def unanswered(conn: Connection) -> list[Unanswered]:
    """Whose signals may expire. Background work only."""
    return await fetch_all(
        conn,
        Unanswered,
        "select s.strategy_id, s.interval, t.analysis as settings"
        " from (select distinct strategy_id, interval from public.signals where status = any(%(open)s)) as s"
        " join public.strategies t on t.id = s.strategy_id order by 1, 2",
        {"open": _UNANSWERED},
    )


async def expire(conn: Connection, strategy_id: UUID, interval: str, until: datetime) -> int:
    """Expire a strategy's unanswered signals of `interval` whose candle closed at `until` or before; returns how many.
    The reason says at what each was. Background work only.
    """
    cursor = await conn.execute(
        "update public.signals s set status = 'expired', reason = concat_ws(' ', case status"
        "   when 'enter' then case when exists (select from public.signal_decisions d"
        "     where d.signal_id = s.id and d.decision = 'approve') then 'Its time to be entered is over.'"
        "     else 'Nobody approved it in time.' end"
        "   when 'wait' then 'What it waited for did not come in time.'"
        "   else 'It was not analysed in time.' end, reason)"
        " where strategy_id = %s and interval = %s and status = any(%s) and candle_close <= %s",
        (strategy_id, interval, _UNANSWERED, until),
    )
    return cursor.rowcount


async def decide(
    conn: Connection, signal_id: UUID, *, approve: bool, note: str = "", analysis_id: UUID | None = None
) -> SignalDecision:
    """Record the signed-in person's answer; the owner's (or administrator's) moves the signal as well.

    An approval is of the analysis that was seen, which must be the newest, or else of the newest that says to enter.
    Runs under `Database.user`. The same answer twice is one answer. Raises NotFound, StateConflict,
    NotAllowed (through the transaction's end, see store.session).
    """
    found = await fetch_optional(
        conn,
        SignalDecision,
        "select * from public.decide_signal(%(id)s, %(decision)s, %(note)s, %(analysis)s)",
        {
            "id": signal_id,
            "decision": "approve" if approve else "decline",
            "note": note,
            "analysis": analysis_id if approve else None,
        },
    )
    if found is None:
        raise NotFound("there is no such signal")
    return found


async def answer(conn: Connection, signal_id: UUID, owner_id: UUID) -> SignalDecision | None:
    """Return a person's answer to a signal, or None."""
    return await fetch_optional(
        conn,
        SignalDecision,
        "select * from public.signal_decisions where signal_id = %(signal)s and owner_id = %(owner)s",
        {"signal": signal_id, "owner": owner_id},
    )


async def _view(conn: Connection) -> sql.Composed:
    return await _over_answers(conn, _VIEW)


async def _over_answers(conn: Connection, query: LiteralString) -> sql.Composed:
    """`query` over signals with the reader's answers, where the reader may have any."""
    cursor = await conn.execute("select current_user = 'authenticated'")
    row = await cursor.fetchone()
    member = row is not None and bool(row[0])
    return sql.SQL(query).format(state=sql.SQL(_STATE), read=sql.SQL(_READ if member else _READ_WITHOUT_ANSWER))


def encode_cursor(candle_close: datetime, signal_id: UUID) -> str:
    """Return the cursor of the page that follows this signal."""
    text = json.dumps([candle_close.isoformat(), str(signal_id)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Return what `encode_cursor` was given. Raises InvalidRow."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        closed, last_id = json.loads(text)
        return datetime.fromisoformat(closed), UUID(last_id)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise InvalidRow("the cursor is not one that a former page returned") from error
