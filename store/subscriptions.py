"""Subscriptions: a person's capital and limits for following one strategy."""

from __future__ import annotations

from uuid import UUID

from store.rows import fetch_all, fetch_one
from store.rows import insert as insert_row
from store.session import Connection
from store.trading_records import NewSubscription, Subscription


async def create(conn: Connection, subscription: NewSubscription) -> Subscription:
    """Store a subscription. Raises Duplicate (at the transaction's end) where the person has one for the
    strategy.
    """
    return await insert_row(conn, Subscription, "subscriptions", subscription)


async def list_visible(conn: Connection) -> list[Subscription]:
    """Return the reader's subscriptions, newest first."""
    return await fetch_all(conn, Subscription, "select * from public.subscriptions order by created_at desc, id")


async def set_paused(conn: Connection, subscription_id: UUID, paused: bool) -> Subscription:
    """Pause or resume a subscription. Raises NotFound."""
    return await fetch_one(
        conn,
        Subscription,
        "update public.subscriptions set paused = %(paused)s where id = %(id)s returning *",
        {"paused": paused, "id": subscription_id},
        what="subscription",
    )


async def set_manage(conn: Connection, subscription_id: UUID, manage: bool) -> Subscription:
    """Have the person's open positions of the strategy decided on, or not. Raises NotFound."""
    return await fetch_one(
        conn,
        Subscription,
        "update public.subscriptions set manage = %(manage)s where id = %(id)s returning *",
        {"manage": manage, "id": subscription_id},
        what="subscription",
    )


async def delete(conn: Connection, subscription_id: UUID) -> None:
    """End a subscription; positions stay. Raises NotFound."""
    await fetch_one(
        conn,
        Subscription,
        "delete from public.subscriptions where id = %(id)s returning *",
        {"id": subscription_id},
        what="subscription",
    )
