"""Three-valued logic in bitsets, 64 symbols a word.

A boolean is two rows of words: `t` has a bit where it is known true, `f` where it is known false; neither
bit is unknown.
"""

import numpy as np

from .codes import EQ, LE, LT, NE
from .signature import INT, ROW, WORDS, kernel

ONE = np.uint64(1)


@kernel(INT, WORDS, WORDS, ROW, ROW)
def compare(op, t, f, x, y):  # type: ignore[no-untyped-def]
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


@kernel(WORDS, WORDS, ROW)
def is_unknown(t, f, x):  # type: ignore[no-untyped-def]
    """True where `x` is unknown; always known itself."""
    for w in range(t.size):
        a = x[w * 64 : w * 64 + 64]
        yes = np.uint64(0)
        for j in range(64):
            yes |= np.uint64(a[j] != a[j]) << np.uint64(j)
        t[w] = yes
        f[w] = ~yes


@kernel(WORDS, WORDS, WORDS, WORDS, WORDS, WORDS)
def kleene_and(t, f, at, af, bt, bf):  # type: ignore[no-untyped-def]
    for w in range(t.size):
        t[w] = at[w] & bt[w]
        f[w] = af[w] | bf[w]


@kernel(WORDS, WORDS, WORDS, WORDS, WORDS, WORDS)
def equal_bits(t, f, at, af, bt, bf):  # type: ignore[no-untyped-def]
    for w in range(t.size):
        t[w] = (at[w] & bt[w]) | (af[w] & bf[w])
        f[w] = (at[w] & bf[w]) | (af[w] & bt[w])


@kernel(WORDS, WORDS, WORDS, WORDS, WORDS, WORDS, WORDS, WORDS)
def where_bits(t, f, ct, cf, at, af, bt, bf):  # type: ignore[no-untyped-def]
    """`a if c else b`; unknown where the condition is."""
    for w in range(t.size):
        t[w] = (ct[w] & at[w]) | (cf[w] & bt[w])
        f[w] = (ct[w] & af[w]) | (cf[w] & bf[w])


@kernel(ROW, WORDS, WORDS, ROW, ROW)
def where(o, ct, cf, x, y):  # type: ignore[no-untyped-def]
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
def as_number(o, t, f):  # type: ignore[no-untyped-def]
    """1 for true, 0 for false, NaN for unknown."""
    for w in range(t.size):
        yes, no = t[w], f[w]
        r = o[w * 64 : w * 64 + 64]
        for j in range(64):
            v = 0.0 if (no >> np.uint64(j)) & ONE != 0 else np.nan
            r[j] = 1.0 if (yes >> np.uint64(j)) & ONE != 0 else v
