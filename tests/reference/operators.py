"""Operators on one symbol's values, candle after candle, as the language document says them.

Each takes the node's params and one list per argument, and returns a list as long. None is unknown. A window is
the slice of the last n values; before n candles there is none, which is as unknown as a missing candle.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

Value = float | bool | None
Params = Sequence[float | int | str]
Operator = Callable[..., list[Value]]


# 1. One candle at a time.


def _number(value: float | complex) -> Value:
    """An infinite or impossible result is unknown."""
    return float(value) if not isinstance(value, complex) and math.isfinite(value) else None


def _known(f: Callable[..., float | complex], boolean: bool = False) -> Operator:
    """`f` where all arguments are known."""

    def one(*values: Value) -> Value:
        if any(v is None for v in values):
            return None
        try:
            result = f(*values)
        except (ZeroDivisionError, ValueError, OverflowError):
            return None
        return bool(result) if boolean else _number(result)

    return _each(one)


def _each(one: Callable[..., Value]) -> Operator:
    return lambda params, *columns: [one(*values) for values in zip(*columns, strict=True)]


def _and(a: Value, b: Value) -> Value:
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def _or(a: Value, b: Value) -> Value:
    if a is True or b is True:
        return True
    return None if a is None or b is None else False


def _choose(cond: Value, yes: Value, no: Value) -> Value:
    return None if cond is None else yes if cond else no


def _power(params: Params, x: list[Value]) -> list[Value]:
    exponent = float(params[0])
    return _known(lambda v: v**exponent)(params, x)


# 2. The last n candles.


def last(x: Sequence[Value], i: int, n: int) -> list[Value]:
    """The n values up to candle `i`, oldest first; None for candles before the first."""
    return [x[j] if j >= 0 else None for j in range(i - n + 1, i + 1)]


def _window(f: Callable[[list[float]], float], more: int = 0) -> Operator:
    """`f` of the last n (and `more`) values where all are known."""

    def operator(params: Params, x: list[Value]) -> list[Value]:
        out: list[Value] = []
        for i in range(len(x)):
            window = last(x, i, int(params[0]) + more)
            if any(v is None for v in window):
                out.append(None)
                continue
            try:
                out.append(_number(f([float(v) for v in window if v is not None])))
            except OverflowError:
                out.append(None)
        return out

    return operator


def mean(w: Sequence[float]) -> float:
    """The mean; of equal values exactly that value."""
    return w[0] if min(w) == max(w) else math.fsum(w) / len(w)


def _stdev(w: list[float]) -> float:
    middle = mean(w)
    return math.sqrt(math.fsum((v - middle) ** 2 for v in w) / len(w))


def _mad(w: list[float]) -> float:
    middle = mean(w)
    return math.fsum(abs(v - middle) for v in w) / len(w)


def _since_extreme(best: Callable[[list[float]], float]) -> Callable[[list[float]], float]:
    def f(w: list[float]) -> float:
        newest_first = w[::-1]
        return float(newest_first.index(best(newest_first)))

    return f


def _percentrank(w: list[float]) -> float:
    *before, this = w
    return 100.0 * sum(v <= this for v in before) / len(before)


def _kleene_window(join: Callable[[Value, Value], Value], start: bool) -> Operator:
    def operator(params: Params, x: list[Value]) -> list[Value]:
        out = []
        for i in range(len(x)):
            value: Value = start
            for v in last(x, i, int(params[0])):
                value = join(value, v)
            out.append(value)
        return out

    return operator


def _shift(params: Params, x: list[Value]) -> list[Value]:
    return [last(x, i, int(params[0]) + 1)[0] for i in range(len(x))]


# 3. Everything since the first candle.


def _average(alpha: Callable[[int], float]) -> Operator:
    """Seeded by the mean of the first n known values; an unknown value is skipped."""

    def operator(params: Params, x: list[Value]) -> list[Value]:
        n = int(params[0])
        seed: list[float] = []
        value = 0.0
        out: list[Value] = []
        for v in x:
            if v is None:
                out.append(None)
                continue
            if len(seed) == n:
                value = value + alpha(n) * (v - value)
            else:
                seed.append(v)
                value = sum(seed) / n
            out.append(_number(value) if len(seed) == n else None)
        return out

    return operator


def _kama(params: Params, x: list[Value]) -> list[Value]:
    n, fast, slow = int(params[0]), float(params[1]), float(params[2])
    k: float | None = None
    out: list[Value] = []
    for i, v in enumerate(x):
        window = [float(w) for w in last(x, i, n + 1) if w is not None]
        if v is None or len(window) < n + 1:
            out.append(None)
            continue
        path = math.fsum(abs(b - a) for a, b in itertools.pairwise(window))
        er = abs(window[-1] - window[0]) / path if path > 0.0 else 0.0
        sc = (er * (2 / (fast + 1) - 2 / (slow + 1)) + 2 / (slow + 1)) ** 2
        k = window[-2] if k is None else k
        k = k + sc * (window[-1] - k)
        out.append(k)
    return out


def _psar(params: Params, high: list[Value], low: list[Value]) -> list[Value]:
    """Wilder's stop and reverse as TA-Lib starts it; a candle that is missing is as if it had never been."""
    step, limit = min(float(params[0]), float(params[1])), float(params[1])
    out: list[Value] = []
    before: tuple[float, float] | None = None
    started = False
    up, stop, extreme, speed = True, 0.0, 0.0, step
    for h, lo in zip(high, low, strict=True):
        if h is None or lo is None:
            out.append(None)
            continue
        if before is None:
            before = (h, lo)
            out.append(None)
            continue
        if not started:
            started = True
            fell = before[1] - lo
            up = not (fell > 0.0 and fell > h - before[0])
            stop, extreme = (before[1], h) if up else (before[0], lo)
            before = (h, lo)
        if (lo <= stop) if up else (h >= stop):
            up = not up
            stop, extreme, speed = _behind(up, extreme, before, (h, lo)), (h if up else lo), step
            out.append(stop)
        else:
            out.append(stop)
            if (h > extreme) if up else (lo < extreme):
                extreme, speed = (h if up else lo), min(limit, speed + step)
        stop = _behind(up, stop + speed * (extreme - stop), before, (h, lo))
        before = (h, lo)
    return out


def _behind(up: bool, stop: float, one: tuple[float, float], other: tuple[float, float]) -> float:
    """The stop stays outside the last two candles."""
    return min(stop, one[1], other[1]) if up else max(stop, one[0], other[0])


def _supertrend(params: Params, upper: list[Value], lower: list[Value], close: list[Value]) -> list[Value]:
    """As in pandas-ta: a close beyond the band of the candle before turns the side; while it does not turn, the band
    of its side never gives way. It begins upwards."""
    out: list[Value] = []
    up = True
    before: tuple[float, float] | None = None
    for top, bottom, c in zip(upper, lower, close, strict=True):
        if top is None or bottom is None or c is None:
            out.append(None)
            continue
        if before is not None:
            if c > before[0]:
                up = True
            elif c < before[1]:
                up = False
            elif up:
                bottom = max(bottom, before[1])
            else:
                top = min(top, before[0])
        before = (top, bottom)
        line = bottom if up else top
        out.append(line if params[0] == "line" else (1.0 if up else -1.0))
    return out


def _cumsum(params: Params, x: list[Value]) -> list[Value]:
    total = 0.0
    out: list[Value] = []
    for v in x:
        total = total if v is None else total + v
        out.append(None if v is None else _number(total))
    return out


def _since(join: Callable[[float, float], float]) -> Operator:
    """Since the condition was last true, that candle included."""

    def operator(params: Params, x: list[Value], cond: list[Value]) -> list[Value]:
        begun, total = False, None
        out: list[Value] = []
        for v, c in zip(x, cond, strict=True):
            if c is True:
                begun, total = True, None
            if c is None or not begun:
                out.append(None)
                continue
            if v is not None:
                total = float(v) if total is None else join(total, v)
            out.append(None if v is None or total is None else _number(total))
        return out

    return operator


def _barssince(params: Params, cond: list[Value]) -> list[Value]:
    since: int | None = None
    out: list[Value] = []
    for c in cond:
        since = 0 if c is True else None if since is None else since + 1
        out.append(None if c is None or since is None else float(since))
    return out


def _valuewhen(params: Params, cond: list[Value], x: list[Value]) -> list[Value]:
    k = int(params[0])
    events: list[Value] = []
    out: list[Value] = []
    for c, v in zip(cond, x, strict=True):
        if c is True:
            events.insert(0, v)
        out.append(events[k] if c is not None and k < len(events) else None)
    return out


OPERATORS: dict[str, Operator] = {
    "add": _known(lambda a, b: a + b),
    "sub": _known(lambda a, b: a - b),
    "mul": _known(lambda a, b: a * b),
    "div": _known(lambda a, b: a / b),
    "floordiv": _known(lambda a, b: a // b),
    "mod": _known(lambda a, b: a % b),
    "min": _known(min),
    "max": _known(max),
    "pow": _power,
    "neg": _known(lambda a: -a),
    "abs": _known(abs),
    "sqrt": _known(math.sqrt),
    "log": _known(math.log),
    "exp": _known(math.exp),
    "round": _known(round),
    "sign": _known(lambda a: (a > 0) - (a < 0)),
    "nz": _each(lambda x, d: d if x is None else x),
    "na": _each(lambda x: x is None),
    "lt": _known(lambda a, b: a < b, boolean=True),
    "le": _known(lambda a, b: a <= b, boolean=True),
    "eq": _known(lambda a, b: a == b, boolean=True),
    "ne": _known(lambda a, b: a != b, boolean=True),
    "and": _each(_and),
    "or": _each(_or),
    "not": _each(lambda a: None if a is None else not a),
    "where": _each(_choose),
    "whereb": _each(_choose),
    "shift": _shift,
    "rsum": _window(math.fsum),
    "rmean": _window(mean),
    "rmax": _window(max),
    "rmin": _window(min),
    "stdev": _window(_stdev),
    "rmad": _window(_mad),
    "argmax": _window(_since_extreme(max)),
    "argmin": _window(_since_extreme(min)),
    "percentrank": _window(_percentrank, more=1),
    "count": _window(math.fsum),
    "within": _kleene_window(_or, False),
    "always": _kleene_window(_and, True),
    "ema": _average(lambda n: 2 / (n + 1)),
    "rma": _average(lambda n: 1 / n),
    "kama": _kama,
    "psar": _psar,
    "supertrend": _supertrend,
    "cumsum": _cumsum,
    "cumsum_since": _since(lambda a, b: a + b),
    "rmax_since": _since(max),
    "rmin_since": _since(min),
    "barssince": _barssince,
    "valuewhen": _valuewhen,
}
