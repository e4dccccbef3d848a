"""Levels of a market: where it turned or traded before, and those that are computed.

1. `_named` collects what the market left: swings (heavy ones by volume), prices of much volume, the previous day and
   week, classic pivots. Those within a quarter ATR of each other are one level, whose touches are counted.
2. `_reference` lists the computed ones apart: with all of them as supports, every price would be one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from analysis import levels
from analysis.levels import Period, Swing, Times, Values
from analysis.snapshot_parts import Level
from broker.types import to_decimal

LEVELS_KEPT: Final = 6
LEVEL_CANDLES: Final = 200
"""Swings older than this many candles are no levels: with enough of them, every price would be one."""
FORMULAS: Final[tuple[Literal["fibonacci", "camarilla"], ...]] = ("fibonacci", "camarilla")
REACH_ATR: Final = 20.0
"""Computed levels further from the price than this are left out."""


@dataclass(frozen=True, slots=True)
class Structure:
    """Levels outward from the price, reference levels ascending, the newest swings first, and what pivots are of."""

    supports: tuple[Level, ...]
    resistances: tuple[Level, ...]
    reference: tuple[Level, ...]
    swing_lows: tuple[float, ...]
    swing_highs: tuple[float, ...]
    pivot_period: str | None


def find(
    times: Times,
    opens: Values,
    highs: Values,
    lows: Values,
    closes: Values,
    volumes: Values,
    until_ms: int,
    price: float,
    atr: float | None,
    tick: Decimal,
) -> Structure:
    """The levels about `price` from a symbol's candles (arrays `[candles]`, oldest first) closed by `until_ms`."""
    recent = slice(-LEVEL_CANDLES, None)
    found = levels.swings(highs[recent], lows[recent], volumes=volumes[recent])
    period = levels.pivot_period(times, opens, highs, lows, closes, until_ms)
    stretches = [levels.last_period(times, opens, highs, lows, closes, until_ms, week=week) for week in (False, True)]
    nodes = levels.volume_nodes(highs[recent], lows[recent], volumes[recent], (atr or 0.0) / 2)
    merged = _merged(found, period, [s for s in stretches if s], nodes, atr, tick)
    below = [level for level in reversed(merged) if level.price < price]
    above = [level for level in merged if level.price > price]
    mean = levels.ema(closes, 20)
    return Structure(
        tuple(below[:LEVELS_KEPT]),
        tuple(above[:LEVELS_KEPT]),
        _reference(period, price, float(mean[-1]) if len(mean) else None, atr, tick),
        _distinct([s.price for s in reversed(found) if s.kind == "low"]),
        _distinct([s.price for s in reversed(found) if s.kind == "high"]),
        period.name if period else None,
    )


def _merged(
    swings: Sequence[Swing],
    period: Period | None,
    stretches: Sequence[Period],
    nodes: Sequence[float],
    atr: float | None,
    tick: Decimal,
) -> list[Level]:
    """Levels ascending; what is closer together than a quarter ATR is one of them."""
    named: dict[float, str] = {}
    if period:
        p = levels.pivots(period.high, period.low, period.close)
        named |= {_on_tick(p.pivot, tick): "pivot"}
        named |= {_on_tick(price, tick): f"pivot R{i + 1}" for i, price in enumerate(p.resistances)}
        named |= {_on_tick(price, tick): f"pivot S{i + 1}" for i, price in enumerate(p.supports)}
    named |= {_on_tick(price, tick): "volume node" for price in nodes}
    for stretch in stretches:
        sides = (("high", stretch.high), ("low", stretch.low), ("close", stretch.close))
        named |= {price: f"{stretch.name}'s {side}" for side, price in sides}
    prices = list(named)
    for swing in swings:
        named[swing.price] = f"swing {swing.kind}{' on volume' if swing.heavy else ''}"
        prices.append(swing.price)
    groups = levels.merge(prices, (atr or 0.0) / 4)
    return [Level(price=price, source=named[price], touches=count) for price, count in groups]


def _reference(
    period: Period | None, price: float, mean: float | None, atr: float | None, tick: Decimal
) -> tuple[Level, ...]:
    if not atr:
        return ()
    named: dict[str, float] = {}
    if period:
        for formula in FORMULAS:
            p = levels.pivots(period.high, period.low, period.close, formula)
            label = formula.capitalize()
            named |= {f"{label} R{i + 1}": at for i, at in enumerate(p.resistances)}
            named |= {f"{label} S{i + 1}": at for i, at in enumerate(p.supports)}
    if mean is not None:
        named |= levels.atr_bands(mean, atr)
    named |= {f"round number {number:.12g}": number for number in levels.round_numbers(price, atr)}
    near = {name: _on_tick(at, tick) for name, at in named.items() if at > 0 and abs(at - price) <= REACH_ATR * atr}
    return tuple(Level(price=at, source=name) for name, at in sorted(near.items(), key=lambda item: item[1]))


def _distinct(prices: Sequence[float]) -> tuple[float, ...]:
    return tuple(dict.fromkeys(prices))[:LEVELS_KEPT]


def _on_tick(price: float, tick: Decimal) -> float:
    return price if tick <= 0 else float(round(to_decimal(price) / tick) * tick)
