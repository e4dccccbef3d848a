"""One past candle screened by replay, for runs that were claimed and never finished."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from app.engines import Loaded, Match, Screened, result_nodes
from screener.engine.panel import Panel
from screener.engine.replay import replay
from screener.intervals import interval_ms


def replayed(
    strategies: Sequence[Loaded],
    panel: Panel,
    interval: str,
    close: int,
    screened: Mapping[str, int],
    since: Mapping[str, int],
) -> Screened | None:
    """What the candle of `interval` that closed at `close` (ms UTC) gives; None if it is not held.

    An edge is relative to the strategy's last screened candle (`screened`: close by key, ms), or to the candle before
    where later ones were screened already. `since` is the close up to which a strategy's history was there when it was
    loaded, by key.
    """
    result = Screened(interval, close)
    for strategy in [s for s in strategies if s.program.base == interval]:
        watermark = screened.get(strategy.key)
        if watermark is not None and watermark >= close > since.get(strategy.key, close):
            watermark = close - interval_ms(interval)
        if watermark is None or watermark >= close:
            continue
        begin = time.perf_counter()
        history = replay(strategy.program, panel, interval, until=close)
        if not len(history.times) or int(history.times[-1]) != close:
            return None
        hits = history.match[-1] == 1
        if strategy.trigger == "edge":
            before = int(np.searchsorted(history.times, watermark))
            hits = hits & (history.match[before] == 0)
        row = len(history.times) - 1
        columns = [
            int(c)
            for c in np.flatnonzero(hits & np.isfinite(history.price[-1]))
            if not strategy.symbols or panel.symbols[c] in strategy.symbols
        ]
        rows = history.conditions([(row, c) for c in columns])
        extra = result_nodes(strategy.program)
        picked = history.pick(list(extra.values()), [(row, c) for c in columns])
        result.step_ms += (time.perf_counter() - begin) * 1e3
        result.strategies.append(strategy)
        result.matched[strategy.key] = len(columns)
        result.matches += [
            Match.of(
                strategy,
                panel.symbols[c],
                float(history.price[-1, c]),
                values,
                {name: float(picked[node][i]) for name, node in extra.items()},
            )
            for i, (c, values) in enumerate(zip(columns, rows, strict=True))
        ]
    result.matches.sort(key=Match.rank)
    return result
