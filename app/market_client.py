"""Candles, quotes and look-backs from the worker that owns the market, over its internal endpoint."""

from __future__ import annotations

from typing import Any

import httpx


class MarketUnavailable(Exception):
    """The worker does not answer; the message is for people."""


class MarketRefused(Exception):
    """The worker refused the question: `status` and its problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("detail") or problem.get("title") or f"status {status}")
        self.status = status
        self.problem = problem


class MarketClient:
    """Asks the worker. Every method raises MarketUnavailable when it does not answer, MarketRefused on bad input."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30, trust_env=False
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def status(self) -> dict[str, Any]:
        """Market time, speed, symbols, newest coverage and run."""
        return await self._ask("GET", "/status", timeout=3)

    async def candles(self, symbol: str, interval: str, limit: int, until: int | None = None) -> dict[str, Any]:
        """Closed candles, oldest first; `until` is the newest close time wanted, ms."""
        params = {"symbol": symbol, "interval": interval, "limit": limit}
        if until is not None:
            params["until"] = until
        return await self._ask("GET", "/candles", params=params)

    async def quotes(self, symbols: list[str] | None = None) -> dict[str, Any]:
        """Last prices by symbol; all symbols when none are named."""
        return await self._ask("GET", "/quotes", params={"symbols": ",".join(symbols or [])})

    async def symbols(self) -> dict[str, Any]:
        """The screened symbols with their trading rules."""
        return await self._ask("GET", "/symbols")

    async def coverage(self) -> dict[str, Any]:
        """The newest minutes' coverage."""
        return await self._ask("GET", "/coverage")

    async def look_back(self, body: dict[str, Any]) -> dict[str, Any]:
        """Past matches of a filter: `filter_code`, `interval`, `direction`, `trigger`, `symbols`."""
        return await self._ask("POST", "/look-back", json=body, timeout=60)

    async def check(self, body: dict[str, Any]) -> dict[str, Any]:
        """The save gate's report: `filter_code`, `interval`, `trigger`, `symbols`."""
        return await self._ask("POST", "/check", json=body, timeout=60)

    async def near_misses(self, body: dict[str, Any]) -> dict[str, Any]:
        """Symbols that come closest to a match now: `filter_code`, `interval`, `symbols`, `limit`."""
        return await self._ask("POST", "/near-misses", json=body, timeout=60)

    async def explain(self, body: dict[str, Any]) -> dict[str, Any]:
        """A filter's conditions on one candle: `filter_code`, `interval`, `symbol`, `at` (ms UTC, optional)."""
        return await self._ask("POST", "/explain", json=body, timeout=60)

    async def _ask(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, path, **kwargs)
        except httpx.HTTPError as error:
            raise MarketUnavailable(
                "the worker that holds the market does not answer; it starts again by itself, try in a few seconds"
            ) from error
        try:
            body = answer.json()
        except ValueError as error:
            raise MarketUnavailable("the worker gave an answer that cannot be read") from error
        if answer.is_error:
            raise MarketRefused(answer.status_code, body if isinstance(body, dict) else {})
        return dict(body)
