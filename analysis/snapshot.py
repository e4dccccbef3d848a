"""What an analysis sees: one frozen, hashable picture of a signal with everything computed from its candles.

1. `build_snapshot` takes the signal, its condition rows, its candles and what is around it, and computes levels, trend
   and context; the indicator table comes from the engine that screened, or is replayed.
2. `Snapshot.digest` is the SHA-256 of its canonical JSON, stored beside the decision.
3. Grounding compares what a model says with this picture and nothing else.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import numpy as np
from pydantic import Field

from analysis import levels, structure
from analysis.context import Surroundings, market_context
from analysis.settings import MAX_BARS
from analysis.snapshot_parts import CandleRow, ConditionRow, Frozen, IndicatorRow, Level, MarketContext
from analysis.table import replayed, source_of
from broker.types import Direction
from market.types import Candle
from screener.intervals import INTERVAL_MS, interval_ms

MOST_CANDLES = 1_000
"""Measures are taken of the newest so many candles."""


class SnapshotError(ValueError):
    """The candles or the price cannot be analysed; the message says why."""


class Snapshot(Frozen):
    """A signal and its market at the close of its candle. Prices in the quote asset, times ms UTC.

    `forming`: that candle had not closed when the signal fired; it is the newest one here, as it was then.

    `price` is the price a trade would start from: the newest when the snapshot was made. `stop` and `target` are the
    filter's own, as of its candle; None where it sets none. `supports` and `resistances` are where the market turned or
    traded before, outward from the price; `reference` holds levels that are computed (Fibonacci and Camarilla pivots,
    ATR bands, round numbers), ascending: they may be cited and drawn, and are no support by themselves. `table` holds
    indicators of the strategy's intervals, `candles` the newest candles, oldest first.
    """

    symbol: str
    interval: str
    direction: Literal["long", "short"]
    candle_close: int
    forming: bool = False
    price: float = Field(gt=0)
    tick_size: str
    conditions: tuple[ConditionRow, ...]
    supports: tuple[Level, ...]
    resistances: tuple[Level, ...]
    swing_lows: tuple[float, ...]
    swing_highs: tuple[float, ...]
    pivot_period: str | None
    atr: float | None
    stop: float | None = None
    target: float | None = None
    trend: Literal["up", "down", "range", "unknown"]
    reference: tuple[Level, ...] = ()
    table: tuple[IndicatorRow, ...] = ()
    context: MarketContext = MarketContext()
    candles: tuple[CandleRow, ...]

    @property
    def indicators(self) -> dict[str, float]:
        """The table by name; those of another interval than the strategy's say which."""
        own = {row.name: row.value for row in self.table if row.interval == self.interval}
        return own | {f"{row.name} on {row.interval}": row.value for row in self.table if row.interval != self.interval}

    @property
    def intervals(self) -> tuple[str, ...]:
        """The intervals that the table covers, the strategy's first."""
        return tuple(dict.fromkeys([self.interval, *(row.interval for row in self.table)]))

    def indicator(self, name: str) -> float | None:
        """An indicator of the strategy's interval as the filter language writes it; None where it is unknown."""
        return next((row.value for row in self.table if (row.name, row.interval) == (name, self.interval)), None)

    def canonical(self) -> str:
        """The JSON that `digest` is taken of: keys in this class's order, no blanks."""
        return self.model_dump_json()

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, hexadecimal."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    @property
    def tick(self) -> Decimal:
        """The symbol's tick size; zero when unknown."""
        return Decimal(self.tick_size)

    def prices(self) -> dict[str, float]:
        """Every price of the snapshot that may be cited, by what it is called.

        Of the candles only the newest and the extremes: with every price of a thousand, any number would be right.
        """
        named: dict[str, float] = {"price": self.price, **self.levels()}
        named |= {f"{row.name} on {row.interval}": row.value for row in self.table if row.price}
        if self.candles:
            named["highest high"] = max(c.high for c in self.candles)
            named["lowest low"] = min(c.low for c in self.candles)
            last = self.candles[-1]
            named |= {"last open": last.open, "last high": last.high, "last low": last.low, "last close": last.close}
        return named

    def levels(self) -> dict[str, float]:
        """Every price that may be called a support or a resistance, by what it is called."""
        own = (("stop", self.stop), ("target", self.target))
        named = {f"filter's {name}": price for name, price in own if price is not None}
        for kind, group in (("support", self.supports), ("resistance", self.resistances)):
            named |= {f"{kind} {i + 1} ({level.source})": level.price for i, level in enumerate(group)}
        named |= {level.source: level.price for level in self.reference}
        named |= {f"swing low {i + 1}": price for i, price in enumerate(self.swing_lows)}
        return named | {f"swing high {i + 1}": price for i, price in enumerate(self.swing_highs)}

    def measures(self) -> dict[str, float]:
        """Every other number that may be cited, by what it is called: indicators that are no prices, both sides of each
        condition, and the market's context."""
        named = {f"{row.name} on {row.interval}": row.value for row in self.table if not row.price}
        if self.atr is not None:
            named["atr"] = self.atr
        for row in self.conditions:
            sides = (("left", row.left), ("right", row.right))
            named |= {f"{row.text} ({side})": value for side, value in sides if value is not None}
        known = self.context.model_dump(exclude={"leader", "leader_trend", "volatility"})
        named |= {name.replace("_", " "): float(value) for name, value in known.items() if value is not None}
        return named

    def numbers(self) -> dict[str, float]:
        """All that may be cited: `prices` and `measures`."""
        return {**self.prices(), **self.measures()}

    def text(self, price: float | Decimal) -> str:
        """A price with the decimals of the symbol's tick."""
        return price_text(price, self.tick)


def price_text(price: float | Decimal, tick: Decimal) -> str:
    """A price with the decimals of the tick; six significant digits without one."""
    if tick <= 0:
        return f"{price:.6g}"
    exponent = tick.normalize().as_tuple().exponent
    return f"{price:.{max(-exponent, 0) if isinstance(exponent, int) else 0}f}"


def build_snapshot(
    symbol: str,
    interval: str,
    direction: Direction | str,
    candles: Sequence[Candle],
    conditions: Sequence[Mapping[str, Any]] = (),
    *,
    price: float | None = None,
    levels_set: Mapping[str, Any] | None = None,
    tick_size: Decimal = Decimal(0),
    bars: int = 100,
    forming: bool = False,
    higher: Mapping[str, Sequence[Candle]] | None = None,
    table: Sequence[IndicatorRow] | None = None,
    around: Surroundings | None = None,
) -> Snapshot:
    """The snapshot of a signal on the newest of `candles` (closed, oldest first, one symbol and interval).

    `price` defaults to the newest close. `levels_set` holds the filter's own `stop` and `target`, where it sets
    them. `conditions` are rows as stored with the signal; keys it does not know are ignored. At most `bars`
    (1 to 1,000) candles go into the snapshot; measures use all that are given, up to 1,000, and levels the newest 200.
    With `forming` the newest of `candles` had not closed. `higher` holds candles of other intervals that the filter
    reads, closed by then. `table` is the engine's indicator table of all these; without it the engine is replayed over
    the candles. `around` is the rest of the market.

    Raises SnapshotError without a candle, for candles with unusable numbers, or for an unusable price.
    """
    if not 1 <= bars <= MAX_BARS:
        raise SnapshotError(f"bars must be between 1 and {MAX_BARS}, not {bars}")
    if not candles:
        raise SnapshotError(f"no candles of {symbol} {interval} to analyse")
    used = candles[-MOST_CANDLES:]
    columns = np.array([(c.open_time, c.open, c.high, c.low, c.close, c.volume, c.quote_volume) for c in used]).T
    times = columns[0].astype(np.int64)
    opens, highs, lows, closes, volumes, quote_volumes = columns[1:]
    if not np.isfinite(columns[1:5]).all() or (columns[1:5] <= 0).any():
        raise SnapshotError(f"a candle of {symbol} {interval} has a price that is not a number above zero")
    now = float(closes[-1]) if price is None else float(price)
    if not math.isfinite(now) or now <= 0:
        raise SnapshotError(f"the price of {symbol} is not a number above zero: {now}")
    if table is None:
        table = replayed_table(symbol, {interval: used, **{i: c[-MOST_CANDLES:] for i, c in (higher or {}).items()}})
    atr = next((r.value for r in table if (r.name, r.interval) == ("ta.atr(14)", interval)), None)
    atr = levels.atr(highs, lows, closes) if atr is None else atr
    own = {k: float(v) for k, v in (levels_set or {}).items() if k in ("stop", "target") and float(v) > 0}
    found = structure.find(times, opens, highs, lows, closes, volumes, used[-1].close_time, now, atr, tick_size)
    return Snapshot(
        symbol=symbol,
        interval=interval,
        direction=Direction(direction).value,
        candle_close=used[-1].close_time,
        forming=forming,
        price=now,
        tick_size=format(tick_size, "f"),
        conditions=tuple(
            ConditionRow.model_validate({k: v for k, v in row.items() if k in ConditionRow.model_fields})
            for row in conditions
        ),
        supports=found.supports,
        resistances=found.resistances,
        swing_lows=found.swing_lows,
        swing_highs=found.swing_highs,
        pivot_period=found.pivot_period,
        atr=atr if atr else None,
        stop=own.get("stop"),
        target=own.get("target"),
        trend=levels.regime(closes, atr),
        reference=found.reference,
        table=tuple(table),
        context=market_context(highs, lows, closes, quote_volumes, _step(interval), now, float(tick_size), around),
        candles=_rows(columns[:, -bars:]),
    )


def replayed_table(symbol: str, series: Mapping[str, Sequence[Candle]]) -> tuple[IndicatorRow, ...]:
    """The indicator table by replay over a symbol's candles, by interval; empty for candles off their grid."""
    known = {interval: candles for interval, candles in series.items() if candles and interval in INTERVAL_MS}
    try:
        return replayed(symbol, source_of(symbol, known), list(known))
    except ValueError:
        return ()


def _step(interval: str) -> int:
    return interval_ms(interval) if interval in INTERVAL_MS else 0


def _rows(columns: levels.Values) -> tuple[CandleRow, ...]:
    """The candles shown; an unknown volume is zero."""
    volumes = np.where(np.isfinite(columns[5]), columns[5], 0.0)
    return tuple(map(CandleRow, columns[0].astype(np.int64).tolist(), *columns[1:5].tolist(), volumes.tolist()))
