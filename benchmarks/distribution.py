"""Strategies as people write them, drawn at random: what the benchmarks compile, step and replay.

1. `_Draw.condition` draws one of fourteen kinds of condition with the usual periods and thresholds; `wild` takes any
   period from 2 to 250 and any threshold, so that strategies share next to nothing.
2. `_Draw.strategy` joins three to five of them, 70 of 100 on one interval, the others on any of four.
3. The base interval is the finest that a strategy reads; all others are written with `tf`.
"""

from __future__ import annotations

import random
from typing import Final

INTERVALS: Final = ("1m", "5m", "15m", "1h")
PERIODS: Final = (7, 9, 12, 14, 20, 21, 26, 50, 100, 200)
_PERIOD_WEIGHTS: Final = (4, 8, 5, 10, 14, 8, 4, 14, 5, 10)
_KINDS: Final = {
    "rsi": 18, "cross": 14, "average": 14, "bbands": 8, "macd": 6, "macd_cross": 6, "adx": 7,
    "volume": 8, "breakout": 5, "stoch": 5, "atr": 3, "vwap": 3, "obv": 2, "change": 4,
}  # fmt: skip


class _Draw:
    def __init__(self, seed: int, wild: bool) -> None:
        self.rng = random.Random(seed)
        self.wild = wild

    def period(self) -> int:
        if self.wild:
            return self.rng.randint(2, 250)
        return self.rng.choices(PERIODS, _PERIOD_WEIGHTS)[0]

    def usual(self, usual: tuple[float, ...], weights: tuple[int, ...], low: float, high: float) -> str:
        """A constant: one of the usual ones, or in the wild any between `low` and `high`."""
        if self.wild:
            return f"{self.rng.uniform(low, high):.4g}"
        return f"{self.rng.choices(usual, weights)[0]:g}"

    def length(self, usual: tuple[int, ...], weights: tuple[int, ...], high: int = 250) -> int:
        return self.rng.randint(2, high) if self.wild else self.rng.choices(usual, weights)[0]

    def macd(self) -> str:
        if not self.wild:
            return "12, 26, 9"
        return f"{self.rng.randint(5, 20)}, {self.rng.randint(21, 60)}, {self.rng.randint(3, 15)}"

    def condition(self, scope: str, series: str) -> tuple[str, str]:
        """What is bounded by a constant (or the whole text), and the text. `scope` is `ta` or such as `tf("1h")`, and
        `series` what stands before a bare series: nothing, or such as `tf("1h").`"""
        rng = self.rng
        kind = rng.choices(tuple(_KINDS), tuple(_KINDS.values()))[0]
        low = rng.random() < 0.5
        sign = "<" if low else ">"
        close, volume = f"{series}close", f"{series}volume"
        side = "crossover" if low else "crossunder"
        if kind == "rsi":
            x = f"{scope}.rsi(close, {self.length((7, 9, 14, 21), (1, 1, 7, 1))})"
            low_levels, high_levels = (20, 25, 30, 35, 40, 45), (80, 75, 70, 65, 60, 50)
            k = self.usual(low_levels if low else high_levels, (2, 2, 8, 2, 2, 1 if low else 3), 10, 90)
            return x, f"{x} {sign} {k}"
        if kind == "cross":
            fast, slow = sorted((self.period(), self.period()))
            if fast == slow:
                fast, slow = (fast, slow + 1) if self.wild else (9, 21)
            name = rng.choice(("ema", "ema", "sma"))
            text = f"{side}({scope}.{name}(close, {fast}), {scope}.{name}(close, {slow}))"
            return text, text
        if kind == "average":
            name, n = rng.choice(("ema", "sma")), self.period()
            text = f"{close} {sign} {scope}.{name}(close, {n})"
            if rng.random() < 0.5:
                while (other := self.period()) == n:
                    pass
                text = f"{scope}.{name}(close, {n}) {sign} {scope}.{name}(close, {other})"
            return text, text
        if kind == "bbands":
            n, k = self.length((20, 14, 50), (8, 1, 1)), self.usual((2, 2.5, 3, 1.5), (7, 1, 1, 1), 1, 3)
            text = f"{close} {sign} {scope}.bbands(close, {n}, {k}).{'lower' if low else 'upper'}"
            return text, text
        if kind == "macd":
            x = f"{scope}.macd(close, {self.macd()}).hist"
            return x, f"{x} {sign} 0"
        if kind == "macd_cross":
            x = f"{scope}.macd(close, {self.macd()})"
            return x, f"{side}({x}.macd, {x}.signal)"
        if kind == "adx":
            # Two Wilder averages: a longer one would look back further than the language allows.
            x = f"{scope}.adx({self.length((14,), (1,), 100)}).adx"
            return x, f"{x} > {self.usual((20, 25, 30), (1, 2, 1), 10, 50)}"
        if kind == "volume":
            k, n = self.usual((1.5, 2, 3), (1, 1, 1), 1, 4), self.length((14, 20, 50), (1, 2, 1))
            text = f"{volume} > {k} * {scope}.sma(volume, {n})"
            return text, text
        if kind == "breakout":
            x = f"lowest({series}low" if low else f"highest({series}high"
            text = f"{close} {sign} {x}, {self.period()})[1]"
            return text, text
        if kind == "stoch":
            x = f"{scope}.stoch({self.length((14,), (1,))}, 3, 3).k"
            return x, f"{x} {sign} {self.usual((20 if low else 80,), (1,), 5, 95)}"
        if kind == "atr":
            x = f"{scope}.atr({self.length((14,), (1,))}) / {close}"
            return x, f"{x} > {self.usual((0.005, 0.01, 0.02, 0.03), (1, 1, 1, 1), 0, 0.05)}"
        if kind == "vwap":
            text = f"{close} {sign} {scope}.vwap()"
            return text, text
        if kind == "obv":
            text = f"{scope}.obv() > {scope}.sma({scope}.obv(), {self.length((20,), (1,))})"
            return text, text
        n = rng.randint(1, 60) if self.wild else rng.choice((1, 3, 5, 10, 20))
        x = f"pct_change({close}, {n})"
        return x, f"{x} {sign} {'-' if low else ''}{self.usual((1, 2, 3, 5), (1, 1, 1, 1), 0.2, 9)}"

    def strategy(self) -> tuple[str, str]:
        """A base interval and a filter's text."""
        rng = self.rng
        count = rng.choices((3, 4, 5), (5, 3, 2))[0]
        usual = rng.choices(INTERVALS, (3, 3, 3, 2))[0]
        intervals = [usual if rng.random() < 0.7 else rng.choice(INTERVALS) for _ in range(count)]
        base = min(intervals, key=INTERVALS.index)
        bounded: set[str] = set()
        parts: list[str] = []
        for interval in intervals:
            scope, series = ("ta", "") if interval == base else (f'tf("{interval}")', f'tf("{interval}").')
            subject, text = self.condition(scope, series)
            while subject in bounded:
                # Bounded twice it may well never hold, and that is an error.
                subject, text = self.condition(scope, series)
            bounded.add(subject)
            parts.append(f"not ({text})" if rng.random() < 0.05 else text)
        if count > 3 and rng.random() < 0.15:
            parts = [f"({parts[0]} or {parts[1]})", *parts[2:]]
        return base, "match = " + " and ".join(parts)


def strategies(count: int, seed: int, wild: bool = False) -> list[tuple[str, str]]:
    """`count` strategies as (base interval, filter text), always the same ones for a `seed`."""
    draw = _Draw(seed, wild)
    return [draw.strategy() for _ in range(count)]
