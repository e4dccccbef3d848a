"""Averages and counters that remember all candles since they started.

They share one rule: an unknown input changes nothing, and makes this candle's output unknown.
"""

import numpy as np

from .signature import FLOAT, INT, ROW, TABLE, WORDS, kernel

ONE = np.uint64(1)


@kernel(ROW, ROW, TABLE, INT, INT, FLOAT, INT, INT, result=INT)
def smooth(o, x, rows, at, n, alpha, symbols, seeded):  # type: ignore[no-untyped-def]
    """Exponential average, seeded by the simple mean of the first n known inputs.

    The first row, `value`, holds the sum while seeding, then the average; the second, `count`, the inputs
    known so far, at most n. Returns the number of leading symbols known to be seeded, which the next step
    treats alike.
    """
    value, count = rows[at], rows[at + 1]
    if seeded >= symbols:
        for j in range(o.size):
            e = value[j]
            v = e + alpha * (x[j] - e)
            o[j] = v
            value[j] = v if v == v else e
        return seeded
    ready = symbols
    for j in range(o.size):
        v = x[j]
        if v != v:
            o[j] = np.nan
        elif count[j] >= n:
            value[j] += alpha * (v - value[j])
            o[j] = value[j]
        else:
            value[j] += v
            count[j] += 1.0
            o[j] = np.nan
            if count[j] == n:
                value[j] /= n
                o[j] = value[j]
        if j < symbols and count[j] < n:
            ready = min(ready, 0)
    return ready


@kernel(ROW, ROW, TABLE, INT)
def running_sum(o, x, rows, at):  # type: ignore[no-untyped-def]
    total = rows[at]
    for j in range(o.size):
        v = x[j]
        s = total[j] + v
        o[j] = s if abs(s) < np.inf else np.nan
        total[j] = s if s == s else total[j]


@kernel(ROW, ROW, WORDS, WORDS, TABLE, INT)
def running_sum_since(o, x, t, f, rows, at):  # type: ignore[no-untyped-def]
    """Sum since the last candle where the condition was true, this one included; `total` is NaN before the
    first."""
    total = rows[at]
    for w in range(t.size):
        yes, no = t[w], f[w]
        r = o[w * 64 : w * 64 + 64]
        a = x[w * 64 : w * 64 + 64]
        s = total[w * 64 : w * 64 + 64]
        for j in range(64):
            start = (yes >> np.uint64(j)) & ONE != 0
            known = start or (no >> np.uint64(j)) & ONE != 0
            base = 0.0 if start else s[j]
            v = a[j]
            sum_ = base + v
            s[j] = (sum_ if v == v else base) if known else s[j]
            r[j] = sum_ if (known and abs(sum_) < np.inf) else np.nan


@kernel(ROW, WORDS, WORDS, TABLE, INT)
def candles_since(o, t, f, rows, at):  # type: ignore[no-untyped-def]
    """Candles since the condition was last true; `age` is NaN before the first, and counts unknown candles
    too."""
    age = rows[at]
    for w in range(t.size):
        yes, no = t[w], f[w]
        r = o[w * 64 : w * 64 + 64]
        a = age[w * 64 : w * 64 + 64]
        for j in range(64):
            hit = (yes >> np.uint64(j)) & ONE != 0
            v = 0.0 if hit else a[j] + 1.0
            a[j] = v
            r[j] = v if (hit or (no >> np.uint64(j)) & ONE != 0) else np.nan


@kernel(ROW, ROW, WORDS, WORDS, TABLE, INT, INT)
def value_when(o, x, t, f, rows, at, k):  # type: ignore[no-untyped-def]
    """The value at the k-th newest candle where the condition was true, 0 the newest; `ring[0]` is the
    newest."""
    ring = rows[at : at + k + 1]
    for w in range(t.size):
        yes = t[w]
        known = yes | f[w]
        for b in range(64):
            j = w * 64 + b
            if (yes >> np.uint64(b)) & ONE != 0:
                for q in range(k, 0, -1):
                    ring[q, j] = ring[q - 1, j]
                ring[0, j] = x[j]
            o[j] = ring[k, j] if (known >> np.uint64(b)) & ONE != 0 else np.nan
