"""Subscriptions: what one lets be done with one's own positions of a strategy.

So far `manage` alone has an effect: size and limits of entries are those of the settings, for everybody.
"""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from api.auth import User
from api.deps import Parts
from api.described import problems
from api.schemas import SubscriptionChange, SubscriptionIn, SubscriptionOut
from store import strategies, subscriptions
from store.trading_records import NewSubscription, Subscription

router = APIRouter(prefix="/subscriptions", tags=["subscriptions"])


def subscription_out(row: Subscription) -> SubscriptionOut:
    """A stored subscription as the API shows it."""
    return SubscriptionOut(
        id=str(row.id),
        strategy_id=str(row.strategy_id),
        capital=row.capital,
        manage=row.manage,
        paused=row.paused,
        created_at=row.created_at,
    )


@router.get("")
async def list_own(parts: Parts, user: User) -> dict[str, list[SubscriptionOut]]:
    """One's subscriptions, newest first."""
    async with parts.database.user(user) as conn:
        return {"items": [subscription_out(row) for row in await subscriptions.list_visible(conn)]}


@router.post("", status_code=201, responses=problems(404, 409))
async def subscribe(body: SubscriptionIn, parts: Parts, user: User) -> SubscriptionOut:
    """Follow a strategy; 409 where one does already."""
    async with parts.database.user(user) as conn:
        followed = await strategies.get(conn, body.strategy_id)
        terms = NewSubscription(owner_id=user, strategy_id=followed.id, capital=body.capital, manage=body.manage)
        return subscription_out(await subscriptions.create(conn, terms))


@router.patch("/{subscription_id}", responses=problems(404))
async def change(subscription_id: UUID, body: SubscriptionChange, parts: Parts, user: User) -> SubscriptionOut:
    """Have one's open positions of the strategy decided on, or not: stop, target and the filter's exit go on."""
    async with parts.database.user(user) as conn:
        return subscription_out(await subscriptions.set_manage(conn, subscription_id, body.manage))


@router.post("/{subscription_id}/pause", responses=problems(404, 409))
async def pause(subscription_id: UUID, parts: Parts, user: User) -> SubscriptionOut:
    """Pause it."""
    async with parts.database.user(user) as conn:
        return subscription_out(await subscriptions.set_paused(conn, subscription_id, True))


@router.post("/{subscription_id}/resume", responses=problems(404, 409))
async def resume(subscription_id: UUID, parts: Parts, user: User) -> SubscriptionOut:
    """Let it go on."""
    async with parts.database.user(user) as conn:
        return subscription_out(await subscriptions.set_paused(conn, subscription_id, False))


@router.post("/{subscription_id}/cancel", status_code=204, responses=problems(404, 409))
async def cancel(subscription_id: UUID, parts: Parts, user: User) -> Response:
    """End it; positions stay."""
    async with parts.database.user(user) as conn:
        await subscriptions.delete(conn, subscription_id)
    return Response(status_code=204)
