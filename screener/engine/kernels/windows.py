"""Windows over the last n candles, this one included, joined from two windows side by side.

Lowering (`screener.engine.lower`) cuts a window into parts whose lengths are powers of two. A window of 2m is the
window of m now and the one m candles ago, so each length is one row operation, shared by all windows over
the same input. What a window gives is a function of exactly the values in it, in an order fixed by their
age: nothing is subtracted, so nothing drifts, and history's start leaves no trace.

Sums, extremes and `within` join by the ordinary ADD, MAX, OR; here are the joins that need more.
"""

import numpy as np

from .codes import AGE_MAX, LENGTH, START
from .signature import CODE_ROW, FLOAT, INT, ROW, TABLE, kernel


@kernel(ROW, ROW, ROW, FLOAT, FLOAT, FLOAT)
def mix(o, a, b, scale_a, scale_b, weight):
    """The mean of two windows from their sums or means; exact where all values are equal.

    `scale_a` and `scale_b` turn sums into means (powers of two, so exactly); `weight` is the share of b's candles.
    """
    for j in range(o.size):
        u = a[j] * scale_a
        v = u + (b[j] * scale_b - u) * weight
        o[j] = v if abs(v) < np.inf else np.nan


@kernel(ROW, ROW, ROW, ROW, ROW, FLOAT, FLOAT, FLOAT)
def merge(o, a, b, square_a, square_b, scale_a, scale_b, weight):
    """Sum of squared deviations of two windows together (Chan's formula); `weight` is na nb / (na + nb)."""
    for j in range(o.size):
        d = a[j] * scale_a - b[j] * scale_b
        v = square_a[j] + square_b[j] + d * d * weight
        o[j] = v if abs(v) < np.inf else np.nan


@kernel(INT, ROW, ROW, ROW, ROW, ROW, FLOAT)
def age(op, o, a, b, age_a, age_b, offset):
    """Candles since the extreme of two windows, of which b began `offset` candles earlier; newest on ties."""
    if op == AGE_MAX:
        for j in range(o.size):
            newer = age_a[j] if a[j] >= b[j] else np.nan
            o[j] = age_b[j] + offset if b[j] > a[j] else newer
    else:
        for j in range(o.size):
            newer = age_a[j] if a[j] <= b[j] else np.nan
            o[j] = age_b[j] + offset if b[j] < a[j] else newer


@kernel(ROW, ROW, TABLE, CODE_ROW, INT, INT)
def deviation(o, mean, values, ring, newest, n):
    """Mean absolute deviation of the last n values from `mean`; `ring` is the cell that holds them."""
    start, length = ring[START], ring[LENGTH]
    for j in range(o.size):
        o[j] = 0.0
    for age_ in range(n):
        x = values[start + (newest - age_) % length]
        for j in range(o.size):
            o[j] += abs(x[j] - mean[j])
    for j in range(o.size):
        v = o[j] / n
        o[j] = v if abs(v) < np.inf else np.nan


@kernel(ROW, TABLE, CODE_ROW, INT, INT)
def percent_rank(o, values, ring, newest, n):
    """Percent of the previous n values that are at or below this one."""
    start, length = ring[START], ring[LENGTH]
    now = values[start + newest % length]
    for j in range(o.size):
        o[j] = now[j] - now[j]
    for age_ in range(1, n + 1):
        x = values[start + (newest - age_) % length]
        for j in range(o.size):
            v = x[j]
            o[j] += 1.0 if v <= now[j] else (0.0 if v == v else np.nan)
    for j in range(o.size):
        o[j] = 100.0 * o[j] / n
