"""Strategies as people write them, drawn at random: what the benchmarks compile, step and replay.

1. `_Draw.condition` draws one of fourteen kinds of condition with the usual periods and thresholds; `wild` takes any
   period from 2 to 250 and any threshold, so that strategies share next to nothing.
2. `_Draw.strategy` joins three to five of them, 70 of 100 on one interval, the others on any of four.
3. A strategy is drawn as a neutral tree (`Spec`), which the reference evaluates, and written as a filter by `_text`.
   The base interval is the finest that a strategy reads; all others are written with `tf`.
"""

from __future__ import annotations

import random
from typing import Final, NamedTuple

Spec = tuple[object, ...]
"""A condition `(kind, interval, arguments...)` as `_Draw.condition` draws it, or `("not", spec)`, `("or", spec, spec)`,
`("and", spec...)`. `<` and `crossover` are written True, `>` and `crossunder` False."""

INTERVALS: Final = ("1m", "5m", "15m", "1h")
PERIODS: Final = (7, 9, 12, 14, 20, 21, 26, 50, 100, 200)
_PERIOD_WEIGHTS: Final = (4, 8, 5, 10, 14, 8, 4, 14, 5, 10)
_KINDS: Final = {
    "rsi": 18, "cross": 14, "average": 14, "bbands": 8, "macd": 6, "macd_cross": 6, "adx": 7,
    "volume": 8, "breakout": 5, "stoch": 5, "atr": 3, "vwap": 3, "obv": 2, "change": 4,
}  # fmt: skip

# A filter's text for each kind; {ta} is `ta` or such as `tf("1h")`, {s} what stands before a bare series.
_TEXTS: Final = {
    "rsi": "{ta}.rsi(close, {0}) {sign1} {2:g}",
    "cross": "{side3}({ta}.{0}(close, {1}), {ta}.{0}(close, {2}))",
    "average": "{s}close {sign2} {ta}.{0}(close, {1})",
    "averages": "{ta}.{0}(close, {1}) {sign3} {ta}.{0}(close, {2})",
    "bbands": "{s}close {sign2} {ta}.bbands(close, {0}, {1:g}).{band2}",
    "macd": "{ta}.macd(close, {0}, {1}, {2}).hist {sign3} 0",
    "macd_cross": "{side3}({ta}.macd(close, {0}, {1}, {2}).macd, {ta}.macd(close, {0}, {1}, {2}).signal)",
    "adx": "{ta}.adx({0}).adx > {1:g}",
    "volume": "{s}volume > {1:g} * {ta}.sma(volume, {0})",
    "breakout": "{s}close {sign1} {extreme1}, {0})[1]",
    "stoch": "{ta}.stoch({0}, 3, 3).k {sign1} {2:g}",
    "atr": "{ta}.atr({0}) / {s}close > {1:g}",
    "vwap": "{s}close {sign0} {ta}.vwap()",
    "obv": "{ta}.obv() > {ta}.sma({ta}.obv(), {0})",
    "change": "pct_change({s}close, {0}) {sign1} {2:g}",
}


class Drawn(NamedTuple):
    """One strategy: its base interval, the filter's text, and the same as a tree."""

    base: str
    text: str
    spec: Spec


class _Draw:
    def __init__(self, seed: int, wild: bool) -> None:
        self.rng = random.Random(seed)
        self.wild = wild

    def period(self) -> int:
        if self.wild:
            return self.rng.randint(2, 250)
        return self.rng.choices(PERIODS, _PERIOD_WEIGHTS)[0]

    def usual(self, usual: tuple[float, ...], weights: tuple[int, ...], low: float, high: float) -> float:
        """A constant: one of the usual ones, or in the wild any between `low` and `high`."""
        if self.wild:
            return float(f"{self.rng.uniform(low, high):.4g}")
        return float(self.rng.choices(usual, weights)[0])

    def length(self, usual: tuple[int, ...], weights: tuple[int, ...], high: int = 250) -> int:
        return self.rng.randint(2, high) if self.wild else self.rng.choices(usual, weights)[0]

    def macd(self) -> tuple[int, int, int]:
        if not self.wild:
            return 12, 26, 9
        return self.rng.randint(5, 20), self.rng.randint(21, 60), self.rng.randint(3, 15)

    def condition(self, interval: str) -> Spec:
        rng = self.rng
        kind = rng.choices(tuple(_KINDS), tuple(_KINDS.values()))[0]
        low = rng.random() < 0.5
        match kind:
            case "rsi":
                n = self.length((7, 9, 14, 21), (1, 1, 7, 1))
                levels = (20, 25, 30, 35, 40, 45) if low else (80, 75, 70, 65, 60, 50)
                return kind, interval, n, low, self.usual(levels, (2, 2, 8, 2, 2, 1 if low else 3), 10, 90)
            case "cross":
                fast, slow = sorted((self.period(), self.period()))
                if fast == slow:
                    fast, slow = (fast, slow + 1) if self.wild else (9, 21)
                return kind, interval, rng.choice(("ema", "ema", "sma")), fast, slow, low
            case "average":
                name, n = rng.choice(("ema", "sma")), self.period()
                if rng.random() < 0.5:
                    while (other := self.period()) == n:
                        pass
                    return "averages", interval, name, n, other, low
                return kind, interval, name, n, low
            case "bbands":
                n = self.length((20, 14, 50), (8, 1, 1))
                return kind, interval, n, self.usual((2, 2.5, 3, 1.5), (7, 1, 1, 1), 1, 3), low
            case "macd" | "macd_cross":
                return kind, interval, *self.macd(), low
            case "adx":
                # Two Wilder averages: a longer one would look back further than the language allows.
                return kind, interval, self.length((14,), (1,), 100), self.usual((20, 25, 30), (1, 2, 1), 10, 50)
            case "volume":
                k = self.usual((1.5, 2, 3), (1, 1, 1), 1, 4)
                return kind, interval, self.length((14, 20, 50), (1, 2, 1)), k
            case "breakout":
                return kind, interval, self.period(), low
            case "stoch":
                n = self.length((14,), (1,))
                return kind, interval, n, low, self.usual((20 if low else 80,), (1,), 5, 95)
            case "atr":
                return (
                    kind,
                    interval,
                    self.length((14,), (1,)),
                    self.usual((0.005, 0.01, 0.02, 0.03), (1,) * 4, 0, 0.05),
                )
            case "vwap":
                return kind, interval, low
            case "obv":
                return kind, interval, self.length((20,), (1,))
        n = rng.randint(1, 60) if self.wild else rng.choice((1, 3, 5, 10, 20))
        k = self.usual((1, 2, 3, 5), (1, 1, 1, 1), 0.2, 9)
        return "change", interval, n, low, -k if low else k

    def strategy(self) -> Drawn:
        rng = self.rng
        count = rng.choices((3, 4, 5), (5, 3, 2))[0]
        usual = rng.choices(INTERVALS, (3, 3, 3, 2))[0]
        intervals = [usual if rng.random() < 0.7 else rng.choice(INTERVALS) for _ in range(count)]
        base = min(intervals, key=INTERVALS.index)
        bounded: set[Spec] = set()
        parts: list[Spec] = []
        for interval in intervals:
            spec = self.condition(interval)
            while _subject(spec) in bounded:
                # Said twice it may well never hold, and that is an error.
                spec = self.condition(interval)
            bounded.add(_subject(spec))
            parts.append(("not", spec) if rng.random() < 0.05 else spec)
        if count > 3 and rng.random() < 0.15:
            parts = [("or", parts[0], parts[1]), *parts[2:]]
        return Drawn(base, "match = " + " and ".join(_text(p, base) for p in parts), ("and", *parts))


def _subject(spec: Spec) -> Spec:
    """What a condition is about, without side and bound: one filter says something of it once."""
    kind, interval, *a = spec
    match kind:
        case "cross" | "averages":
            return "averages", interval, a[0], frozenset(a[1:3])
        case "macd" | "macd_cross":
            return "macd", interval, *a[:3]
        case "average":
            return kind, interval, *a[:2]
        case "rsi" | "bbands" | "adx" | "breakout" | "stoch" | "atr" | "change":
            return kind, interval, a[0]
        case "vwap":
            return kind, interval
    return spec


def _text(spec: Spec, base: str) -> str:
    match spec:
        case ("not", tuple(inner)):
            return f"not ({_text(inner, base)})"
        case ("or", tuple(one), tuple(other)):
            return f"({_text(one, base)} or {_text(other, base)})"
    kind, interval, *arguments = spec
    scope, series = ("ta", "") if interval == base else (f'tf("{interval}")', f'tf("{interval}").')
    words = {"ta": scope, "s": series}
    for i, low in enumerate(arguments):
        if isinstance(low, bool):
            words[f"sign{i}"] = "<" if low else ">"
            words[f"side{i}"] = "crossover" if low else "crossunder"
            words[f"band{i}"] = "lower" if low else "upper"
            words[f"extreme{i}"] = f"lowest({series}low" if low else f"highest({series}high"
    return _TEXTS[str(kind)].format(*arguments, **words)


def drawn(count: int, seed: int, wild: bool = False) -> list[Drawn]:
    """`count` strategies, always the same ones for a `seed`."""
    draw = _Draw(seed, wild)
    return [draw.strategy() for _ in range(count)]


def strategies(count: int, seed: int, wild: bool = False) -> list[tuple[str, str]]:
    """`count` strategies as (base interval, filter text), always the same ones for a `seed`."""
    return [(d.base, d.text) for d in drawn(count, seed, wild)]
