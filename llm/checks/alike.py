"""Whether two comparisons say the same, the opposite, or neither: by what they answer, however they are written.

Both are worked out on the same made-up values of what they compare: every indicator and every series is a name with
values of its own, near each other and near the numbers beside them. So `close / ta.ema(close, 20) > 1.02` is
`close > 1.02 * ta.ema(close, 20)`, and `close < 0.98 * x` is not its opposite.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final, Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from llm.checks.syntax import constant

Values = NDArray[np.float64]
Alike = Literal["same", "opposite", "other"]

COUNT: Final = 768
_SEED: Final = 5
_SPREADS: Final = (0.004, 0.03, 0.3, 1.0)
_RARE: Final = 0.004
AT_ENTRY: Final[Mapping[str, float]] = {
    "close": 100.0, "trade.price": 100.0, "open": 100.0, "high": 100.4, "low": 99.6,
}  # fmt: skip
ALL_ONE: Final[Mapping[str, float]] = dict.fromkeys(AT_ENTRY, 100.0)
ENTRY_LOW: Final = 99.8
ENTRY_HIGH: Final = 100.2
"""Between these a price is that of the entry."""
_PRICE_WORDS: Final = (
    "open high low close volume quote_volume trades buy_volume sell_volume hl2 hlc3 ohlc4 ema sma wma hma dema tema"
    " kama vwma rma vwap highest lowest upper lower mid middle atr true_range price"
)
_PRICES: Final = frozenset(_PRICE_WORDS.split())
_WORKED_OUT: Final[dict[type[ast.operator], Callable[[Values, Values], Values]]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide,
}  # fmt: skip


def alike(low: ast.expr, high: ast.expr, other_low: ast.expr, other_high: ast.expr) -> Alike:
    """How `low < high` is to `other_low < other_high`."""
    sides = (low, high, other_low, other_high)
    numbers = tuple(sorted({value for side in sides for value in _numbers(side)}))[:24]
    with np.errstate(all="ignore"):
        values = [_worked_out(side, numbers) for side in sides]
        one, two = values[0] < values[1], values[2] < values[3]
    share = float(one.mean())
    if not _RARE < share < 1 - _RARE:
        return "other"
    equal = float((one == two).mean())
    return "same" if equal > 1 - _RARE else "opposite" if equal < _RARE else "other"


def worth(node: ast.expr, prices: Mapping[str, float] = AT_ENTRY) -> float | None:
    """A stop or target as a price, where those of the entry's candle are `prices` and its ATR is 1; None where it is
    made of anything else."""
    value = constant(node)
    if value is not None:
        return value
    match node:
        case ast.BinOp() if type(node.op) in _WORKED_OUT:
            left, right = worth(node.left, prices), worth(node.right, prices)
            if left is None or right is None or (right == 0 and isinstance(node.op, ast.Div)):
                return None
            return float(_WORKED_OUT[type(node.op)](np.array(left), np.array(right)))
        case ast.Call(func=ast.Attribute(value=ast.Name(id="trade")), args=[inner]):
            return worth(inner, prices)
        case ast.Call(func=ast.Attribute(attr="atr")):
            return 1.0
        case ast.Call(func=ast.Name(id="highest" | "lowest" as name), args=[series, _]):
            inner_price = worth(series, prices)
            return None if inner_price is None else inner_price + (0.5 if name == "highest" else -0.5)
    return prices.get(ast.unparse(node))


def _numbers(node: ast.expr) -> Iterator[float]:
    """The numbers outside of calls."""
    value = constant(node)
    if value is not None:
        yield value
    elif not isinstance(node, ast.Call | ast.Subscript):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from _numbers(child)


def _worked_out(node: ast.expr, numbers: tuple[float, ...]) -> Values:
    value = constant(node)
    if value is not None:
        return np.full(COUNT, value)
    match node:
        case ast.BinOp() if type(node.op) in _WORKED_OUT:
            return _WORKED_OUT[type(node.op)](_worked_out(node.left, numbers), _worked_out(node.right, numbers))
        case ast.UnaryOp(op=ast.USub()):
            return -_worked_out(node.operand, numbers)
        case ast.Call(func=ast.Name(id="abs"), args=[inner]):
            return np.abs(_worked_out(inner, numbers))
        case ast.Call(func=ast.Name(id="min" | "max" as name), args=[first, second]):
            best = np.minimum if name == "min" else np.maximum
            return best(_worked_out(first, numbers), _worked_out(second, numbers))
        case ast.Call(func=ast.Name(id="pct_change" | "change" as name), args=[series, count]):
            now, before = _worked_out(series, numbers), _worked_out(_before(series, count), numbers)
            return now - before if name == "change" else (now / before - 1) * 100
    return _named(ast.unparse(node), numbers)


def _before(series: ast.expr, count: ast.expr) -> ast.expr:
    return ast.Subscript(series, count, ast.Load())


@lru_cache(maxsize=512)
def _named(name: str, numbers: tuple[float, ...]) -> Values:
    """Made-up values of what is called `name`: near one of `numbers`, or near the other names' values."""
    shared = np.random.default_rng(_SEED)
    around = shared.choice(np.array([1.0, 100.0, *numbers]), COUNT)
    spread = shared.choice(np.array(_SPREADS), COUNT)
    own = np.random.default_rng(crc32(name.encode()))
    values = np.where(around == 0, own.normal(0, 1, COUNT), around * np.exp(own.normal(0, 1, COUNT) * spread))
    words = set(ast.unparse(_head(ast.parse(name, mode="eval").body)).rpartition(".")[2].split())
    return np.abs(values) + 1e-9 if words & _PRICES else values


def _head(node: ast.expr) -> ast.expr:
    """What names an expression: `sma` of `ta.sma(close, 20)[1]`."""
    while isinstance(node, ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node
