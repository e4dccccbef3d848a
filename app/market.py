"""The market as the worker holds it: a source, a feed over the screened symbols, and the newest minutes' coverage.

1. `open` reaches the exchange and chooses the symbols; `start` fills and opens the feed.
2. `_universe` is read again every few minutes: symbols join and leave while all runs. `infos` holds those that are
   screened, `left` those that no longer are; their last prices stay.
"""

from __future__ import annotations

import asyncio
import logging
from collections import ChainMap
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from math import ceil
from typing import Any

from app.ahead import hold_ahead
from app.bootstrap import market_source, universe_rules
from app.settings import Settings
from market.backfill import Progress
from market.cache import HistoryCache
from market.clock import Clock, ScaledClock, SystemClock
from market.feed import Feed
from market.source import MarketSource
from market.types import Candle, MarketError, Price, SymbolInfo
from market.universe import Universe, UniverseRules, choose, read_universe
from screener import Program
from screener.engine.panel import Panel
from screener.intervals import interval_ms

log = logging.getLogger(__name__)
FIRST_BACKFILL = 600
RETRY_SECONDS = 2.0
# A fading average needs more history than its window; beyond this REST would have to page.
MOST_REQUIRED = 1500
UNIVERSE_SECONDS = 300.0
DELISTED = "DELISTED"
# A symbol that is screened stays while it comes this close to what is asked of a new one, lest it come and go.
STAYING_VOLUME = 0.5
STAYING_LIMIT = 1.1

OnChange = Callable[[Sequence[str], Sequence[str]], Awaitable[None]]
"""Called with the symbols that joined and those that left."""


def _delisted(name: str, quote_asset: str) -> SymbolInfo:
    """What is known of a symbol that the exchange lists no more: enough to close a position on paper."""
    least = Decimal("1e-8")
    base = name.removesuffix(quote_asset)
    return SymbolInfo(name, base, quote_asset, DELISTED, least, least, least, Decimal(0))


class HeldMarket:
    """Everything the worker knows of the market. Use `open`, then `start`."""

    def __init__(
        self, settings: Settings, source: MarketSource, clock: Clock, universe: Universe, rules: UniverseRules
    ) -> None:
        self.settings = settings
        self.source = source
        self.clock = clock
        self.infos = dict(universe.infos)
        self.left: dict[str, SymbolInfo] = {}
        # What orders on paper go by. A position in a symbol that is listed no more can be closed, at its last price.
        self._closable: dict[str, SymbolInfo] = {}
        self.rules: Mapping[str, SymbolInfo] = ChainMap(self.infos, self._closable)
        self.on_change: OnChange | None = None
        self._rules = rules
        self._universe = universe
        directory = settings.history_dir
        self._cache = HistoryCache(directory) if directory is not None else None
        self.feed = Feed(
            source,
            clock,
            universe.symbols,
            capacity=settings.candles_held,
            backfill=min(FIRST_BACKFILL, settings.candles_held),
            cache=self._cache,
            per_connection=settings.streams_per_connection,
        )
        self.coverage = self.feed.coverage.minutes
        self.last_run: dict[str, Any] = {}
        # By interval, of how many symbols the candles came that are being fetched, and of how many they are to come.
        self.filling: dict[str, tuple[int, int]] = {}

    @classmethod
    async def open(cls, settings: Settings) -> HeldMarket:
        """Reach the exchange, waiting for it, and choose the symbols to screen."""
        source = market_source(settings)
        rules = universe_rules(settings)
        while True:
            try:
                now = await source.server_time_ms()
                universe = await read_universe(source, rules, now)
                break
            except MarketError as error:
                log.warning("waiting for the exchange: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
        if not universe.symbols:
            reasons = ", ".join(universe.report()["reasons"])
            raise MarketError(f"none of the exchange's symbols is to be screened: {reasons or 'it lists none'}")
        clock: Clock = SystemClock() if settings.pace == 1.0 else ScaledClock(now, settings.pace)
        return cls(settings, source, clock, universe, rules)

    async def start(self, progress: Progress | None = None) -> None:
        """Fill the panel and follow the market; `on_change` is called from then on. Usual intervals that no strategy
        reads are filled when that is done."""
        await self.feed.start(progress)
        self.feed.spawn(hold_ahead(self))
        self.feed.follow(self._read, self._told, max(UNIVERSE_SECONDS / self.clock.speed, RETRY_SECONDS))

    async def keep(self, symbols: Iterable[str]) -> None:
        """Hold prices and rules of these symbols whether they are screened or not: there are positions in them."""
        wanted = frozenset(symbols)
        self.feed.priced = wanted
        unknown = wanted - self.infos.keys() - self.left.keys()
        if not unknown:
            return
        try:
            listed = {info.symbol: info for info in await self.source.symbols()}
        except MarketError as error:
            log.warning("rules of %s are not known yet: %s", " ".join(sorted(unknown)), error)
            return
        for name in unknown:
            self._leave(listed.get(name) or _delisted(name, self.settings.quote_asset))
            await self._last_price(name)

    async def _last_price(self, name: str) -> None:
        """The newest price kept of a symbol that is not followed, until a stream brings one."""
        if self._cache is None or name in self.prices:
            return
        kept = await asyncio.to_thread(self._cache.read, name, "1m", 1, self.clock.now_ms())
        for candle in kept.candles():
            self.prices.setdefault(name, Price(name, candle.close, candle.close_time))

    async def _read(self) -> Sequence[SymbolInfo]:
        """The symbols to screen now; those that are screened already may fall a little below what the rules ask."""
        rules = self._rules
        loose = replace(
            rules,
            min_quote_volume=rules.min_quote_volume * STAYING_VOLUME,
            limit=None if rules.limit is None else ceil(rules.limit * STAYING_LIMIT),
        )
        near = await read_universe(self.source, loose, self.clock.now_ms())
        strict = choose(near.infos.values(), rules, self.clock.now_ms())
        chosen = [name for name in near.symbols if name in strict.infos or name in self.infos]
        rejected = {**near.rejected, **{k: why for k, why in strict.rejected.items() if k not in self.infos}}
        self._universe = Universe(tuple(chosen), {name: near.infos[name] for name in chosen}, rejected)
        return list(self._universe.infos.values())

    async def _told(self, infos: Sequence[SymbolInfo], joined: Sequence[str], left: Sequence[str]) -> None:
        for name in left:
            info = self.infos.pop(name)
            self._leave(info if name in self._universe.rejected else replace(info, status=DELISTED))
        # In place: whoever was given the mapping sees the change.
        self.infos.update({info.symbol: info for info in infos})
        for name in joined:
            self.left.pop(name, None)
            self._closable.pop(name, None)
        if self.on_change is not None:
            await self.on_change(joined, left)

    def _leave(self, info: SymbolInfo) -> None:
        self.left[info.symbol] = info
        self._closable[info.symbol] = replace(info, status="TRADING") if info.status == DELISTED else info

    def why(self, name: str) -> str:
        """Why a symbol is not screened now."""
        return self._universe.rejected.get(name, "the exchange lists it no more")

    @property
    def panel(self) -> Panel:
        """The candles held."""
        return self.feed.panel

    @property
    def engine_lock(self) -> asyncio.Lock:
        """Held by whoever reads the panel in a thread; the feed holds it while it writes."""
        return self.feed.lock

    @property
    def prices(self) -> dict[str, Price]:
        """Last prices by symbol."""
        return self.feed.prices

    def candles(self, symbol: str, interval: str, limit: int) -> list[Candle]:
        """Closed candles of a symbol, oldest first; empty where the interval is not held."""
        if interval not in self.feed.intervals:
            return []
        return self.feed.candles(symbol, interval, limit)

    async def require(self, program: Program, *, forming: bool = False) -> None:
        """Hold the intervals a program reads, as far back as it reaches or the panel goes; with `forming` also all
        minutes of its base candle under way."""
        reaches = {interval: program.reach.get(interval, 0) + 1 for interval in program.intervals}
        if forming:
            reaches["1m"] = max(reaches.get("1m", 0), interval_ms(program.base) // interval_ms("1m"))
        for interval, reach in reaches.items():
            await self.hold(interval, min(max(reach, FIRST_BACKFILL), MOST_REQUIRED))

    async def hold(self, interval: str, candles: int) -> None:
        """Hold an interval from now on, with so much history; `filling` says how far that is."""

        def told(done: int, of: int) -> None:
            self.filling[interval] = (done, of)

        try:
            await self.feed.require(interval, candles, told)
        finally:
            self.filling.pop(interval, None)

    def report(self) -> dict[str, Any]:
        """The newest run, the feed's health and the universe, for the status."""
        prices = self.prices
        left = {
            name: {"reason": self.why(name), "last_price": prices[name].price if name in prices else None}
            for name in self.left
        }
        return {
            "last_run": self.last_run,
            **self.feed.report(),
            "universe": {**self._universe.report(), "left": left},
            "source": self.source.report(),
        }

    async def aclose(self) -> None:
        """Stop the feed, save its history, and leave the exchange."""
        await self.feed.aclose()
        await self.source.aclose()
