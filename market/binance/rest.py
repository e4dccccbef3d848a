"""Public REST requests through python-binance, answered with bytes that `wire` parses."""

from __future__ import annotations

from typing import Any

import aiohttp
from binance.async_client import AsyncClient
from binance.exceptions import BinanceAPIException

from market.binance.limits import WeightGate
from market.types import MarketError, RateLimited, SourceUnavailable, UnknownSymbol

# A ban (418) can last for days; below this a request waits, above it the caller is told.
LONGEST_WAIT_S = 90.0
ATTEMPTS = 5
RATE_STATUSES = (418, 429)
_UNKNOWN_CODES = (-1120, -1121)
_PUBLIC = "https://api.binance.com"


class RawClient(AsyncClient):  # type: ignore[misc]
    """python-binance's client with its addresses replaced, which hands out bodies as bytes.

    Its own answer path decodes the text and then parses it with `json`; for 1,000 klines that costs four
    times what `wire` needs.
    """

    def __init__(self, rest_url: str | None) -> None:
        if rest_url is not None:
            base = rest_url.rstrip("/")
            # Set before the base class formats them; addresses without braces stay as they are.
            self.API_URL = f"{base}/api"
            self.MARGIN_API_URL = f"{base}/sapi"
            self.FUTURES_URL = f"{base}/fapi"
            self.FUTURES_DATA_URL = f"{base}/futures/data"
        super().__init__(session_params={"connector": aiohttp.TCPConnector(limit=32)})

    async def _handle_response(self, response: aiohttp.ClientResponse) -> tuple[bytes, int | None]:
        body = await response.read()
        if response.status >= 300:
            raise BinanceAPIException(response, response.status, body.decode("utf-8", "replace"))
        return body, used_weight(response)


def used_weight(response: aiohttp.ClientResponse) -> int | None:
    """The header that tells the weight used in this minute; None where it is absent or not a number."""
    text = response.headers.get("X-MBX-USED-WEIGHT-1M", "")
    return int(text) if text.isdigit() else None


def retry_after_s(response: aiohttp.ClientResponse) -> float:
    """Seconds to back off; a minute where the header is absent or not a number."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else 60.0


class Rest:
    """GET requests under one weight gate."""

    def __init__(self, rest_url: str | None = None, gate: WeightGate | None = None) -> None:
        self.address = rest_url or _PUBLIC
        self.gate = gate or WeightGate()
        self._client = RawClient(rest_url)

    async def get(self, path: str, weight: int, **params: str | int) -> bytes:
        """The body of `/api/v3/<path>`.

        Waits while the exchange asks to back off for at most `LONGEST_WAIT_S`. Raises `RateLimited` beyond
        that, `UnknownSymbol` for a symbol or interval it does not know, `SourceUnavailable` for everything
        else that went wrong.
        """
        failure: MarketError = SourceUnavailable(f"{self.address} did not answer {path}")
        for _ in range(ATTEMPTS):
            if (wait := self.gate.closed_for_s) > LONGEST_WAIT_S:
                raise RateLimited(f"{self.address} asks to back off for {wait:.0f} s", wait)
            await self.gate.enter(weight)
            used: int | None = None
            try:
                body, used = await self._send(path, params)
                return body
            except RateLimited as limited:
                self.gate.close_for(limited.retry_after_s)
                failure = limited
            finally:
                self.gate.leave(weight, used)
        raise failure

    async def _send(self, path: str, params: dict[str, str | int]) -> tuple[bytes, int | None]:
        try:
            answer: Any = await self._client._get(path, data=dict(params))
        except BinanceAPIException as error:
            raise self._translate(path, params, error) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            text = str(error) or type(error).__name__
            raise SourceUnavailable(f"{self.address} cannot be reached: {text}") from error
        body, used = answer
        return body, used

    def _translate(self, path: str, params: dict[str, str | int], error: BinanceAPIException) -> MarketError:
        what = f"{path} {' '.join(str(value) for value in params.values())}".strip()
        text = f"{self.address} answered {error.status_code} to {what}: {error.message} ({error.code})"
        if error.status_code in RATE_STATUSES:
            return RateLimited(text, retry_after_s(error.response))
        if error.code in _UNKNOWN_CODES:
            return UnknownSymbol(text)
        return SourceUnavailable(text)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close_connection()
