"""The primitive operators, one row each. The engine has a kernel per row; indicators are formulas over them.

Params and args, in this order (n is a whole number of candles of the node's own interval):

    src () (field, interval, symbol or "")        const () (value,)
    time () (part, interval, zone)                first () (anchor_interval, interval)
    external () (name:output, interval, symbol, arguments as JSON)
    shift rsum rmean rmax rmin stdev rmad argmax argmin percentrank ema rma (a) (n)
    count within always (b) (n)                   valuewhen (b, x) (k)
    pow (a) (exponent)                            kama (a) (n, fast, slow)
    psar (high, low) (step, limit)                supertrend (upper, lower, close) ("line" or "direction")
    trade_bars trade_price () (what, interval)    at_entry trade_max trade_min (a) (interval)
    cross-section: (x, where)                     all others: args only

Kinds say how far back an operator looks. *finite*: `reach(params)` candles. *fading*: for ever, but after
`reach(params)` candles the seed weighs less than 1e-6. *path*: from the first candle held; the compiler warns.
A *cross* operator reads its argument of all symbols at one moment.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Dtype = Literal["num", "bool"]
Kind = Literal["finite", "fading", "path", "trade"]
Param = float | int | str

SEED_WEIGHT: Final = 1e-6
"""Weight of the seed below which a fading operator counts as settled."""


@dataclass(frozen=True, slots=True)
class Op:
    """An operator. `args` are argument types, `any` for either; `reach` maps the params to candles back;
    `interval_at` is the index of the param that names the interval, where it is not that of the args."""

    name: str
    args: tuple[Literal["num", "bool", "any"], ...]
    dtype: Literal["num", "bool", "any"]
    params: tuple[str, ...] = ()
    kind: Kind = "finite"
    reach: Callable[[Sequence[Param]], int] | None = None
    commutative: bool = False
    cross: bool = False
    interval_at: int | None = None


def _window(params: Sequence[Param]) -> int:
    return int(params[0]) - 1


def _shift(params: Sequence[Param]) -> int:
    return int(params[0])


def fading_reach(alpha: float) -> int:
    """Candles until the seed of an average with smoothing factor `alpha` weighs less than SEED_WEIGHT."""
    return 0 if alpha >= 1.0 else math.ceil(math.log(SEED_WEIGHT) / math.log1p(-alpha))


def _ema(params: Sequence[Param]) -> int:
    return fading_reach(2.0 / (float(params[0]) + 1.0))


def _rma(params: Sequence[Param]) -> int:
    return fading_reach(1.0 / float(params[0]))


def _kama(params: Sequence[Param]) -> int:
    # The slowest it can get, in a market without any trend.
    return int(params[0]) + fading_reach((2.0 / (float(params[2]) + 1.0)) ** 2)


_N1: tuple[Literal["num"], ...] = ("num",)
_N2: tuple[Literal["num"], ...] = ("num", "num")
_N3: tuple[Literal["num"], ...] = ("num", "num", "num")
_B1: tuple[Literal["bool"], ...] = ("bool",)
_B2: tuple[Literal["bool"], ...] = ("bool", "bool")

_WINDOWS: Final = ("rsum", "rmean", "rmax", "rmin", "stdev", "rmad", "argmax", "argmin")

_ROWS: Final[tuple[Op, ...]] = (
    Op("src", (), "num", ("field", "interval", "symbol"), interval_at=1),
    Op("const", (), "any", ("value",)),
    Op("time", (), "num", ("part", "interval", "zone"), interval_at=1),
    Op("first", (), "bool", ("anchor", "interval"), interval_at=1),
    Op("external", (), "num", ("output", "interval", "symbol", "arguments"), kind="path", interval_at=1),
    Op("add", _N2, "num", commutative=True),
    Op("sub", _N2, "num"),
    Op("mul", _N2, "num", commutative=True),
    Op("div", _N2, "num"),
    Op("floordiv", _N2, "num"),
    Op("mod", _N2, "num"),
    Op("min", _N2, "num", commutative=True),
    Op("max", _N2, "num", commutative=True),
    Op("pow", _N1, "num", ("exponent",)),
    *(Op(name, _N1, "num") for name in ("neg", "abs", "sqrt", "log", "exp", "round", "sign")),
    Op("nz", _N2, "num"),
    Op("na", _N1, "bool"),
    Op("lt", _N2, "bool"),
    Op("le", _N2, "bool"),
    Op("eq", _N2, "bool", commutative=True),
    Op("ne", _N2, "bool", commutative=True),
    Op("and", _B2, "bool", commutative=True),
    Op("or", _B2, "bool", commutative=True),
    Op("not", _B1, "bool"),
    Op("where", ("bool", "num", "num"), "num"),
    Op("whereb", ("bool", "bool", "bool"), "bool"),
    Op("shift", ("any",), "any", ("n",), reach=_shift),
    *(Op(name, _N1, "num", ("n",), reach=_window) for name in _WINDOWS),
    Op("percentrank", _N1, "num", ("n",), reach=_shift),
    Op("count", _B1, "num", ("n",), reach=_window),
    Op("within", _B1, "bool", ("n",), reach=_window),
    Op("always", _B1, "bool", ("n",), reach=_window),
    Op("ema", _N1, "num", ("n",), kind="fading", reach=_ema),
    Op("rma", _N1, "num", ("n",), kind="fading", reach=_rma),
    Op("kama", _N1, "num", ("n", "fast", "slow"), kind="fading", reach=_kama),
    Op("psar", _N2, "num", ("step", "limit"), kind="path"),
    Op("supertrend", _N3, "num", ("output",), kind="path"),
    Op("cumsum", _N1, "num", kind="path"),
    Op("cumsum_since", ("num", "bool"), "num", kind="path"),
    Op("rmax_since", ("num", "bool"), "num", kind="path"),
    Op("rmin_since", ("num", "bool"), "num", kind="path"),
    Op("barssince", _B1, "num", kind="path"),
    Op("valuewhen", ("bool", "num"), "num", ("k",), kind="path"),
    *(
        Op(name, ("num", "bool"), "num", cross=True)
        for name in ("rank", "market_percentile", "market_mean", "market_zscore")
    ),
    Op("breadth", ("bool", "bool"), "num", cross=True),
    Op("trade_bars", (), "num", ("what", "interval"), kind="trade", interval_at=1),
    Op("trade_price", (), "num", ("what", "interval"), kind="trade", interval_at=1),
    *(
        Op(name, _N1, "num", ("interval",), kind="trade", interval_at=0)
        for name in ("at_entry", "trade_max", "trade_min")
    ),
)

OPS: Final[dict[str, Op]] = {op.name: op for op in _ROWS}
"""Every operator by name."""

ASSOCIATIVE: Final = frozenset({"and", "or", "min", "max"})
"""Operators whose nesting and repetition do not matter, so that identity ignores both."""
