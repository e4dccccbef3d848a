"""What tests of the feed share: a feed over the scripted market, and the truth to hold its panel against."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from market.feed import Feed
from market.source import FIELDS
from market.store import MarketStore
from market.types import Candle
from screener.engine.panel import STORED, Panel
from screener.intervals import interval_ms, open_of
from tests.unit.market.market_fake import MINUTE, T0, FakeSource, ManualClock, candle

NAMES = ["AAAUSDT", "BBBUSDT", "CCCUSDT", "DDDUSDT"]
START = T0 + 7 * MINUTE
PATIENCE_S = 10.0


def feed_over(source: FakeSource, clock: ManualClock, intervals: Sequence[str] = ("5m", "15m"), **options: Any) -> Feed:
    return Feed(
        source, clock, source.names, intervals, **{"capacity": 300, "backfill": 60, "audit_hours": 0, **options}
    )


async def until(condition: Callable[[], object]) -> None:
    """Return once something is so; fails when it does not come."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.005)


def at(name: str, opened: int, **changes: Any) -> Candle:
    """The true minute of a symbol, or one that differs."""
    return replace(candle(name, "1m", opened), **changes)


def differences(panel: Panel, names: Sequence[str], interval: str, first: int, last: int) -> list[str]:
    """Where the panel is not as the market was, for candles that open from `first` to `last` (ms UTC)."""
    opens = np.arange(open_of(first, interval), last + 1, interval_ms(interval), dtype=np.int64)
    found = []
    for name in names:
        held = panel.rows(interval, panel.index(name), opens)
        for i, open_time in enumerate(opens.tolist()):
            true = candle(name, interval, open_time)
            values = dict(zip(STORED, held[:, i], strict=True))
            want = {field: getattr(true, "taker_buy_base" if field == "buy_volume" else field) for field in STORED}
            if not all(np.isclose(values[field], want[field], rtol=1e-12) for field in STORED):
                found.append(f"{name} {interval} {(open_time - T0) // MINUTE}: {values} {want}")
    return found


def store_with_history(names: Sequence[str], intervals: Sequence[str], minutes: int, until_ms: int) -> MarketStore:
    """A store that holds the newest candles up to a boundary."""
    store = MarketStore(names, 300)
    for interval in ("1m", *intervals):
        store.ensure(interval)
        step = interval_ms(interval)
        end = open_of(until_ms, interval)
        for open_time in range(end - max(minutes * MINUTE // step, 1) * step, end, step):
            rows = [candle(name, interval, open_time) for name in names]
            values = [[getattr(c, name) for name in FIELDS] for c in rows]
            store.append(interval, open_time, np.array(values))
    return store
