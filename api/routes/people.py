"""Who asks, and what tiers allow."""

from __future__ import annotations

from fastapi import APIRouter

from api.auth import User
from api.deps import Parts
from api.described import problems
from api.schemas import MeOut, TierIn, TierOut
from store import profiles, tiers
from store.tiers import Tier

router = APIRouter(tags=["people"])


def tier_out(row: Tier) -> TierOut:
    """A tier as the API shows it."""
    return TierOut.model_validate(row.model_dump())


@router.get("/me")
async def me(parts: Parts, user: User) -> MeOut:
    """The person who asks, with tier, limits and what is used of them today."""
    async with parts.database.user(user) as conn:
        profile, tier, used = await profiles.get(conn, user), await tiers.of(conn, user), await tiers.used(conn, user)
        administrator = await profiles.is_administrator(conn, user)
    return MeOut(
        id=str(user),
        display_name=profile.display_name,
        tier=tier_out(tier),
        administrator=administrator,
        analyses_today=used.analyses,
        custom_strategies=used.strategies,
        resets=used.resets,
    )


@router.get("/tiers")
async def list_tiers(parts: Parts, user: User) -> dict[str, list[TierOut]]:
    """Every tier, the smallest first."""
    async with parts.database.user(user) as conn:
        return {"items": [tier_out(row) for row in await tiers.list_all(conn)]}


@router.patch("/tiers/{name}", responses=problems(403, 404))
async def change_tier(name: str, body: TierIn, parts: Parts, user: User) -> TierOut:
    """Change what a tier allows, for everybody in it and at once. Administrators only."""
    async with parts.database.user(user) as conn:
        return tier_out(await tiers.change(conn, name, body.model_dump(exclude_unset=True)))
