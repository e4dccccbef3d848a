"""A fault at work: when it is on, whom it strikes, by a chance that a seed decides."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Any

from aiohttp import web

from simexchange.faults.script import REST, STREAMS, Fault

NEVER = -1


class Running:
    """A fault and what it has done. `number` names it for as long as the exchange runs."""

    def __init__(self, fault: Fault, number: int, seed: int) -> None:
        self.fault = fault
        self.number = number
        self.fired = 0
        self.last_ms: int | None = None
        self._seed = seed
        self._struck = 0
        self._struck_in = NEVER
        self._drawn = 0

    def turn(self, now: int) -> int:
        """How often it was on before the latest time that it was due by `now` (ms); `NEVER` before the first."""
        fault = self.fault
        if now < fault.at_ms:
            return NEVER
        return (now - fault.at_ms) // fault.every_ms if fault.every_ms else 0

    def until(self, turn: int) -> int:
        """When it is over that time, ms."""
        return self.fault.at_ms + turn * self.fault.every_ms + self.fault.for_ms

    def on(self, now: int) -> bool:
        """Whether it is on."""
        turn = self.turn(now)
        return turn != NEVER and now < self.until(turn)

    def next_ms(self, now: int) -> int | None:
        """The next moment after `now` at which it begins or ends; None where nothing is to come."""
        fault, turn = self.fault, self.turn(now)
        if turn == NEVER:
            return fault.at_ms
        if now < self.until(turn):
            return self.until(turn)
        return fault.at_ms + (turn + 1) * fault.every_ms if fault.every_ms else None

    def share(self, *what: object) -> float:
        """A number in [0, 1) that depends on the seed, this fault and `what` alone."""
        text = "/".join(str(part) for part in (self._seed, self.number, *what))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) / 2**64

    def strikes(self, now: int, *what: object) -> bool:
        """Whether it strikes now, by its probability and count; where `what` is left out, its own running number
        decides.
        """
        turn = self.turn(now)
        if turn != self._struck_in:
            self._struck_in, self._struck = turn, 0
        if self.fault.count and self._struck >= self.fault.count:
            return False
        self._drawn += not what
        if self.fault.probability < 1.0 and self.share(turn, *(what or (self._drawn,))) >= self.fault.probability:
            return False
        self._struck += 1
        self.fire(now)
        return True

    def fire(self, now: int) -> None:
        """Count one strike."""
        self.fired += 1
        self.last_ms = now

    def about_stream(self, venue: str, stream: str, symbol: str) -> bool:
        """Whether it concerns a message of this stream."""
        fault = self.fault
        return (
            fault.venue in ("", venue)
            and (not fault.symbols or symbol in fault.symbols)
            and (fault.target == STREAMS or (fault.place == STREAMS and fnmatchcase(stream, fault.target)))
        )

    def about_connection(self, venue: str, streams: Collection[str]) -> bool:
        """Whether it concerns a connection that carries these streams: one of them is enough."""
        fault = self.fault
        if fault.place != STREAMS or fault.venue not in ("", venue):
            return False
        if fault.target == STREAMS and not fault.symbols:
            return True
        return any(self.about_stream(venue, name, name.split("@")[0].upper()) for name in streams)

    def about_request(self, request: web.Request) -> bool:
        """Whether it concerns this REST request."""
        fault = self.fault
        if fault.place != REST or fault.venue not in ("", venue_of(request.path)):
            return False
        if fault.symbols and request.query.get("symbol", "").upper() not in fault.symbols:
            return False
        if fault.target == REST:
            return True
        method, _, path = fault.target.rpartition(" ")
        return method in ("", request.method) and fnmatchcase(request.path, path)

    def row(self, now: int) -> dict[str, Any]:
        """Its state in JSON; times are ms of exchange time."""
        return {
            "number": self.number,
            **self.fault.row(),
            "on": self.on(now),
            "fired": self.fired,
            "last": self.last_ms,
            "next": self.next_ms(now),
        }


def venue_of(path: str) -> str:
    """The venue that a REST path belongs to."""
    return "usdm" if path.startswith(("/fapi/", "/futures/")) else "spot"
