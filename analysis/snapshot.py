"""What an analysis sees: one frozen, hashable picture of a signal with everything computed from its candles.

1. `build_snapshot` takes the signal, its condition rows and its candles, and computes indicators, levels
   and trend.
2. `Snapshot.digest` is the SHA-256 of its canonical JSON, stored beside the decision.
3. Grounding compares what a model says with this picture and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from analysis import levels
from broker.types import Direction, to_decimal
from market.types import Candle

MAX_BARS = 1_000
LEVELS_KEPT = 6
LEVEL_CANDLES = 200
"""Swings older than this many candles are no levels: with enough of them, every price would be one."""


class SnapshotError(ValueError):
    """The candles or the price cannot be analysed; the message says why."""


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


MaybeNumber = Annotated[float | None, BeforeValidator(_finite)]


class Frozen(BaseModel):
    """Base of the snapshot's parts."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ConditionRow(Frozen):
    """A condition of the filter with both sides' values; None is unknown."""

    name: str = ""
    text: str
    left: MaybeNumber = None
    op: str | None = None
    right: MaybeNumber = None
    value: bool | None = None


class Level(Frozen):
    """A price level: where it comes from and how many swings or pivots lie within a quarter ATR of it."""

    price: float
    source: str
    touches: int = 1


class CandleRow(Frozen):
    """A candle; `time` is its open time, ms UTC."""

    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class Snapshot(Frozen):
    """A signal and its market at the close of its candle. Prices in the quote asset, times ms UTC.

    `forming`: that candle had not closed when the signal fired; it is the newest one here, as it was then.

    `price` is the price a trade would start from: the newest when the snapshot was made. `stop` and `target` are the
    filter's own, as of its candle; None where it sets none. `supports` and
    `resistances` go outward from it. `indicators` holds what could be computed; `candles` the newest,
    oldest first.
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
    indicators: dict[str, float]
    candles: tuple[CandleRow, ...]

    def canonical(self) -> str:
        """The JSON that `digest` is taken of: keys sorted, no blanks."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, hexadecimal."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    @property
    def tick(self) -> Decimal:
        """The symbol's tick size; zero when unknown."""
        return Decimal(self.tick_size)

    def numbers(self) -> dict[str, float]:
        """Every number of the snapshot that may be cited, by what it is called.

        Of the candles only the newest and the extremes: with every price of a thousand, any number would be
        right.
        """
        named: dict[str, float] = {"price": self.price, **self.indicators}
        if self.atr is not None:
            named["atr"] = self.atr
        named |= {f"filter's {k}": v for k, v in (("stop", self.stop), ("target", self.target)) if v is not None}
        for kind, group in (("support", self.supports), ("resistance", self.resistances)):
            named |= {f"{kind} {i + 1}": level.price for i, level in enumerate(group)}
        named |= {f"swing low {i + 1}": price for i, price in enumerate(self.swing_lows)}
        named |= {f"swing high {i + 1}": price for i, price in enumerate(self.swing_highs)}
        for row in self.conditions:
            named |= {
                f"{row.text} ({side})": value
                for side, value in (("left", row.left), ("right", row.right))
                if value is not None
            }
        if self.candles:
            named["highest high"] = max(c.high for c in self.candles)
            named["lowest low"] = min(c.low for c in self.candles)
            last = self.candles[-1]
            named |= {
                "last open": last.open,
                "last high": last.high,
                "last low": last.low,
                "last close": last.close,
            }
        return named

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
) -> Snapshot:
    """The snapshot of a signal on the newest of `candles` (closed, oldest first, one symbol and interval).

    `price` defaults to the newest close. `levels_set` holds the filter's own `stop` and `target`, where it sets
    them. `conditions` are rows as stored with the signal; keys it does not know are ignored. At most `bars`
    (1 to 1,000) candles go into the snapshot; indicators use all that are given, up to 1,000, and levels the
    newest 200. With `forming` the newest of `candles` had not closed.

    Raises SnapshotError without a candle, for candles with unusable numbers, or for an unusable price.
    """
    if not 1 <= bars <= MAX_BARS:
        raise SnapshotError(f"bars must be between 1 and {MAX_BARS}, not {bars}")
    if not candles:
        raise SnapshotError(f"no candles of {symbol} {interval} to analyse")
    used = candles[-MAX_BARS:]
    table = np.array([(c.open, c.high, c.low, c.close, c.volume) for c in used], dtype=np.float64)
    if not np.isfinite(table[:, :4]).all() or (table[:, :4] <= 0).any():
        raise SnapshotError(f"a candle of {symbol} {interval} has a price that is not a number above zero")
    now = float(table[-1, 3]) if price is None else float(price)
    if not math.isfinite(now) or now <= 0:
        raise SnapshotError(f"the price of {symbol} is not a number above zero: {now}")
    opens, highs, lows, closes, volumes = (table[:, i] for i in range(5))
    times = np.array([c.open_time for c in used], dtype=np.int64)
    atr = levels.atr(highs, lows, closes)
    period = levels.pivot_period(times, opens, highs, lows, closes, used[-1].close_time)
    found = levels.swings(highs[-LEVEL_CANDLES:], lows[-LEVEL_CANDLES:])
    swing_highs = _distinct([s.price for s in reversed(found) if s.kind == "high"])
    swing_lows = _distinct([s.price for s in reversed(found) if s.kind == "low"])
    own = {k: float(v) for k, v in (levels_set or {}).items() if k in ("stop", "target") and float(v) > 0}
    below, above = _levels(found, period, now, atr, tick_size)
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
        supports=below,
        resistances=above,
        swing_lows=swing_lows,
        swing_highs=swing_highs,
        pivot_period=period.name if period else None,
        atr=atr if atr else None,
        stop=own.get("stop"),
        target=own.get("target"),
        trend=levels.regime(closes, atr),
        indicators=_indicators(closes, volumes),
        candles=tuple(
            CandleRow(
                time=c.open_time,
                open=c.open,
                high=c.high,
                low=c.low,
                close=c.close,
                volume=c.volume if math.isfinite(c.volume) else 0.0,
            )
            for c in used[-bars:]
        ),
    )


def _indicators(closes: levels.Values, volumes: levels.Values) -> dict[str, float]:
    values: dict[str, float | None] = {"rsi(close, 14)": levels.rsi(closes)}
    for n in (20, 50, 200):
        line = levels.ema(closes, n)
        values[f"ema(close, {n})"] = float(line[-1]) if len(line) else None
    recent = volumes[-21:-1]
    if len(recent) == 20 and np.isfinite(recent).all() and recent.mean() > 0 and math.isfinite(volumes[-1]):
        values["volume / its mean of 20"] = float(volumes[-1] / recent.mean())
    if len(closes) > 20:
        values["change over 20 candles, %"] = float((closes[-1] / closes[-21] - 1) * 100)
    return {name: value for name, value in values.items() if value is not None}


def _distinct(prices: Sequence[float]) -> tuple[float, ...]:
    return tuple(dict.fromkeys(prices))[:LEVELS_KEPT]


def _on_tick(price: float, tick: Decimal) -> float:
    return price if tick <= 0 else float(round(to_decimal(price) / tick) * tick)


def _levels(
    found: Sequence[levels.Swing],
    period: levels.Period | None,
    now: float,
    atr: float | None,
    tick: Decimal,
) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    """Supports and resistances, nearest first; swings and pivots closer than a quarter ATR are one level."""
    named: dict[float, str] = {}
    if period:
        p = levels.pivots(period.high, period.low, period.close)
        named |= {_on_tick(p.pivot, tick): "pivot"}
        named |= {_on_tick(price, tick): f"pivot R{i + 1}" for i, price in enumerate(p.resistances)}
        named |= {_on_tick(price, tick): f"pivot S{i + 1}" for i, price in enumerate(p.supports)}
    prices = list(named)
    for swing in found:
        named[swing.price] = f"swing {swing.kind}"
        prices.append(swing.price)
    merged = levels.merge(prices, (atr or 0.0) / 4)
    all_levels = [Level(price=price, source=named[price], touches=count) for price, count in merged]
    below = [level for level in reversed(all_levels) if level.price < now]
    above = [level for level in all_levels if level.price > now]
    return tuple(below[:LEVELS_KEPT]), tuple(above[:LEVELS_KEPT])
