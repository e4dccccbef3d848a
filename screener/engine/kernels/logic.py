"""Three-valued logic in bitsets, 64 symbols a word.

A boolean is two rows of words: `t` has a bit where it is known true, `f` where it is known false; neither
bit is unknown.
"""

import numpy as np

from .codes import (
    AND,
    EQ,
    EQ_CONST,
    GE_CONST,
    GT_CONST,
    LE,
    LE_CONST,
    LT,
    LT_CONST,
    NE,
    NE_CONST,
    NEB,
    NOT,
    OR,
    WHEREB,
)  # fmt: skip
from .signature import BITS, FLOAT, INT, ROW, WORDS, kernel

ONE = np.uint64(1)
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@kernel(INT, WORDS, WORDS, ROW, ROW)
def compare(op, t, f, x, y):
    """`x op y`, unknown where either side is."""
    for w in range(t.size):
        a = x[w * 64 : w * 64 + 64]
        b = y[w * 64 : w * 64 + 64]
        yes = np.uint64(0)
        no = np.uint64(0)
        if op == LT:
            for j in range(64):
                yes |= np.uint64(a[j] < b[j]) << np.uint64(j)
                no |= np.uint64(a[j] >= b[j]) << np.uint64(j)
        elif op == LE:
            for j in range(64):
                yes |= np.uint64(a[j] <= b[j]) << np.uint64(j)
                no |= np.uint64(a[j] > b[j]) << np.uint64(j)
        elif op in (EQ, NE):
            for j in range(64):
                yes |= np.uint64(a[j] == b[j]) << np.uint64(j)
                no |= np.uint64((a[j] < b[j]) | (a[j] > b[j])) << np.uint64(j)
        if op == NE:
            t[w] = no
            f[w] = yes
        else:
            t[w] = yes
            f[w] = no


@kernel(INT, WORDS, WORDS, ROW, FLOAT)
def compare_constant(op, t, f, x, c):
    """`x op c`, unknown where `x` is."""
    for w in range(t.size):
        a = x[w * 64 : w * 64 + 64]
        yes = np.uint64(0)
        no = np.uint64(0)
        if op in (LT_CONST, GE_CONST):
            for j in range(64):
                yes |= np.uint64(a[j] < c) << np.uint64(j)
                no |= np.uint64(a[j] >= c) << np.uint64(j)
        elif op in (LE_CONST, GT_CONST):
            for j in range(64):
                yes |= np.uint64(a[j] <= c) << np.uint64(j)
                no |= np.uint64(a[j] > c) << np.uint64(j)
        elif op in (EQ_CONST, NE_CONST):
            for j in range(64):
                yes |= np.uint64(a[j] == c) << np.uint64(j)
                no |= np.uint64((a[j] < c) | (a[j] > c)) << np.uint64(j)
        if op in (GE_CONST, GT_CONST, NE_CONST):
            t[w] = no
            f[w] = yes
        else:
            t[w] = yes
            f[w] = no


@kernel(WORDS, WORDS, ROW)
def is_unknown(t, f, x):
    """True where `x` is unknown; always known itself."""
    for w in range(t.size):
        a = x[w * 64 : w * 64 + 64]
        yes = np.uint64(0)
        for j in range(64):
            yes |= np.uint64(a[j] != a[j]) << np.uint64(j)
        t[w] = yes
        f[w] = ~yes


@kernel(WORDS, WORDS, FLOAT)
def spread_bits(t, f, value):
    """True for every symbol, or false for every one."""
    yes = ALL if value != 0.0 else np.uint64(0)
    for w in range(t.size):
        t[w] = yes
        f[w] = ~yes


@kernel(INT, BITS, BITS, INT, INT, INT, INT)
def connect(op, T, F, o, a, b, c):
    """Operators on booleans alone, by row; `b if a else c` is unknown where its condition is."""
    for w in range(T.shape[1]):
        at, af, bt, bf = T[a, w], F[a, w], T[b, w], F[b, w]
        if op == AND:
            yes, no = at & bt, af | bf
        elif op == OR:
            yes, no = at | bt, af & bf
        elif op == NOT:
            yes, no = af, at
        elif op == WHEREB:
            yes, no = (at & bt) | (af & T[c, w]), (at & bf) | (af & F[c, w])
        else:
            yes, no = (at & bt) | (af & bf), (at & bf) | (af & bt)
        T[o, w] = no if op == NEB else yes
        F[o, w] = yes if op == NEB else no


@kernel(ROW, WORDS, WORDS, ROW, ROW)
def where(o, ct, cf, x, y):
    """`x if c else y` for numbers; unknown where the condition is."""
    for w in range(ct.size):
        yes, no = ct[w], cf[w]
        a = x[w * 64 : w * 64 + 64]
        b = y[w * 64 : w * 64 + 64]
        r = o[w * 64 : w * 64 + 64]
        for j in range(64):
            v = a[j] if (yes >> np.uint64(j)) & ONE != 0 else np.nan
            r[j] = b[j] if (no >> np.uint64(j)) & ONE != 0 else v


@kernel(ROW, WORDS, WORDS)
def as_number(o, t, f):
    """1 for true, 0 for false, NaN for unknown."""
    for w in range(t.size):
        yes, no = t[w], f[w]
        r = o[w * 64 : w * 64 + 64]
        for j in range(64):
            v = 0.0 if (no >> np.uint64(j)) & ONE != 0 else np.nan
            r[j] = 1.0 if (yes >> np.uint64(j)) & ONE != 0 else v
