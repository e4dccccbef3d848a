"""Signed requests: the key, the signature, the timestamp, then the parameters.

1. `signed` (REST) joins query string and body as they were sent, without the signature, and checks the
   HMAC-SHA256 over exactly those characters.
2. `check_time` checks timestamp and recvWindow; the WebSocket API calls it too.
3. Handlers name the parameters they read; any other is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Final
from urllib.parse import unquote_plus

from aiohttp import web

from simexchange import errors
from simexchange.clock import VirtualClock
from simexchange.trading.account import ACCOUNT, Account

#: Where an application holds its clock.
CLOCK: Final = web.AppKey("clock", VirtualClock)

_USUAL_WINDOW: Final = Decimal(5_000)
_WIDEST_WINDOW: Final = 60_000
_AHEAD_MS: Final = 1_000
_LONG: Final = "^[0-9]{1,20}$"
_WINDOW: Final = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,3})?")
_SECURITY: Final = ("timestamp", "recvWindow", "signature")


def check_key(request: web.Request) -> Account:
    """The account whose key the X-MBX-APIKEY header gives. Raises -2014, -2015."""
    account = request.app[ACCOUNT]
    check_api_key(account, request.headers.get("X-MBX-APIKEY", ""))
    return account


def check_api_key(account: Account, key: str) -> None:
    """Raises -2014 for what is no key, -2015 for one that is not the account's."""
    if not re.fullmatch("[A-Za-z0-9]{64}", key):
        raise errors.ExchangeError(-2014, "API-key format invalid.", status=401)
    if key != account.key:
        raise errors.ExchangeError(-2015, "Invalid API-key, IP, or permissions for action.", status=401)


async def keyed(request: web.Request, allowed: Collection[str] | None = None) -> dict[str, str]:
    """Parameters of a request that needs the key and no signature. Raises -2014, -2015, -1101, -1104."""
    check_key(request)
    parameters, _ = await _sent(request)
    return only(parameters, allowed)


async def signed(request: web.Request, allowed: Collection[str] | None = None) -> dict[str, str]:
    """Parameters of a signed request, without timestamp, recvWindow and signature.

    `allowed` are the names that the endpoint reads; None lets any pass. Raises ExchangeError: -2014, -2015
    (key), -1101 (sent twice), -1102 (timestamp or signature missing), -1022 (signature), -1021 (timestamp),
    -1100, -1131 (recvWindow), -1104 (not read).
    """
    account = check_key(request)
    parameters, payload = await _sent(request)
    if not parameters.get("timestamp"):
        raise errors.missing_parameter("timestamp")
    signature = parameters.get("signature")
    if not signature:
        raise errors.missing_parameter("signature")
    check_signature(account, payload, signature)
    check_time(parameters, request.app[CLOCK])
    return only({name: value for name, value in parameters.items() if name not in _SECURITY}, allowed)


def only(parameters: dict[str, str], allowed: Collection[str] | None) -> dict[str, str]:
    """The parameters, all of which are allowed. Raises -1104."""
    if allowed is not None:
        read = sum(name in allowed for name in parameters)
        if read != len(parameters):
            raise errors.unread_parameters(read, len(parameters))
    return parameters


def check_signature(account: Account, payload: str, signature: str) -> None:
    """Raises -1022 unless `signature` is the account's HMAC-SHA256 of `payload`, in hexadecimal."""
    right = hmac.new(account.secret, payload.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), signature.lower().encode("utf-8", "surrogatepass")):
        raise errors.ExchangeError(-1022, "Signature for this request is not valid.")


def check_time(parameters: Mapping[str, str], clock: VirtualClock) -> None:
    """Raises -1021 for a timestamp more than a second ahead or older than recvWindow (ms, usually 5,000).

    A client sets its clock to the exchange's and then goes on at real pace, so that at another speed than 1
    the two part. There, every moment between what such a client shows that was set when the exchange
    started and exchange time now counts as now; at speed 1 both are the same.
    """
    window = parameters.get("recvWindow")
    width = _USUAL_WINDOW
    if window is not None:
        if not _WINDOW.fullmatch(window):
            raise errors.illegal_characters("recvWindow", "^[0-9]{1,10}(\\.[0-9]{1,3})?$")
        width = Decimal(window)
        if width > _WIDEST_WINDOW:
            raise errors.ExchangeError(-1131, "recvWindow must be less than 60000.")
    text = parameters["timestamp"]
    if not re.fullmatch(_LONG, text):
        raise errors.illegal_characters("timestamp", _LONG)
    # Sixteen digits are microseconds.
    sent = int(text) // 1_000 if len(text) >= 16 else int(text)
    now, paced = clock.told_ms(), clock.paced_ms()
    if sent >= max(now, paced) + _AHEAD_MS:
        raise errors.ExchangeError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if min(now, paced) - sent > width:
        raise errors.ExchangeError(-1021, "Timestamp for this request is outside of the recvWindow.")


async def _sent(request: web.Request) -> tuple[dict[str, str], str]:
    """Parameters by name, decoded, and the characters that a signature is over.

    A name in both query string and body counts as the query string has it. Raises -1100, -1101.
    """
    try:
        body = (await request.read()).decode("utf-8") if request.body_exists else ""
    except UnicodeDecodeError as error:
        raise errors.ExchangeError(-1100, "Illegal characters found in a parameter.") from error
    parameters: dict[str, str] = {}
    payload = ""
    for part in (body.strip(), request.rel_url.raw_query_string):
        items = [item for item in part.split("&") if item]
        pairs = [_pair(item) for item in items]
        if len({name for name, _ in pairs}) != len(pairs):
            raise errors.duplicate_parameter()
        parameters |= dict(pairs)
        payload = "&".join(item for item in items if not item.startswith("signature=")) + payload
    return parameters, payload


def _pair(item: str) -> tuple[str, str]:
    name, _, value = item.partition("=")
    return unquote_plus(name), unquote_plus(value)
