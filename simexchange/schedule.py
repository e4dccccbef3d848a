"""A market whose symbols are listed, halted and delisted while it runs.

1. A change says from which moment on a symbol has a status; one whose first change is to TRADING is listed by it
   and unknown before, others trade until their first change. GONE takes a symbol off the exchange altogether.
2. While a symbol does not trade it has no candles (`ScheduledMarket.candles`); a candle during which trading
   began or ended holds what was traded in it (`_part`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from simexchange.candles import Candles, join, summarise
from simexchange.intervals import CHAIN, MINUTE, open_of
from simexchange.market import Market
from simexchange.noise import Ints
from simexchange.universe import Listing

TRADING: Final = "TRADING"
GONE: Final = "GONE"
STATUSES: Final = (TRADING, "BREAK", "HALT", "PRE_TRADING", "POST_TRADING", "END_OF_DAY", "AUCTION_MATCH", GONE)
_FOR_EVER: Final = 1 << 62

Span = tuple[int, int]


class ScheduleError(Exception):
    """A schedule that cannot be followed; the message says why."""


@dataclass(frozen=True, slots=True)
class Change:
    """From the moment `at` (UTC seconds, a whole minute) on, `symbol` has `status`, one of `STATUSES`."""

    symbol: str
    at: int
    status: str


def pieces(begin: int, end: int) -> list[tuple[int, int, int]]:
    """Cut [begin, end) (UTC seconds) into runs of chain intervals: (length, number of the first, count)."""
    runs: list[tuple[int, int, int]] = []
    at = begin
    while at < end:
        length = next(unit for unit in CHAIN if at % unit == 0 and at + unit <= end)
        if runs and runs[-1][0] == length:
            runs[-1] = (length, runs[-1][1], runs[-1][2] + 1)
        else:
            runs.append((length, at // length, 1))
        at += length
    return runs


class ScheduledMarket:
    """Another market, whose symbols trade only when a schedule lets them."""

    def __init__(self, market: Market, changes: Iterable[Change]) -> None:
        """Raises ScheduleError for symbols the market does not have, statuses unknown, moments inside a minute."""
        self._market = market
        rows = {listing.symbol: row for row, listing in enumerate(market.listings)}
        self._changes: dict[int, list[tuple[int, str]]] = {}
        for change in sorted(changes, key=lambda one: one.at):
            if change.symbol not in rows:
                raise ScheduleError(f"{change.symbol}: the market has no such symbol")
            if change.status not in STATUSES:
                raise ScheduleError(f"{change.symbol}: status {change.status} is none of {', '.join(STATUSES)}")
            if change.at % MINUTE:
                raise ScheduleError(f"{change.symbol}: {change.at} is not a whole minute, in which trading may change")
            self._changes.setdefault(rows[change.symbol], []).append((change.at, change.status))
        self._spans = {row: _spans(own) for row, own in self._changes.items()}

    @property
    def listings(self) -> Sequence[Listing]:
        """The symbols, in the order of rows; those not listed yet and those gone too."""
        return self._market.listings

    @property
    def first(self) -> int:
        """UTC seconds at which the market begins."""
        return self._market.first

    @property
    def last(self) -> int | None:
        """UTC seconds at which it ends; None where it never does."""
        return self._market.last

    @property
    def changing(self) -> frozenset[int]:
        """Rows that the schedule mentions."""
        return frozenset(self._changes)

    def status(self, row: int, now: int) -> str | None:
        """A symbol's status at a moment (UTC seconds); None where the exchange does not list it."""
        known = self._changes.get(row)
        if known is None:
            return TRADING
        status = None if known[0][1] == TRADING else TRADING
        for at, changed in known:
            if at <= now:
                status = None if changed == GONE else changed
        return status

    def candles(self, rows: Ints, length: int, index: int, count: int) -> Candles:
        """Candles of `rows`, of `length` seconds, numbers `index` to `index + count - 1`; shape [rows, count]."""
        made = self._market.candles(rows, length, index, count)
        changing = [(place, row) for place, row in enumerate(rows.tolist()) if row in self._spans]
        if not changing:
            return made
        made = Candles(made.fields.copy(), made.variance.copy(), made.present.copy())
        opens = open_of(index, length) + length * np.arange(count, dtype=np.int64)
        for place, row in changing:
            spans = self._spans[row]
            whole = np.zeros(count, dtype=np.bool_)
            touched = np.zeros(count, dtype=np.bool_)
            for begin, end in spans:
                whole |= (opens >= begin) & (opens + length <= end)
                touched |= (opens < end) & (opens + length > begin)
            made.present[place, ~touched] = False
            made.fields[:, place, ~touched] = 0
            for at in np.flatnonzero(touched & ~whole).tolist():
                part = self._part(row, int(opens[at]), int(opens[at]) + length)
                made.fields[:, place, at] = part.fields[:, 0, 0]
                made.variance[place, at] = part.variance[0, 0]
                made.present[place, at] = part.present[0, 0]
        return made

    def _part(self, row: int, begin: int, end: int) -> Candles:
        """What one symbol traded in [begin, end), [1, 1]."""
        rows = np.array([row], dtype=np.int64)
        inside = [(max(begin, start), min(end, stop)) for start, stop in self._spans[row]]
        return summarise(
            join([self._market.candles(rows, *run) for start, stop in inside for run in pieces(start, stop)])
        )


def _spans(changes: list[tuple[int, str]]) -> list[Span]:
    """When a symbol trades: [begin, end) of each time."""
    spans: list[Span] = []
    begin: int | None = None if changes[0][1] == TRADING else -_FOR_EVER
    for at, status in changes:
        if status == TRADING and begin is None:
            begin = at
        elif status != TRADING and begin is not None:
            spans.append((begin, at))
            begin = None
    return [*spans, (begin, _FOR_EVER)] if begin is not None else spans


def read_schedule(path: Path, start: int) -> list[Change]:
    """Changes from a JSON file: a list of {"symbol", "at", "status"}.

    `at` is minutes after `start` (UTC seconds, its minute counts) or an ISO 8601 time. Raises ScheduleError.
    """
    try:
        entries: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ScheduleError(f"{path}: {error}") from error
    if not isinstance(entries, list):
        raise ScheduleError(f"{path}: must hold a list of changes")
    return [_change(path, number, entry, start) for number, entry in enumerate(entries, 1)]


def _change(path: Path, number: int, entry: Any, start: int) -> Change:
    if not isinstance(entry, dict) or set(entry) != {"symbol", "at", "status"}:
        raise ScheduleError(f"{path}: change {number} must have symbol, at and status, and nothing else")
    at = entry["at"]
    if isinstance(at, int) and not isinstance(at, bool):
        moment = start // MINUTE * MINUTE + at * MINUTE
    else:
        try:
            parsed = datetime.fromisoformat(str(at))
        except ValueError as error:
            raise ScheduleError(f"{path}: change {number}: at is neither minutes nor an ISO 8601 time") from error
        moment = int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())
    return Change(str(entry["symbol"]), moment, str(entry["status"]))
