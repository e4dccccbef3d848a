"""What tiers allow, and what a person used of it today. The database itself counts and refuses (`tiers.sql`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg import sql

from store.errors import InvalidRow
from store.records import Record
from store.rows import fetch_all, fetch_one, fetch_optional
from store.session import Connection


class Tier(Record):
    """Limits of one tier; None is no limit of its own. `engine_cost` are nodes of the engine, `spend_a_day` US dollars;
    days are of the world, in UTC.
    """

    name: str
    custom_strategies: int | None
    engine_cost: int | None
    analyses_a_day: int | None
    spend_a_day: Decimal | None
    automatic_analysis: bool
    execution: bool
    live: bool
    created_at: datetime
    updated_at: datetime


class Used(Record):
    """What a person used: analyses asked for today, and strategies of their own. `resets` is when the day ends."""

    analyses: int
    strategies: int
    resets: datetime


class _Spend(Record):
    spend_a_day: Decimal | None


async def list_all(conn: Connection) -> list[Tier]:
    """Every tier, the smallest first."""
    return await fetch_all(
        conn,
        Tier,
        "select * from public.tiers order by array_position(array['anonymous', 'free', 'pro', 'elite'], name)",
    )


async def of(conn: Connection, user_id: UUID) -> Tier:
    """A person's tier. Raises NotFound where the reader may not see the person."""
    return await fetch_one(
        conn,
        Tier,
        "select t.* from public.profiles p join public.tiers t on t.name = p.tier where p.id = %(id)s",
        {"id": user_id},
        what="profile",
    )


async def spend_of(conn: Connection, user_id: UUID) -> Decimal | None:
    """US dollars that a person's tier lets model calls cost a day; None for no limit of its own, or no such person."""
    found = await fetch_optional(
        conn,
        _Spend,
        "select t.spend_a_day from public.profiles p join public.tiers t on t.name = p.tier where p.id = %(id)s",
        {"id": user_id},
    )
    return found.spend_a_day if found is not None else None


async def used(conn: Connection, user_id: UUID) -> Used:
    """What a person used of the tier's limits so far today."""
    return await fetch_one(
        conn,
        Used,
        "select coalesce((select u.used from public.analysis_usage u where u.user_id = %(id)s and u.day = d.today), 0)"
        "   as analyses,"
        " (select count(*) from public.strategies s where s.owner_id = %(id)s) as strategies,"
        " (d.today + 1)::timestamp at time zone 'UTC' as resets"
        " from (select (now() at time zone 'UTC')::date as today) d",
        {"id": user_id},
        what="usage",
    )


async def change(conn: Connection, name: str, changes: Mapping[str, Any]) -> Tier:
    """Change a tier's limits; only administrators may. Raises NotFound, also for who may not, and InvalidRow."""
    if not changes:
        raise InvalidRow("name a limit to change")
    columns = sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(n), sql.Placeholder(n)) for n in changes)
    return await fetch_one(
        conn,
        Tier,
        sql.SQL("update public.tiers set {} where name = %(tier)s returning *").format(columns),
        {**changes, "tier": name},
        what="tier to change",
    )
