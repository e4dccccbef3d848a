"""Constant folding: the value of an operator on constants, with the engine's meaning."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from screener.errors import ConstantError
from screener.ops import Param

_BINARY: Final[dict[str, Callable[[float, float], float | bool]]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "floordiv": lambda a, b: float(a // b),
    "mod": lambda a, b: a % b,
    "min": min,
    "max": max,
    "nz": lambda a, _: a,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "and": lambda a, b: bool(a) and bool(b),
    "or": lambda a, b: bool(a) or bool(b),
}

_UNARY: Final[dict[str, Callable[[float], float | bool]]] = {
    "neg": lambda a: -a,
    "abs": abs,
    "sqrt": math.sqrt,
    "log": math.log,
    "exp": math.exp,
    "round": lambda a: float(round(a)),
    "sign": lambda a: float((a > 0) - (a < 0)),
    "na": lambda _: False,
    "not": lambda a: not a,
}

_SAME: Final = frozenset({"shift", "rmean", "rmax", "rmin", "ema", "rma", "within", "always"})
_IDENTITY_AT_ONE: Final = frozenset({"rsum", "rmean", "rmax", "rmin", "ema", "rma", "within", "always"})


IDENTITIES: Final = frozenset({"shift", *_IDENTITY_AT_ONE})
"""Operators that may return their argument, see `is_identity_window`."""


def fold_constant(op: str, values: Sequence[float | bool], params: Sequence[Param]) -> float | bool | None:
    """The value of `op` on constant `values`, or None where it depends on the candle.

    Raises ConstantError where the engine would yield unknown (division by zero, logarithm of zero, overflow).
    """
    try:
        if op in _BINARY:
            result: float | bool = _BINARY[op](values[0], values[1])
        elif op in _UNARY and len(values) == 1:
            result = _UNARY[op](values[0])
        elif op == "pow":
            raised = float(values[0]) ** float(params[0])
            if isinstance(raised, complex):
                raise ConstantError("the root of a negative number has no value")
            result = raised
        elif op in _SAME:
            result = values[0]
        elif op in ("stdev", "rmad", "argmax", "argmin"):
            result = 0.0
        elif op in ("rsum", "count"):
            result = float(values[0]) * float(params[0])
        else:
            return None
    except ZeroDivisionError:
        raise ConstantError("division by zero") from None
    except OverflowError:
        raise ConstantError("the result is too large") from None
    except ValueError as error:
        if isinstance(error, ConstantError):
            raise
        raise ConstantError("the logarithm or root of this number has no value") from None
    if not math.isfinite(result):
        raise ConstantError("the result is not a finite number")
    return result


def is_identity_window(op: str, params: Sequence[Param]) -> bool:
    """Whether the operator returns its first argument: a shift by 0, a window or average over one candle."""
    return (op == "shift" and params[0] == 0) or (op in _IDENTITY_AT_ONE and params[0] == 1)
