"""The market around a symbol: what leads it, how many others rise, how wild it is, what trading it costs.

The spread is estimated from candles, since the streams that are followed carry no order book: with log prices,
c the close and m the middle of high and low, the estimate is 2 sqrt(max(mean((c_t - m_t)(c_t - m_t+1)), 0))
(Abdi and Ranaldo, Review of Financial Studies, 2017). It is rough, and zero where trends drown the bounce.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analysis import levels
from analysis.levels import Values
from analysis.snapshot_parts import MarketContext, Volatility
from market.types import Candle

BREADTH_MEAN: Final = 50
"""Breadth counts the symbols above their mean of so many candles."""
LEADERS: Final = ("BTC", "ETH")
"""Base assets whose symbol leads the others: the first of which there is one against the same quote asset."""
LEADER_CANDLES: Final = 200
CHANGE_OVER: Final = 20
RANKED_OVER: Final = 200
SPREAD_OVER: Final = 100
QUIET, WILD = 25.0, 75.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of the rest of the market on the signal's interval: the leader's candles, oldest first, and closes
    of all symbols `[candles, symbols]`, NaN where one has none."""

    leader: Sequence[Candle] = ()
    closes: Values | None = None


def market_context(
    highs: Values,
    lows: Values,
    closes: Values,
    quote_volumes: Values,
    step_ms: int,
    price: float,
    tick: float,
    around: Surroundings | None = None,
) -> MarketContext:
    """The context of a symbol from its own candles (arrays `[candles]`, oldest first) and what is around it."""
    around = around or Surroundings()
    rank = volatility_rank(highs, lows, closes)
    share, counted = breadth(around.closes)
    leader = around.leader[-LEADER_CANDLES:]
    trend: levels.Regime = "unknown"
    change: float | None = None
    if leader:
        table = np.array([(c.high, c.low, c.close) for c in leader], dtype=np.float64)
        trend = levels.regime(table[:, 2], levels.atr(table[:, 0], table[:, 1], table[:, 2]))
        if len(leader) > CHANGE_OVER:
            change = float((table[-1, 2] / table[-1 - CHANGE_OVER, 2] - 1) * 100)
    day = levels.DAY_MS // step_ms if step_ms > 0 else 0
    volume = float(quote_volumes[-day:].sum()) if 0 < day <= len(quote_volumes) else None
    return MarketContext(
        leader=leader[-1].symbol if leader else None,
        leader_trend=trend,
        leader_change=_finite(change),
        breadth=share,
        breadth_of=counted,
        volatility=_named(rank),
        volatility_rank=rank,
        spread_bps=spread_bps(highs[-SPREAD_OVER:], lows[-SPREAD_OVER:], closes[-SPREAD_OVER:]),
        tick_bps=tick / price * 1e4 if tick > 0 else None,
        quote_volume_24h=_finite(volume),
    )


def breadth(closes: Values | None) -> tuple[float | None, int]:
    """Percent of symbols whose newest close is above their mean of `BREADTH_MEAN` candles, and of how many; those that
    lack a candle are not counted. None without any."""
    if closes is None or len(closes) < BREADTH_MEAN:
        return None, 0
    window = closes[-BREADTH_MEAN:]
    mean = window.mean(axis=0)
    known = np.isfinite(mean)
    count = int(known.sum())
    return (float((window[-1] > mean)[known].mean() * 100), count) if count else (None, 0)


def volatility_rank(highs: Values, lows: Values, closes: Values, n: int = 14) -> float | None:
    """Percent of the last `RANKED_OVER` candles whose mean true range of `n`, as a share of the close, was smaller
    than now; None with fewer than a quarter of them."""
    if len(closes) < n + RANKED_OVER // 4:
        return None
    ranges = levels.true_range(highs, lows, closes) / closes[1:]
    sums = np.cumsum(np.concatenate([[0.0], ranges]))
    means = ((sums[n:] - sums[:-n]) / n)[-RANKED_OVER:]
    return float((means[:-1] < means[-1]).mean() * 100)


def spread_bps(highs: Values, lows: Values, closes: Values) -> float | None:
    """The estimated spread in basis points; None with fewer than 20 candles."""
    if len(closes) < 20:
        return None
    middle = (np.log(highs) + np.log(lows)) / 2
    close = np.log(closes)
    product = ((close[:-1] - middle[:-1]) * (close[:-1] - middle[1:])).mean()
    return float(2 * np.sqrt(max(float(product), 0.0)) * 1e4)


def _named(rank: float | None) -> Volatility:
    if rank is None:
        return "unknown"
    if rank < QUIET:
        return "low"
    return "high" if rank > WILD else "normal"


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None
