"""Across the market at one moment: kernels that read all symbols of a row.

A symbol takes part where its value is known and the condition known true. Columns beyond the market's
symbols take no part and get no value.
"""

import numpy as np

from .codes import MEAN, RANK, ZSCORE
from .signature import INT, ROW, WORDS, kernel

ONE = np.uint64(1)


@kernel(INT, ROW, ROW, WORDS, INT)
def across(op, o, x, where_true, symbols):
    """Rank (1 is the largest, ties the smaller number), share at or below, mean, or z-score (population)."""
    for j in range(o.size):
        o[j] = np.nan
    taking = np.empty(symbols, dtype=np.int64)
    count = 0
    for j in range(symbols):
        if x[j] == x[j] and (where_true[j // 64] >> np.uint64(j % 64)) & ONE != 0:
            taking[count] = j
            count += 1
    if count == 0:
        return
    values = np.empty(count)
    for k in range(count):
        values[k] = x[taking[k]]
    if op in (MEAN, ZSCORE):
        mean = values[0]
        square = 0.0
        for k in range(1, count):
            d = values[k] - mean
            mean += d / (k + 1)
            square += d * (values[k] - mean)
        if op == MEAN:
            for j in range(symbols):
                o[j] = mean if abs(mean) < np.inf else np.nan
            return
        spread = np.sqrt(square / count)
        for k in range(count):
            v = (values[k] - mean) / spread
            o[taking[k]] = v if abs(v) < np.inf else np.nan
        return
    order = np.argsort(values)
    first = 0
    while first < count:
        last = first
        while last + 1 < count and values[order[last + 1]] == values[order[first]]:
            last += 1
        for k in range(first, last + 1):
            j = taking[order[k]]
            o[j] = float(count - last) if op == RANK else (last + 1.0) / count
        first = last + 1


@kernel(ROW, WORDS, WORDS, WORDS, INT)
def breadth(o, t, f, where_true, symbols):
    """Share of the symbols that take part on which the condition holds."""
    yes = np.int64(0)
    known = np.int64(0)
    for j in range(symbols):
        w, b = j // 64, np.uint64(j % 64)
        if (where_true[w] >> b) & ONE != 0:
            here = np.int64((t[w] >> b) & ONE)
            yes += here
            known += here + np.int64((f[w] >> b) & ONE)
    for j in range(o.size):
        o[j] = yes / known if known > 0 and j < symbols else np.nan
