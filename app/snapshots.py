"""The snapshot of a stored signal: its candles, those its filter also reads, indicators, the market around.

1. `signal_candles` are those up to the signal's own, whatever came later.
2. The indicator table is the running engine's while that still stands on the signal's candle; later, and for a candle
   that had not closed, the engine is replayed over the candles.
3. `as_of` gives a signal that is looked at later the conditions and levels that its filter has then: those that made it
   fire are of another candle.
4. `_around` finds the symbol that leads the market and the closes of all others.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from functools import lru_cache, partial
from typing import Protocol

from analysis import Snapshot, build_snapshot
from analysis.context import BREADTH_MEAN, LEADER_CANDLES, LEADERS, Surroundings
from analysis.monitor import source_for
from analysis.settings import AnalysisSettings
from analysis.snapshot import MOST_CANDLES
from app.engines import Engines, Loaded, Match, result_nodes
from app.panels import Panelled
from app.times import at, to_ms
from market.types import Candle, Price, SymbolInfo
from screener import FilterError, compile_filter
from screener.engine.replay import replay
from screener.intervals import INTERVAL_MS, open_of
from store.records import Signal


class Market(Panelled, Protocol):
    """What a snapshot needs of the market."""

    infos: dict[str, SymbolInfo]

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


async def as_of(market: Market, signal: Signal, filter_code: str, now: int, engines: Engines | None = None) -> Signal:
    """A signal as its filter sees it on the newest candle that closed by `now` (ms UTC): the conditions' values and the
    filter's own levels are the running engine's, or replayed; where they cannot be had there are none.
    """
    found = None
    async with market.engine_lock:
        closed = [c.close_time for c in market.candles(signal.symbol, signal.interval, 2) if c.close_time <= now]
        close = closed[-1] if closed else to_ms(signal.candle_close)
        if market.panel.find(signal.symbol) >= 0:
            key = f"{signal.strategy_id}:{signal.strategy_version}"
            found = engines.seen(key, signal.symbol, close) if engines is not None else None
            found = found or await asyncio.to_thread(_replayed, market, signal, filter_code, close)
    changes = {
        "candle_close": at(close),
        "provisional": False,
        "conditions": [asdict(row) for row in found.conditions] if found is not None else [],
        "indicators": dict(found.levels) if found is not None else {},
    }
    return signal.model_copy(update=changes)


def _replayed(market: Market, signal: Signal, filter_code: str, close: int) -> Match | None:
    """What a filter says of a signal's symbol on the candle that closed at `close`; None where it cannot be stepped."""
    try:
        program = compile_filter(filter_code, signal.interval, market.infos)
        history = replay(program, source_for(program, market.panel, signal.symbol), signal.interval, close)
    except (FilterError, KeyError, ValueError):
        return None
    if not len(history.times) or int(history.times[-1]) != close:
        return None
    cell = (len(history.times) - 1, history.symbols.index(signal.symbol))
    loaded = Loaded(str(signal.strategy_id), signal.strategy_version, program, "level", frozenset(), None)
    extra = result_nodes(program)
    picked = history.pick(list(extra.values()), [cell])
    results = {name: float(picked[node][0]) for name, node in extra.items()}
    return Match.of(loaded, signal.symbol, float(history.price[cell]), history.conditions([cell])[0], results)


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
