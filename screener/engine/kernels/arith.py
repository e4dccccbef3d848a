"""Element-wise numbers. Unknown is NaN and spreads; an infinite result becomes unknown.

Every kernel works on rows of one value for each symbol, padded to a multiple of 64.
"""

import numpy as np

from .codes import (
    ABS,
    ADD,
    ADD_CONST,
    CONST_DIV,
    CONST_SUB,
    DIV,
    DIV_CONST,
    EXP,
    FLOORDIV,
    LOG,
    MAX,
    MIN,
    MOD,
    MUL,
    MUL_CONST,
    NEG,
    NZ,
    POW,
    ROOT_MEAN,
    ROUND,
    SIGN,
    SQRT,
    SUB,
    SUB_CONST,
)
from .signature import FLOAT, INT, ROW, kernel


@kernel(ROW, ROW)
def copy(o, x):
    for j in range(o.size):
        o[j] = x[j]


@kernel(ROW, FLOAT)
def spread(o, value):
    """The same value for every symbol."""
    for j in range(o.size):
        o[j] = value


@kernel(ROW)
def finish(o):
    """Turn infinities into unknown."""
    for j in range(o.size):
        v = o[j]
        o[j] = v if abs(v) < np.inf else np.nan


@kernel(INT, ROW, ROW, ROW)
def binary(op, o, x, y):
    """`o = x op y`; floor division and remainder round down, as Python's do; a zero divisor gives
    unknown."""
    n = o.size
    if op == ADD:
        for j in range(n):
            v = x[j] + y[j]
            o[j] = v if abs(v) < np.inf else np.nan
    elif op == SUB:
        for j in range(n):
            v = x[j] - y[j]
            o[j] = v if abs(v) < np.inf else np.nan
    elif op == MUL:
        for j in range(n):
            v = x[j] * y[j]
            o[j] = v if abs(v) < np.inf else np.nan
    elif op == DIV:
        for j in range(n):
            v = x[j] / y[j]
            o[j] = v if abs(v) < np.inf else np.nan
    elif op in (FLOORDIV, MOD):
        for j in range(n):
            a, b = x[j], y[j]
            if a != a or b != b or b == 0.0:
                o[j] = np.nan
            else:
                # From the remainder, as Python does: floor(a / b) is off by one where a / b rounds up.
                r = np.fmod(a, b)
                q = (a - r) / b
                if r != 0.0 and (r < 0.0) != (b < 0.0):
                    r += b
                    q -= 1.0
                o[j] = r if op == MOD else np.floor(q + 0.5)
        finish(o)
    elif op == MIN:
        for j in range(n):
            a, b = x[j], y[j]
            o[j] = a if (a < b or a != a) else b
    elif op == MAX:
        for j in range(n):
            a, b = x[j], y[j]
            o[j] = a if (a > b or a != a) else b
    elif op == NZ:
        for j in range(n):
            a, b = x[j], y[j]
            o[j] = a if a == a else b


@kernel(INT, ROW, ROW, FLOAT)
def with_constant(op, o, x, c):
    """`o = x op c`, or `c op x`."""
    n = o.size
    if op == ADD_CONST:
        for j in range(n):
            v = x[j] + c
            o[j] = v if abs(v) < np.inf else np.nan
    elif op == SUB_CONST:
        for j in range(n):
            v = x[j] - c
            o[j] = v if abs(v) < np.inf else np.nan
    elif op == MUL_CONST:
        for j in range(n):
            v = x[j] * c
            o[j] = v if abs(v) < np.inf else np.nan
    elif op == DIV_CONST:
        for j in range(n):
            v = x[j] / c
            o[j] = v if abs(v) < np.inf else np.nan
    elif op == CONST_SUB:
        for j in range(n):
            v = c - x[j]
            o[j] = v if abs(v) < np.inf else np.nan
    elif op == CONST_DIV:
        for j in range(n):
            v = c / x[j]
            o[j] = v if abs(v) < np.inf else np.nan


@kernel(INT, ROW, ROW, FLOAT)
def unary(op, o, x, p):
    """`o = op(x)`; logarithm of zero or less and root of a negative number are unknown; round goes half to
    even; the root of a mean divides by `p` first."""
    n = o.size
    if op == NEG:
        for j in range(n):
            o[j] = -x[j]
    elif op == ABS:
        for j in range(n):
            o[j] = abs(x[j])
    elif op == SIGN:
        for j in range(n):
            v = x[j]
            o[j] = 1.0 if v > 0.0 else (-1.0 if v < 0.0 else v)
    elif op == SQRT:
        for j in range(n):
            o[j] = np.sqrt(x[j])
    elif op == ROOT_MEAN:
        for j in range(n):
            o[j] = np.sqrt(x[j] / p)
    elif op == LOG:
        for j in range(n):
            v = x[j]
            o[j] = np.log(v) if v > 0.0 else np.nan
    elif op == EXP:
        for j in range(n):
            o[j] = np.exp(x[j])
        finish(o)
    elif op == ROUND:
        for j in range(n):
            o[j] = np.rint(x[j])
    elif op == POW:
        if p == 2.0:
            for j in range(n):
                o[j] = x[j] * x[j]
        else:
            for j in range(n):
                # C gives 1 for anything to the power of zero, unknown included.
                o[j] = x[j] ** p if x[j] == x[j] else np.nan
        finish(o)
