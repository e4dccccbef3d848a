"""`GET /metrics`: the market's health and this process's viewers, as Prometheus reads them."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.deps import Parts
from api.metrics import exposition
from app.market_client import MarketRefused, MarketUnavailable

router = APIRouter(tags=["health"])
TEXT = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/metrics", response_class=Response)
async def metrics(parts: Parts) -> Response:
    """Metrics in Prometheus' text format; `screener_worker_up 0` alone says that the worker does not answer."""
    try:
        status = await parts.market.health()
    except (MarketUnavailable, MarketRefused):
        status = None
    return Response(exposition(status, parts.prices), media_type=TEXT)
