"""Windows over the last n candles, this one included.

A window is kept as two parts. The candles are cut into blocks of n; the running block is folded into one
prefix row, and of the block before there are suffix rows, one for each position. At position p the window
is the prefix joined with suffix p + 1. A full block is turned into suffixes once, n row operations every n
candles. So a step costs the same for every n, sums never subtract (nothing drifts, and a large value
leaves no rounding behind when it goes), and an unknown spreads to exactly the windows that hold it. Rings
start unknown, which makes a window unknown until it is full.

Rows of state: `ring[0:n]` the block, `ring[n]` the prefix; each step returns the next position.
"""

import numpy as np

from .codes import RMAX, WITHIN
from .logic import as_number
from .signature import BITS, INT, ROW, TABLE, WORDS, kernel


@kernel(ROW, ROW, TABLE, INT, INT, INT, result=INT)
def shift(o, x, rows, at, n, p):  # type: ignore[no-untyped-def]
    """The value n candles ago."""
    old = rows[at + p]
    for j in range(o.size):
        v = x[j]
        o[j] = old[j]
        old[j] = v
    return p + 1 if p + 1 < n else 0


@kernel(WORDS, WORDS, WORDS, WORDS, BITS, BITS, INT, INT, INT, result=INT)
def shift_bits(t, f, xt, xf, rows_t, rows_f, at, n, p):  # type: ignore[no-untyped-def]
    ring_t, ring_f = rows_t[at : at + n], rows_f[at : at + n]
    for w in range(t.size):
        a, b = xt[w], xf[w]
        t[w] = ring_t[p, w]
        f[w] = ring_f[p, w]
        ring_t[p, w] = a
        ring_f[p, w] = b
    return p + 1 if p + 1 < n else 0


@kernel(ROW, ROW, TABLE, INT, INT, INT, result=INT)
def rolling_sum(o, x, rows, at, n, p):  # type: ignore[no-untyped-def]
    size = o.size
    ring = rows[at : at + n + 1]
    pre, cell = ring[n], ring[p]
    if p == 0:
        for j in range(size):
            pre[j] = x[j]
    else:
        for j in range(size):
            pre[j] += x[j]
    if p + 1 < n:
        suffix = ring[p + 1]
        for j in range(size):
            cell[j] = x[j]
        for j in range(size):
            v = pre[j] + suffix[j]
            o[j] = v if abs(v) < np.inf else np.nan
        return p + 1
    for j in range(size):
        cell[j] = x[j]
    for j in range(size):
        v = pre[j]
        o[j] = v if abs(v) < np.inf else np.nan
    for q in range(n - 2, -1, -1):
        a, b = ring[q], ring[q + 1]
        for j in range(size):
            a[j] += b[j]
    return 0


@kernel(ROW, WORDS, WORDS, TABLE, INT, INT, INT, result=INT)
def rolling_count(o, t, f, rows, at, n, p):  # type: ignore[no-untyped-def]
    """How often the condition was true; the row after the ring holds it as a number."""
    number = rows[at + n + 1]
    as_number(number, t, f)
    return rolling_sum(o, number, rows, at, n, p)


@kernel(INT, ROW, ROW, TABLE, INT, INT, INT, result=INT)
def rolling_extreme(op, o, x, rows, at, n, p):  # type: ignore[no-untyped-def]
    """Highest or lowest; written so that an unknown on either side wins."""
    size = o.size
    ring = rows[at : at + n + 1]
    pre, cell = ring[n], ring[p]
    top = op == RMAX
    if p == 0:
        for j in range(size):
            pre[j] = x[j]
    elif top:
        for j in range(size):
            a, b = pre[j], x[j]
            pre[j] = a if (a > b or a != a) else b
    else:
        for j in range(size):
            a, b = pre[j], x[j]
            pre[j] = a if (a < b or a != a) else b
    for j in range(size):
        cell[j] = x[j]
    if p + 1 < n:
        suffix = ring[p + 1]
        if top:
            for j in range(size):
                a, b = pre[j], suffix[j]
                o[j] = a if (a > b or a != a) else b
        else:
            for j in range(size):
                a, b = pre[j], suffix[j]
                o[j] = a if (a < b or a != a) else b
        return p + 1
    for j in range(size):
        o[j] = pre[j]
    for q in range(n - 2, -1, -1):
        u, v = ring[q], ring[q + 1]
        if top:
            for j in range(size):
                a, b = u[j], v[j]
                u[j] = a if (a > b or a != a) else b
        else:
            for j in range(size):
                a, b = u[j], v[j]
                u[j] = a if (a < b or a != a) else b
    return 0


@kernel(ROW, ROW, TABLE, INT, INT, INT, result=INT)
def rolling_stdev(o, x, rows, at, n, p):  # type: ignore[no-untyped-def]
    """Population standard deviation by Welford's update within a part and Chan's merge of the two parts.

    Rows: `ring[0:n]` means, `ring[n]` the prefix's mean, `ring[n + 1 : 2n + 1]` sums of squared
    deviations, `ring[2n + 1]` the prefix's.
    """
    size = o.size
    ring = rows[at : at + 2 * n + 2]
    mean, square = ring[n], ring[2 * n + 1]
    if p == 0:
        for j in range(size):
            mean[j] = x[j]
            square[j] = x[j] - x[j]
    else:
        share = 1.0 / (p + 1)
        for j in range(size):
            d = x[j] - mean[j]
            m = mean[j] + d * share
            square[j] += d * (x[j] - m)
            mean[j] = m
    cell = ring[p]
    for j in range(size):
        cell[j] = x[j]
    if p + 1 < n:
        other, spread = ring[p + 1], ring[n + 2 + p]
        cross = (p + 1) * (n - 1 - p) / n
        for j in range(size):
            d = mean[j] - other[j]
            o[j] = np.sqrt((square[j] + spread[j] + d * d * cross) / n)
        return p + 1
    for j in range(size):
        o[j] = np.sqrt(square[j] / n)
    last = ring[2 * n]
    for j in range(size):
        last[j] = x[j] - x[j]
    for q in range(n - 2, -1, -1):
        u, m2 = ring[q], ring[n + 1 + q]
        v, n2 = ring[q + 1], ring[n + 2 + q]
        share = 1.0 / (n - q)
        for j in range(size):
            d = u[j] - v[j]
            m = v[j] + d * share
            m2[j] = n2[j] + d * (u[j] - m)
            u[j] = m
    return 0


@kernel(INT, WORDS, WORDS, WORDS, WORDS, BITS, BITS, INT, INT, INT, result=INT)
def rolling_bits(op, t, f, xt, xf, rows_t, rows_f, at, n, p):  # type: ignore[no-untyped-def]
    """`within` (any of the last n) and `always` (all of them), decided as soon as Kleene's logic
    decides."""
    ring_t, ring_f = rows_t[at : at + n + 1], rows_f[at : at + n + 1]
    if op == WITHIN:
        a, b, ring_a, ring_b, x, y = t, f, ring_t, ring_f, xt, xf
    else:
        a, b, ring_a, ring_b, x, y = f, t, ring_f, ring_t, xf, xt
    # `a` gathers by "or" what decides alone, `b` by "and" what needs the whole window.
    for w in range(t.size):
        if p == 0:
            ring_a[n, w] = x[w]
            ring_b[n, w] = y[w]
        else:
            ring_a[n, w] |= x[w]
            ring_b[n, w] &= y[w]
        ring_a[p, w] = x[w]
        ring_b[p, w] = y[w]
        if p + 1 < n:
            a[w] = ring_a[n, w] | ring_a[p + 1, w]
            b[w] = ring_b[n, w] & ring_b[p + 1, w]
        else:
            a[w] = ring_a[n, w]
            b[w] = ring_b[n, w]
    if p + 1 < n:
        return p + 1
    for q in range(n - 2, -1, -1):
        for w in range(t.size):
            ring_a[q, w] |= ring_a[q + 1, w]
            ring_b[q, w] &= ring_b[q + 1, w]
    return 0
