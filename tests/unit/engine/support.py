"""Market data with gaps, programs by hand, and a slow obvious interpreter to compare the engine with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from screener.engine.panel import Panel
from screener.engine.replay import Candles
from screener.intervals import interval_ms, open_of
from screener.ir import Condition, Graph, Node, Program

END = 1_700_006_400_000 // 86_400_000 * 86_400_000
FIELDS = ("open", "high", "low", "close", "volume", "buy_volume")


def program(graph: Graph, match: int, base: str = "5m", conditions: Sequence[Condition] = ()) -> Program:
    return Program(
        base, tuple(graph.nodes), match, None, None, None, None, tuple(conditions), (), str(match), (base,),
        {}, 0, "", "",
    )  # fmt: skip


def market(
    seed: int = 0,
    symbols: int = 5,
    candles: int = 150,
    intervals: Sequence[str] = ("5m", "15m", "1h"),
    gaps: float = 0.03,
    end: int = END,
) -> Candles:
    """Random walks up to `end`, one for each interval, with candles missing here and there."""
    rng = np.random.default_rng(seed)
    series = {}
    for interval in intervals:
        step = interval_ms(interval)
        last = open_of(end, interval)
        opens = np.arange(last - candles * step, last, step)
        close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (candles, symbols)), axis=0))
        start = np.vstack([close[:1], close[:-1]])
        high = np.maximum(start, close) * (1 + rng.uniform(0, 0.004, close.shape))
        low = np.minimum(start, close) * (1 - rng.uniform(0, 0.004, close.shape))
        volume = rng.lognormal(5, 1, close.shape)
        fields = dict(zip(FIELDS, (start, high, low, close, volume, volume * 0.4), strict=True))
        missing = rng.random(close.shape) < gaps
        series[interval] = (opens, {k: np.where(missing, np.nan, v) for k, v in fields.items()})
    return Candles(tuple(f"S{i}" for i in range(symbols)), series)


def panel_of(data: Candles, until: int = END, capacity: int = 400) -> Panel:
    panel = Panel(data.symbols, capacity)
    for interval, (opens, fields) in data.series.items():
        held = opens + interval_ms(interval) <= until
        panel.put(interval, slice(None), opens[held], {k: v[held] for k, v in fields.items()})
    return panel


def append_closed(panel: Panel, data: Candles, close_time: int) -> None:
    """Give the panel every candle of `data` that closes exactly at `close_time`."""
    for interval, (opens, fields) in data.series.items():
        at = np.flatnonzero(opens + interval_ms(interval) == close_time)
        if at.size:
            panel.append(interval, int(opens[at[0]]), {k: v[at[0]] for k, v in fields.items()})


def cut(data: Candles, candles: int) -> Candles:
    """The newest `candles` of every interval."""
    series = {i: (t[-candles:], {k: v[-candles:] for k, v in f.items()}) for i, (t, f) in data.series.items()}
    return Candles(data.symbols, series)


def head(data: Candles, until: int) -> Candles:
    """The candles that closed at or before `until`."""
    series = {}
    for interval, (opens, fields) in data.series.items():
        held = opens + interval_ms(interval) <= until
        series[interval] = (opens[held], {k: v[held] for k, v in fields.items()})
    return Candles(data.symbols, series)


# --- the slow interpreter: one Python number at a time, booleans as 1.0, 0.0 and NaN


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan


def _known(f: Callable[..., float]) -> Callable[..., float]:
    def g(*args: float) -> float:
        if any(math.isnan(a) for a in args):
            return math.nan
        try:
            return _finite(float(f(*args)))
        except (ZeroDivisionError, ValueError, OverflowError):
            return math.nan

    return g


def _power(x: float, p: float) -> float:
    result = x**p
    return math.nan if isinstance(result, complex) else result


def _and(a: float, b: float) -> float:
    if 0.0 in (a, b):
        return 0.0
    return math.nan if math.isnan(a) or math.isnan(b) else 1.0


def _not(a: float) -> float:
    return 1.0 - a


def _or(a: float, b: float) -> float:
    return _not(_and(_not(a), _not(b)))


def _where(c: float, a: float, b: float) -> float:
    return math.nan if math.isnan(c) else (a if c else b)


POINTWISE: dict[str, Callable[..., float]] = {
    "add": _known(lambda a, b: a + b),
    "sub": _known(lambda a, b: a - b),
    "mul": _known(lambda a, b: a * b),
    "div": _known(lambda a, b: a / b),
    "floordiv": _known(lambda a, b: a // b),
    "mod": _known(lambda a, b: a % b),
    "min": _known(min),
    "max": _known(max),
    "neg": _known(lambda a: -a),
    "abs": _known(abs),
    "sqrt": _known(math.sqrt),
    "log": _known(math.log),
    "exp": _known(math.exp),
    "round": _known(round),
    "sign": _known(lambda a: (a > 0) - (a < 0)),
    "nz": lambda a, d: d if math.isnan(a) else a,
    "na": lambda a: float(math.isnan(a)),
    "lt": _known(lambda a, b: a < b),
    "le": _known(lambda a, b: a <= b),
    "eq": _known(lambda a, b: a == b),
    "ne": _known(lambda a, b: a != b),
    "and": _and,
    "or": _or,
    "not": _not,
    "where": _where,
    "whereb": _where,
}


def _any(window: Sequence[float]) -> float:
    value = 0.0
    for w in window:
        value = _or(value, w)
    return value


WINDOWS: dict[str, Callable[[Sequence[float]], float]] = {
    "rsum": lambda w: float(np.sum(w)),
    "rmax": lambda w: float(np.max(w)),
    "rmin": lambda w: float(np.min(w)),
    "stdev": lambda w: float(np.std(w)),
    "count": lambda w: float(np.sum(w)),
    "within": _any,
    "always": lambda w: _not(_any([_not(v) for v in w])),
}


def _smooth(x: Sequence[float], n: int, alpha: float) -> list[float]:
    seed: list[float] = []
    out = []
    average = math.nan
    for v in x:
        if math.isnan(v):
            out.append(math.nan)
            continue
        if len(seed) < n:
            seed.append(v)
            if len(seed) == n:
                average = sum(seed) / n
        else:
            average += alpha * (v - average)
        out.append(average)
    return out


def column(node: Node, args: Sequence[Sequence[float]]) -> list[float]:
    """One symbol's values of a node over the candles of its interval."""
    n = int(node.params[0]) if node.params and not isinstance(node.params[0], str) else 0
    x = args[0]
    if node.op in POINTWISE:
        return [POINTWISE[node.op](*values) for values in zip(*args, strict=True)]
    if node.op == "pow":
        return [_known(lambda v: _power(v, float(node.params[0])))(v) for v in x]
    if node.op == "shift":
        return [math.nan] * min(n, len(x)) + list(x[: len(x) - n])
    if node.op in WINDOWS:
        padded = [math.nan] * (n - 1) + list(x)
        return [WINDOWS[node.op](padded[i : i + n]) for i in range(len(x))]
    if node.op in ("ema", "rma"):
        return _smooth(x, n, 2 / (n + 1) if node.op == "ema" else 1 / n)
    out: list[float] = []
    total = math.nan if node.op != "cumsum" else 0.0
    events: list[float] = []
    for i, v in enumerate(x):
        if node.op == "cumsum":
            total = total if math.isnan(v) else total + v
            out.append(math.nan if math.isnan(v) else total)
        elif node.op == "cumsum_since":
            b = args[1][i]
            if b == 1.0:
                total = 0.0
            if not math.isnan(b) and not math.isnan(v):
                total += v
            out.append(math.nan if math.isnan(b) or math.isnan(v) else total)
        elif node.op == "barssince":
            total = 0.0 if v == 1.0 else total + 1
            out.append(math.nan if math.isnan(v) else total)
        elif node.op == "valuewhen":
            if v == 1.0:
                events.insert(0, args[1][i])
            out.append(math.nan if math.isnan(v) or len(events) <= n else events[n])
        else:
            raise AssertionError(node.op)
    return out


class Reference:
    """Values of all nodes on their own interval's grid, a missing candle before the first of a higher one."""

    def __init__(self, nodes: Sequence[Node], data: Candles, base: str) -> None:
        self.data, self.base = data, base
        self.size = len(data.symbols)
        self.opens = {}
        for interval, (opens, _) in data.series.items():
            step = interval_ms(interval)
            first = int(opens[0]) - (0 if interval == base else step)
            self.opens[interval] = np.arange(first, int(opens[-1]) + 1, step)
        self.nodes = nodes
        self.found: list[np.ndarray] = []
        for node in nodes:
            self.found.append(self._value(node))

    def on(self, ident: int, interval: str) -> np.ndarray:
        """A node's values as seen after each candle of `interval`."""
        node, values = self.nodes[ident], self.found[ident]
        closes = self.opens[interval] + interval_ms(interval)
        if node.op == "const":
            return np.tile(values, (len(closes), 1))
        # What is made of constants alone has no interval of its own; it may count candles all the same.
        own = node.interval or self.base
        at = np.searchsorted(self.opens[own] + interval_ms(own), closes, side="right") - 1
        return np.where(at[:, None] < 0, np.nan, values[np.maximum(at, 0)])

    def _value(self, node: Node) -> np.ndarray:
        if node.op == "const":
            return np.full((1, self.size), float(node.params[0]))
        interval = node.interval or self.base
        opens = self.opens[interval]
        if node.op == "src":
            field, _, symbol = node.params
            out = np.full((len(opens), self.size), np.nan)
            times, fields = self.data.series[interval]
            if field == "sell_volume":
                values = fields["volume"] - fields["buy_volume"]
            else:
                values = fields.get(str(field), np.full((len(times), self.size), np.nan))
            out[np.searchsorted(opens, times)] = values
            if symbol:
                k = self.data.find(str(symbol))
                return np.tile(out[:, [k]] if k >= 0 else np.full((len(opens), 1), np.nan), (1, self.size))
            return out
        if node.op == "first":
            return np.tile([[float(open_of(int(t), str(node.params[0])) == t)] for t in opens], (1, self.size))
        args = [self.on(a, interval) for a in node.args]
        return np.column_stack([column(node, [a[:, s].tolist() for a in args]) for s in range(self.size)])
