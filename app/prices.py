"""Last prices in an API process: one stream from the worker, any number of viewers.

1. `PriceBoard.run` follows the worker's stream and opens it again for ever; `quotes` holds the newest price of each
   symbol.
2. `_publish` writes each changed price as JSON once and hands it to the viewers of that symbol (`_Group`: those who
   asked for the same symbols share one text).
3. A viewer (`PriceReader`) takes what waits for it. One that is slow finds the newest price of each symbol, never a
   queue: what waits is bounded by the symbols it asked for.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.market_client import MarketClient, MarketRefused, MarketUnavailable, PriceLine
from app.times import at

log = logging.getLogger(__name__)
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
MOST_READERS = 5000


@dataclass(frozen=True, slots=True)
class Quote:
    """A last price and when it was, ms UTC."""

    symbol: str
    price: float
    time_ms: int

    def json(self) -> str:
        """As the API writes a quote."""
        time = at(self.time_ms).isoformat().replace("+00:00", "Z")
        return json.dumps({"symbol": self.symbol, "price": self.price, "time": time})


class TooManyReaders(Exception):
    """As many viewers as one process serves are there already."""


class PriceReader:
    """What waits for one viewer."""

    __slots__ = ("_changed", "_live", "_text", "_waiting")

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self._waiting: dict[str, str] = {}
        self._text: str | None = None
        self._live: bool | None = None

    def offer(self, text: str, changed: dict[str, str]) -> None:
        """Prices have changed: by symbol, and all of them as one text that viewers share."""
        # Never changed in place: what waits may be another viewer's, too.
        self._text = None if self._waiting else text
        self._waiting = {**self._waiting, **changed} if self._waiting else changed
        self._changed.set()

    def tell(self, live: bool) -> None:
        """The worker's stream was lost or is back."""
        self._live = live
        self._changed.set()

    async def take(self, timeout_s: float) -> list[tuple[str, str]]:
        """Events and their JSON: `state` and `quotes`; empty when nothing came within the time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return []
        self._changed.clear()
        events: list[tuple[str, str]] = []
        if self._live is not None:
            events.append(("state", json.dumps({"live": self._live})))
            self._live = None
        if self._waiting:
            events.append(("quotes", self._text or _items(self._waiting.values())))
            self._waiting, self._text = {}, None
        return events

    @property
    def waiting(self) -> int:
        """Prices that wait."""
        return len(self._waiting)


class _Group:
    """Viewers of the same symbols; `symbols` None means all."""

    __slots__ = ("readers", "symbols")

    def __init__(self, symbols: frozenset[str] | None) -> None:
        self.symbols = symbols
        self.readers: set[PriceReader] = set()

    def offer(self, changed: dict[str, str]) -> None:
        mine = changed
        if self.symbols is not None:
            mine = {symbol: changed[symbol] for symbol in self.symbols if symbol in changed}
        if not mine:
            return
        text = _items(mine.values())
        for reader in self.readers:
            reader.offer(text, mine)


class PriceBoard:
    """The newest prices, and who looks at them. Everything runs in one event loop."""

    def __init__(self, client: MarketClient) -> None:
        self.quotes: dict[str, Quote] = {}
        self.live = False
        self.connects = 0
        self.batches = 0
        self._client = client
        self._groups: dict[frozenset[str] | None, _Group] = {}

    @property
    def readers(self) -> int:
        """Viewers now."""
        return sum(len(group.readers) for group in self._groups.values())

    async def run(self) -> None:
        """Follow the worker's prices until cancelled. Whatever ends it, viewers are told that prices are old."""
        try:
            await self._follow()
        finally:
            self._tell(live=False)

    async def _follow(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            try:
                first = True
                async for line in self._client.prices():
                    self._take(line, whole=first)
                    if first:
                        first, pause = False, FIRST_PAUSE_S
                reason = "the worker ended it"
            except (MarketUnavailable, MarketRefused) as error:
                reason = str(error)
            except (ValueError, OverflowError, OSError) as error:
                # A price whose time is no date: which of the three says so is the platform's.
                reason = f"a price cannot be told: {error}"
            if self.live:
                log.warning("the stream of prices is opened again: %s", reason)
            self._tell(live=False)
            # Many API processes must not all come back in the same moment.
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def admit(self) -> None:
        """Raises TooManyReaders where no more are served."""
        if self.readers >= MOST_READERS:
            raise TooManyReaders(f"{MOST_READERS} viewers are connected already")

    @contextmanager
    def read(self, symbols: Iterable[str] = ()) -> Iterator[PriceReader]:
        """A viewer of `symbols` (none: of all), until the block ends; begins with the prices known now."""
        wanted = frozenset(symbols) or None
        group = self._groups.setdefault(wanted, _Group(wanted))
        reader = PriceReader()
        reader.tell(self.live)
        known = {q.symbol: q.json() for q in self.quotes.values() if wanted is None or q.symbol in wanted}
        if known:
            reader.offer(_items(known.values()), known)
        group.readers.add(reader)
        try:
            yield reader
        finally:
            group.readers.discard(reader)
            if not group.readers:
                self._groups.pop(wanted, None)

    def _take(self, line: PriceLine, *, whole: bool) -> None:
        quotes = [Quote(*row) for row in line.prices]
        if whole:
            # The first line after a connection has every price: the worker may hold another market now.
            self.quotes.clear()
            self.connects += 1
            self._tell(live=True)
        for symbol in line.gone:
            self.quotes.pop(symbol, None)
        if quotes:
            self.batches += 1
            self.quotes.update((quote.symbol, quote) for quote in quotes)
            self._publish(quotes)

    def _publish(self, quotes: list[Quote]) -> None:
        if not self._groups:
            return
        changed = {quote.symbol: quote.json() for quote in quotes}
        for group in self._groups.values():
            group.offer(changed)

    def _tell(self, *, live: bool) -> None:
        if live == self.live:
            return
        self.live = live
        for group in self._groups.values():
            for reader in group.readers:
                reader.tell(live)


def _items(quotes: Iterable[str]) -> str:
    return f'{{"items": [{", ".join(quotes)}]}}'
