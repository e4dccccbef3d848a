"""Public REST requests through python-binance, answered with bytes that `wire` parses."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp
import msgspec
from binance.async_client import AsyncClient

from market.binance.limits import WeightGate
from market.binance.wire import Problem
from market.types import MarketError, RateLimited, SourceUnavailable, UnknownSymbol

Venue = Literal["spot", "usdm"]

# A ban (418) can last for days; below this a request waits, above it the caller is told.
LONGEST_WAIT_S = 90.0
LONGEST_BAN_S = 4 * 86_400.0
"""The exchange's longest ban lasts three days; whatever is told beyond that is not waited for."""
ATTEMPTS = 5
RATE_STATUSES = (418, 429)
WEIGHT_LIMITS: dict[Venue, int] = {"spot": 6000, "usdm": 2400}
"""Request weight a minute before `exchangeInfo` has told it."""
_TOO_MANY_REQUESTS = -1003
_UNKNOWN_CODES = (-1120, -1121)
_BANNED_UNTIL = re.compile(r"until (\d{13})")


class Refused(Exception):
    """An answer with a status that is no success; `code` and `text` are the exchange's, where it gave them."""

    def __init__(self, status: int, code: int, text: str, retry_after_s: float) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


class Answer(msgspec.Struct, frozen=True):
    """A body, the weight used in this minute and the server's time (seconds), where the headers told them."""

    body: bytes
    used: int | None
    date_s: float | None


class RawClient(AsyncClient):  # type: ignore[misc] # the package has no types
    """python-binance's client with its addresses replaced, which hands out bodies as bytes.

    Its own answer path decodes the text and then parses it with `json`; for 1,000 klines that costs four
    times what `wire` needs. It also fails on a refusal whose body is JSON but no object.
    """

    def __init__(self, rest_url: str | None) -> None:
        if rest_url is not None:
            base = rest_url.rstrip("/")
            # Set before the base class formats them; addresses without braces stay as they are.
            self.API_URL = f"{base}/api"
            self.MARGIN_API_URL = f"{base}/sapi"
            self.FUTURES_URL = f"{base}/fapi"
            self.FUTURES_DATA_URL = f"{base}/futures/data"
        # A proxy from the environment has no business with a server on this machine.
        proxied = rest_url is None or not is_loopback(rest_url)
        super().__init__(session_params={"connector": aiohttp.TCPConnector(limit=32), "trust_env": proxied})

    async def _handle_response(self, response: aiohttp.ClientResponse) -> Answer:
        body = await response.read()
        answer = Answer(body, used_weight(response), date_s(response))
        if response.status >= 300:
            problem = Problem.read(body)
            wait = retry_after_s(response, problem.msg, answer.date_s)
            raise Refused(response.status, problem.code, problem.msg, wait)
        return answer


def is_loopback(url: str) -> bool:
    """Whether an address is this machine's own."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def used_weight(response: aiohttp.ClientResponse) -> int | None:
    """The header that tells the weight used in this minute; None where it is absent or not a number."""
    text = response.headers.get("X-MBX-USED-WEIGHT-1M", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def date_s(response: aiohttp.ClientResponse) -> float | None:
    """The server's own time by its `Date` header, seconds UTC; None where it is absent or unreadable."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None


def retry_after_s(response: aiohttp.ClientResponse, text: str, now_s: float | None) -> float:
    """Seconds to back off: by the header, else by the time that a ban's text names, else a minute."""
    header = response.headers.get("Retry-After", "")
    if header.isdecimal():
        return min(float(header), LONGEST_BAN_S)
    if now_s is not None and (found := _BANNED_UNTIL.search(text)):
        return min(max(1.0, int(found[1]) / 1000 - now_s), LONGEST_BAN_S)
    return 60.0


class Rest:
    """GET requests at one venue under one weight gate."""

    def __init__(self, venue: Venue = "spot", rest_url: str | None = None, gate: WeightGate | None = None) -> None:
        self.venue = venue
        self.gate = gate or WeightGate(WEIGHT_LIMITS[venue])
        self.client = RawClient(rest_url)
        self.address = rest_url or (self.client.API_URL if venue == "spot" else self.client.FUTURES_URL)
        self.refusal = ""
        """What the exchange said when it last asked to back off."""
        self.requests = 0
        self.failures = 0

    async def get(self, path: str, weight: int, **params: str | int) -> bytes:
        """The body of `/api/v3/<path>` (spot) or `/fapi/v1/<path>` (usdm).

        Waits while the exchange asks to back off for at most `LONGEST_WAIT_S`. Raises `RateLimited` beyond
        that, `UnknownSymbol` for a symbol or interval it does not know, `SourceUnavailable` for everything
        else that went wrong.
        """
        failure: MarketError = SourceUnavailable(f"{self.address} did not answer {path}")
        for _ in range(ATTEMPTS):
            if (wait := self.gate.closed_for_s) > LONGEST_WAIT_S:
                raise RateLimited(f"{self.address} asks to back off for {wait:.0f} s more: {self.refusal}", wait)
            minute = await self.gate.enter(weight)
            used: int | None = None
            date: float | None = None
            try:
                answer = await self._send(path, params)
                used, date = answer.used, answer.date_s
                return answer.body
            except RateLimited as limited:
                self.gate.close_for(limited.retry_after_s)
                self.refusal = str(limited)
                failure = limited
            finally:
                self.gate.leave(weight, used, minute)
                if date is not None:
                    self.gate.set_time(date)
        raise failure

    async def _send(self, path: str, params: dict[str, str | int]) -> Answer:
        self.requests += 1
        ask: Any = self.client._request_api if self.venue == "spot" else self.client._request_futures_api
        try:
            answer: Answer = await ask("get", path, data=dict(params))
        except Refused as refused:
            self.failures += 1
            raise self._translate(path, params, refused) from refused
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            self.failures += 1
            text = str(error) or type(error).__name__
            raise SourceUnavailable(f"{self.address} cannot be reached: {text}") from error
        return answer

    def _translate(self, path: str, params: dict[str, str | int], refused: Refused) -> MarketError:
        what = f"{path} {' '.join(str(value) for value in params.values())}".strip()
        text = f"{self.address} answered {refused.status} to {what}: {refused} ({refused.code})"
        if refused.status in RATE_STATUSES or refused.code == _TOO_MANY_REQUESTS:
            return RateLimited(text, refused.retry_after_s)
        if refused.code in _UNKNOWN_CODES:
            return UnknownSymbol(text)
        return SourceUnavailable(text)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.close_connection()
