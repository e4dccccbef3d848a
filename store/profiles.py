"""People's profiles, and the one person of personal mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from store.records import Profile
from store.rows import as_json, fetch_one
from store.session import Connection

LOCAL_USER = UUID("00000000-0000-4000-8000-000000000001")


async def ensure_local_user(conn: Connection) -> UUID:
    """Make the fixed person of personal mode, who also administers built-in strategies.

    Background work only.
    """
    await conn.execute("select public.ensure_local_user()")
    return LOCAL_USER


async def get(conn: Connection, user_id: UUID) -> Profile:
    """Return a profile. Raises NotFound."""
    return await fetch_one(
        conn, Profile, "select * from public.profiles where id = %(id)s", {"id": user_id}, what="profile"
    )


async def is_administrator(conn: Connection, user_id: UUID) -> bool:
    """Whether a person keeps the built-in strategies; False also where the reader may not see that."""
    cursor = await conn.execute("select exists (select from public.admins where user_id = %s)", (user_id,))
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def update_settings(conn: Connection, user_id: UUID, settings: Mapping[str, Any]) -> Profile:
    """Merge `settings` into the stored ones (a key with None removes it) and return the profile."""
    return await fetch_one(
        conn,
        Profile,
        "update public.profiles set settings = jsonb_strip_nulls(settings || %(settings)s)"
        " where id = %(id)s returning *",
        {"id": user_id, "settings": as_json(dict(settings))},
        what="profile",
    )


async def set_kill_switch(conn: Connection, user_id: UUID, on: bool) -> Profile:
    """Stop (`on`) or allow new orders of this person."""
    return await fetch_one(
        conn,
        Profile,
        "update public.profiles set kill_switch = %(on)s where id = %(id)s returning *",
        {"id": user_id, "on": on},
        what="profile",
    )


async def set_tier(conn: Connection, person: str, tier: str) -> Profile:
    """Give a person, named by id or e-mail address, a tier; only administrators may. Raises NotFound, and NotAllowed
    and InvalidRow through the transaction's end.
    """
    return await fetch_one(
        conn,
        Profile,
        "select * from public.set_tier(%(person)s, %(tier)s)",
        {"person": person, "tier": tier},
        what="person",
    )
