"""The snapshot of a stored signal: its candles, those its filter also reads, indicators, the market around.

1. `signal_candles` are those up to the signal's own, whatever came later.
2. The indicator table is the running engine's while that still stands on the signal's candle; later, and for a candle
   that had not closed, the engine is replayed over the candles.
3. `_around` finds the symbol that leads the market and the closes of all others.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from typing import Protocol

from analysis import Snapshot, build_snapshot
from analysis.context import BREADTH_MEAN, LEADER_CANDLES, Surroundings
from analysis.settings import AnalysisSettings
from analysis.snapshot import MOST_CANDLES
from app.engines import Engines
from app.times import to_ms
from market.types import Candle, Price, SymbolInfo
from screener import FilterError, compile_filter
from screener.engine.panel import Panel
from screener.intervals import INTERVAL_MS, open_of
from store.records import Signal

LEADERS = ("BTC", "ETH")
"""Base assets whose symbol leads the others, the first that is listed against the same quote asset."""


class Market(Protocol):
    """What a snapshot needs of the market."""

    infos: dict[str, SymbolInfo]

    @property
    def engine_lock(self) -> asyncio.Lock:
        """Held by whoever reads engine or panel."""
        ...

    @property
    def panel(self) -> Panel:
        """The candles held."""
        ...

    @property
    def prices(self) -> Mapping[str, Price]:
        """Last prices by symbol."""
        ...

    def candles(self, symbol: str, interval: str, limit: int) -> list[Candle]:
        """Closed candles of a symbol, oldest first."""
        ...


async def signal_snapshot(
    market: Market,
    signal: Signal,
    filter_code: str,
    settings: AnalysisSettings | None = None,
    engines: Engines | None = None,
) -> Snapshot:
    """The snapshot of a signal as of its candle, at the newest price.

    `filter_code` is the strategy's program, which says what other intervals count. Without `engines` the indicators are
    replayed. Raises SnapshotError where there is nothing to analyse.
    """
    settings = settings or AnalysisSettings()
    close = to_ms(signal.candle_close)
    async with market.engine_lock:
        candles = signal_candles(signal, market.candles(signal.symbol, signal.interval, MOST_CANDLES))
        others = intervals_read(filter_code, signal.interval)
        table = None
        if engines is not None and not signal.provisional and market.panel.find(signal.symbol) >= 0:
            # Of a longer interval the newest candle that had closed by then counts.
            table = engines.table(signal.symbol, {i: open_of(close, i) for i in (signal.interval, *others)})
        higher = {
            interval: [c for c in market.candles(signal.symbol, interval, MOST_CANDLES) if c.close_time <= close]
            for interval in (others if table is None else ())
        }
        around = _around(market, signal, close)
    info, price = market.infos.get(signal.symbol), market.prices.get(signal.symbol)
    build = partial(
        build_snapshot,
        signal.symbol,
        signal.interval,
        signal.side,
        candles,
        signal.conditions,
        price=price.price if price is not None else None,
        levels_set=signal.indicators,
        tick_size=info.tick_size if info is not None else Decimal(0),
        bars=settings.bars,
        forming=signal.provisional,
        higher=higher,
        table=table,
        around=around,
    )
    # A replay takes as long as ten of the engine's steps: others have the loop meanwhile.
    return build() if table is not None else await asyncio.to_thread(build)


def signal_candles(signal: Signal, held: Sequence[Candle]) -> list[Candle]:
    """The candles up to a signal's own, of those `held`; a provisional signal's own is the one it was fired on."""
    close = to_ms(signal.candle_close)
    if not (signal.provisional and signal.candles):
        return [c for c in held if c.close_time <= close]
    open_time, *numbers = signal.candles[-1]
    first, high, low, last, volume = (math.nan if n is None else float(n) for n in numbers)
    unknown = (math.nan, math.nan, math.nan, math.nan)
    own = Candle(signal.symbol, signal.interval, int(open_time), first, high, low, last, volume, *unknown)
    return [*(c for c in held if c.open_time < own.open_time), own]


@lru_cache(maxsize=4096)
def intervals_read(filter_code: str, interval: str) -> tuple[str, ...]:
    """The other intervals that a filter reads, for which there are candles; none for a program that is not valid."""
    try:
        read = compile_filter(filter_code, interval).intervals
    except FilterError:
        return ()
    return tuple(i for i in read if i != interval and i in INTERVAL_MS)


def _around(market: Market, signal: Signal, close: int) -> Surroundings:
    quote = info.quote_asset if (info := market.infos.get(signal.symbol)) is not None else ""
    named = {(one.base_asset, one.quote_asset): one.symbol for one in market.infos.values()}
    leader = next((named[base, quote] for base in LEADERS if (base, quote) in named), None)
    held = market.candles(leader, signal.interval, LEADER_CANDLES) if leader is not None else []
    _, closes = market.panel.window(signal.interval, "close", BREADTH_MEAN, until=close)
    return Surroundings([c for c in held if c.close_time <= close], closes)
