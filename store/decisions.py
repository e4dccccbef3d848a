"""What becomes of approvals: which wait for an order, and the signal that follows the order of whoever moved it.

A signal of a built-in strategy is shared. It follows the order of its owner, the administrator who answered it
(`signal_decisions.moves`); what becomes of anybody else's order stands in that person's answer and order alone. All of
it is background work.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from store.records import SignalDecision, SignalStatus
from store.rows import fetch_all, fetch_one
from store.session import Connection


async def approved_without_order(
    conn: Connection, *, decision_id: UUID | None = None, limit: int = 100
) -> list[SignalDecision]:
    """Return approvals no entry order was made for yet, all or one, oldest first. What became of a shared signal for
    others is no matter; one that expired meanwhile is here to be refused with that reason.

    This is the worker's to-do list after a restart; new ones are announced on the channel `events`, kind
    `decision`.
    """
    return await fetch_all(
        conn,
        SignalDecision,
        "select d.* from public.signal_decisions d join public.signals s on s.id = d.signal_id"
        " where d.decision = 'approve' and d.refusal is null and s.status in ('enter', 'approved', 'declined',"
        " 'blocked', 'expired', 'ordered', 'in_position', 'closed')"
        "   and (%(id)s::uuid is null or d.id = %(id)s)"
        "   and not exists (select from public.orders o where o.signal_id = d.signal_id and o.owner_id ="
        " d.owner_id"
        "     and o.purpose = 'entry')"
        " order by d.created_at limit %(limit)s",
        {"id": decision_id, "limit": limit},
    )


async def refuse(conn: Connection, decision_id: UUID, reason: str) -> SignalDecision:
    """Record why no position follows an approval; the signal is `blocked` where it follows this person's order."""
    refused = await fetch_one(
        conn,
        SignalDecision,
        "update public.signal_decisions set refusal = %(reason)s where id = %(id)s returning *",
        {"reason": reason, "id": decision_id},
        what="decision",
    )
    await follow(conn, refused.signal_id, refused.owner_id, "blocked", expected=["approved", "ordered"], reason=reason)
    return refused


async def follow(
    conn: Connection,
    signal_id: UUID,
    owner_id: UUID,
    to: SignalStatus,
    *,
    expected: Sequence[SignalStatus],
    reason: str | None = None,
) -> bool:
    """Move a signal where the order of `owner_id` went, from one of `expected`. False, and nothing changes, where it
    follows somebody else's order, or is in another state.
    """
    cursor = await conn.execute(
        "update public.signals s set status = %(to)s, reason = %(reason)s where s.id = %(id)s"
        " and s.status = any(%(expected)s) and exists (select from public.signal_decisions d"
        "   where d.signal_id = s.id and d.owner_id = %(owner)s and d.moves)",
        {"to": to, "reason": reason, "id": signal_id, "expected": list(expected), "owner": owner_id},
    )
    return cursor.rowcount > 0
