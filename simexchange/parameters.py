"""Parameters of spot's public endpoints, read as Binance reads them: what is wrong has its documented error."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Any, Final

from aiohttp import web

from simexchange import errors
from simexchange.live import LiveMarket

_SYMBOL: Final = "^[A-Z0-9-_.]{1,20}$"
_SYMBOLS: Final = '^\\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}\\]$'
_NUMBER: Final = "^[0-9]{1,20}$"
_LARGEST: Final = 2**63 - 1
#: Statuses that answers can be narrowed to.
_STATUSES: Final = ("TRADING", "HALT", "BREAK")
_ZONE: Final = re.compile(r"([+-]?)(\d{1,2})(?::(\d{2}))?")
_HOUR: Final = 3_600


def read(request: web.Request, allowed: Collection[str]) -> dict[str, str]:
    """What was sent. Raises -1101 for a name sent twice, -1104 for names the endpoint does not have."""
    sent = request.query
    if len(set(sent)) != len(sent):
        raise errors.duplicate_parameter()
    known = [name for name in sent if name in allowed]
    if len(known) != len(sent):
        raise errors.unread_parameters(len(known), len(sent))
    return {name: sent[name] for name in known}


def number(parameters: dict[str, str], name: str) -> int | None:
    """A whole number. Raises -1100 where it is none, -1105 where it is empty."""
    text = parameters.get(name)
    if text is None:
        return None
    if not text:
        raise errors.empty_parameter(name)
    if not re.fullmatch(_NUMBER, text) or int(text) > _LARGEST:
        raise errors.illegal_characters(name, _NUMBER)
    return int(text)


def limit(parameters: dict[str, str], usual: int, most: int) -> int:
    """How many are asked for, `most` at most. Raises -1100 and -1130."""
    asked = number(parameters, "limit")
    if asked == 0:
        raise errors.bad_value("limit")
    return usual if asked is None else min(asked, most)


def kind(parameters: dict[str, str]) -> bool:
    """True for FULL, false for MINI. Raises -1139."""
    found = parameters.get("type", "FULL")
    if found not in ("FULL", "MINI"):
        raise errors.invalid_ticker_type()
    return found == "FULL"


def zone(parameters: dict[str, str]) -> int:
    """Seconds that a time zone is ahead of UTC. Raises -1130 outside -12:00 to +14:00."""
    match = _ZONE.fullmatch(parameters.get("timeZone", "0"))
    if match is None or int(match[3] or 0) > 59:
        raise errors.bad_value("timeZone")
    seconds = (int(match[2]) * _HOUR + int(match[3] or 0) * 60) * (-1 if match[1] == "-" else 1)
    if not -12 * _HOUR <= seconds <= 14 * _HOUR:
        raise errors.bad_value("timeZone")
    return seconds


def names(text: str, name: str) -> list[str]:
    """A JSON array of names. Raises -1100, -1130, -1151."""
    try:
        found: Any = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise errors.illegal_characters(name, _SYMBOLS) from error
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise errors.bad_value(name)
    if len(set(found)) != len(found):
        raise errors.duplicate_symbols()
    return found


class Symbols:
    """Finds rows of the market by what is asked for."""

    def __init__(self, live: LiveMarket) -> None:
        self._live = live
        self._rows = {listing.symbol: row for row, listing in enumerate(live.listings)}

    def one(self, parameters: dict[str, str], now: int) -> int:
        """The row of `symbol`. Raises -1102, -1100, -1121, -1220."""
        symbol = parameters.get("symbol")
        if not symbol:
            raise errors.missing_parameter("symbol")
        row = self._known(symbol, "symbol", now)
        if not self._fits(row, parameters, now):
            raise errors.other_status()
        return row

    def some(self, parameters: dict[str, str], now: int, *, needed: bool = False) -> Sequence[int]:
        """The rows of `symbol` or `symbols`, in their order; all that are listed where neither is sent.

        Raises -1128 for both, -1102 for neither where one is `needed`, and what `one` raises.
        """
        if "symbol" in parameters and "symbols" in parameters:
            raise errors.bad_combination()
        if "symbol" in parameters:
            return [self.one(parameters, now)]
        if "symbols" in parameters:
            rows = [self._known(name, "symbols", now) for name in names(parameters["symbols"], "symbols")]
            if not all(self._fits(row, parameters, now) for row in rows):
                raise errors.other_status()
            return rows
        if needed:
            raise errors.one_of_two("symbol", "symbols")
        return [row for row in self._live.listed(now) if self._fits(row, parameters, now)]

    def _known(self, symbol: str, name: str, now: int) -> int:
        if not re.fullmatch(_SYMBOL, symbol):
            raise errors.illegal_characters(name, _SYMBOL)
        row = self._rows.get(symbol)
        if row is None or self._live.status(row, now) is None:
            raise errors.invalid_symbol()
        return row

    def _fits(self, row: int, parameters: dict[str, str], now: int) -> bool:
        wanted = parameters.get("symbolStatus")
        if wanted is not None and wanted not in _STATUSES:
            raise errors.invalid_status()
        return wanted is None or self._live.status(row, now) == wanted
