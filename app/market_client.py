"""Candles, prices and look-backs from the worker that owns the market, over its internal endpoint.

What many viewers ask alike (candles, symbols, coverage) is asked once and given to all of them for a moment: see
`MarketClient._shared`.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import msgspec

SILENCE_S = 8.0
"""Without a line for so long the stream of prices counts as lost; the worker sends one every two seconds."""


class PriceLine(msgspec.Struct, frozen=True):
    """One line of the worker's stream: [symbol, price, ms UTC] of what changed, and symbols that are no longer held."""

    prices: list[tuple[str, float, int]]
    gone: list[str]


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
        self._answers: dict[tuple[str, str], asyncio.Task[dict[str, Any]]] = {}

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def status(self, within_s: float = 0.0) -> dict[str, Any]:
        """Market time, speed, symbols, newest coverage and run; what another was told within `within_s` will do."""
        if within_s > 0:
            return await self._shared("/status", {}, within_s, timeout=3)
        return await self._ask("GET", "/status", timeout=3)

    async def candles(
        self,
        symbol: str,
        interval: str,
        limit: int,
        *,
        from_ms: int | None = None,
        to_ms: int | None = None,
        forming: bool = False,
    ) -> dict[str, Any]:
        """The newest `limit` closed candles that opened in [from_ms, to_ms), oldest first, as `items`; `next` is the
        `to_ms` of the page before, None at the beginning. With `forming` also the candle under way, or None.
        """
        wanted = {"from": from_ms, "to": to_ms, "forming": 1 if forming else None}
        params: dict[str, str | int] = {"symbol": symbol, "interval": interval, "limit": limit}
        params |= {name: value for name, value in wanted.items() if value is not None}
        return await self._shared("/candles", params, 1.0)

    async def prices(self) -> AsyncGenerator[PriceLine, None]:
        """Prices as they change, the first line with all of them; ends when the worker ends it."""
        decoder = msgspec.json.Decoder(PriceLine)
        try:
            async with self._http.stream("GET", "/prices", timeout=httpx.Timeout(5, read=SILENCE_S)) as answer:
                if answer.is_error:
                    raise MarketUnavailable(f"the worker refuses the stream of prices (status {answer.status_code})")
                async for line in answer.aiter_lines():
                    yield decoder.decode(line)
        except httpx.HTTPError as error:
            raise MarketUnavailable(f"the worker's stream of prices broke: {error or type(error).__name__}") from error
        except msgspec.MsgspecError as error:
            raise MarketUnavailable("the worker sent prices that cannot be read") from error

    async def quotes(self, symbols: list[str] | None = None) -> dict[str, Any]:
        """Last prices by symbol; all symbols when none are named."""
        return await self._ask("GET", "/quotes", params={"symbols": ",".join(symbols or [])})

    async def symbols(self) -> dict[str, Any]:
        """The screened symbols with their trading rules."""
        return await self._shared("/symbols", {}, 2.0)

    async def coverage(self, limit: int = 240) -> dict[str, Any]:
        """The newest minutes' coverage, newest first."""
        return await self._shared("/coverage", {"limit": limit}, 1.0)

    async def health(self) -> dict[str, Any]:
        """The status and everything the feed tells of itself; up to a second old."""
        return await self._shared("/health", {}, 1.0)

    async def day(self) -> dict[str, Any]:
        """The last 24 hours by symbol: `open high low volume quote_volume`; without symbols held for less."""
        return await self._shared("/day", {}, 5.0)

    async def look_back(self, body: dict[str, Any], within_s: float = 60) -> dict[str, Any]:
        """Past matches of a filter: `filter_code`, `interval`, `direction`, `trigger`, `symbols`."""
        return await self._ask("POST", "/look-back", json=body, timeout=within_s)

    async def filling(self) -> dict[str, Any]:
        """As `items` the intervals whose candles are being fetched: of `done` symbols of `of` they came."""
        return await self._ask("GET", "/filling", timeout=3)

    async def check(self, body: dict[str, Any]) -> dict[str, Any]:
        """The save gate's report: `filter_code`, `interval`, `direction`, `trigger`, `symbols`."""
        return await self._ask("POST", "/check", json=body, timeout=60)

    async def near_misses(self, body: dict[str, Any]) -> dict[str, Any]:
        """Symbols that come closest to a match now: `filter_code`, `interval`, `symbols`, `limit`."""
        return await self._ask("POST", "/near-misses", json=body, timeout=60)

    async def explain(self, body: dict[str, Any]) -> dict[str, Any]:
        """A filter's conditions on one candle: `filter_code`, `interval`, `symbol`, `at` (ms UTC, optional)."""
        return await self._ask("POST", "/explain", json=body, timeout=60)

    async def _shared(
        self, path: str, params: dict[str, str | int], seconds: float, timeout: float = 30
    ) -> dict[str, Any]:
        """The answer that another got within `seconds`, or gets now; errors are shared only while they are awaited."""
        key = (path, str(httpx.QueryParams(params)))
        task = self._answers.get(key)
        if task is None:
            task = asyncio.create_task(self._ask("GET", path, params=params, timeout=timeout))
            self._answers[key] = task
            forget = functools.partial(self._answers.pop, key, None)

            def answered(done: asyncio.Task[dict[str, Any]]) -> None:
                # Who waited may have gone away: an error is looked at here in any case.
                if done.cancelled() or done.exception() is not None:
                    forget()
                else:
                    asyncio.get_running_loop().call_later(seconds, forget)

            task.add_done_callback(answered)
        return await asyncio.shield(task)

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
