"""Whether the API lives, and whether the whole system is ready."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.problems import problem
from app.market_client import MarketUnavailable

router = APIRouter(tags=["health"])


@router.get("/health")
async def health() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/ready", response_model=None)
async def ready(request: Request) -> Response | dict[str, str]:
    """Database and worker answer."""
    services = request.app.state.services
    await services.database.ping()
    try:
        await services.market.status()
    except MarketUnavailable as error:
        return problem(503, "Not ready", str(error))
    return {"status": "ready"}
