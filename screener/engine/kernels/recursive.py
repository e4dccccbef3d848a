"""Averages, totals and events that remember all candles since they started.

They share one rule: an unknown input changes nothing, and makes this candle's output unknown.
"""

import numpy as np

from .codes import MAX_SINCE
from .signature import FLOAT, INT, ROW, TABLE, WORDS, kernel

ONE = np.uint64(1)


@kernel(ROW, ROW, TABLE, INT, INT, FLOAT, INT, INT, result=INT)
def smooth(o, x, rows, at, n, alpha, symbols, seeded):
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
    waiting = np.int64(0)
    for j in range(o.size):
        v, e, c = x[j], value[j], count[j]
        known = v == v
        seeding = known and c < n
        c = c + 1.0 if seeding else c
        total = e + v
        total = total / n if c == n else total
        after = total if seeding else e + alpha * (v - e)
        value[j] = after if known else e
        count[j] = c
        o[j] = after if (known and c == n) else np.nan
    for j in range(symbols):
        waiting += np.int64(count[j] < n)
    return symbols if waiting == 0 else 0


@kernel(ROW, ROW, TABLE, INT)
def running_sum(o, x, rows, at):
    total = rows[at]
    for j in range(o.size):
        v = x[j]
        s = total[j] + v
        o[j] = s if abs(s) < np.inf else np.nan
        total[j] = s if s == s else total[j]


@kernel(ROW, ROW, WORDS, WORDS, TABLE, INT)
def running_sum_since(o, x, t, f, rows, at):
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


@kernel(INT, ROW, ROW, WORDS, WORDS, TABLE, INT)
def extreme_since(op, o, x, t, f, rows, at):
    """Highest or lowest since the last candle where the condition was true, this one included.

    The first row holds the extreme, NaN while no value is known since; the second is NaN before the first event.
    """
    best, begun = rows[at], rows[at + 1]
    top = op == MAX_SINCE
    for w in range(t.size):
        yes, no = t[w], f[w]
        for b in range(64):
            j = w * 64 + b
            start = (yes >> np.uint64(b)) & ONE != 0
            known = start or (no >> np.uint64(b)) & ONE != 0
            if start:
                best[j] = np.nan
                begun[j] = 1.0
            v, e = x[j], best[j]
            if known and begun[j] == 1.0 and v == v:
                better = e != e or (v > e if top else v < e)
                best[j] = v if better else e
                o[j] = best[j]
            else:
                o[j] = np.nan


@kernel(ROW, WORDS, WORDS, TABLE, INT)
def candles_since(o, t, f, rows, at):
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
def value_when(o, x, t, f, rows, at, k):
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


@kernel(ROW, ROW, ROW, ROW, ROW, TABLE, INT, FLOAT, FLOAT)
def adaptive(o, x, before, move, path, rows, at, fast, slow):
    """Kaufman's average: the smoothing factor lies between `slow` and `fast`, by how straight the path is.

    It starts from the value of the candle before. No movement at all counts as no direction.
    """
    average = rows[at]
    for j in range(o.size):
        ratio = move[j] / path[j] if path[j] > 0.0 else path[j]
        alpha = (ratio * (fast - slow) + slow) ** 2
        from_ = average[j] if average[j] == average[j] else before[j]
        v = from_ + alpha * (x[j] - from_)
        v = v if abs(v) < np.inf else np.nan
        o[j] = v
        average[j] = v if v == v else average[j]


@kernel(ROW, ROW, ROW, ROW, TABLE, INT, INT)
def trail(o, upper, lower, close, rows, at, direction):
    """A stop that trails the price and changes sides: its line, or its direction (+1 up).

    Rows: both bands of the candle before, and the direction, NaN before the first known candle.
    """
    above, below, side = rows[at], rows[at + 1], rows[at + 2]
    for j in range(o.size):
        u, d, c = upper[j], lower[j], close[j]
        if u != u or d != d or c != c:
            o[j] = np.nan
            continue
        s = side[j]
        if s != s or c > above[j]:
            s = 1.0
        elif c < below[j]:
            s = -1.0
        elif s > 0.0:
            d = max(d, below[j])
        else:
            u = min(u, above[j])
        above[j] = u
        below[j] = d
        side[j] = s
        o[j] = s if direction != 0 else (d if s > 0.0 else u)


@kernel(ROW, ROW, ROW, TABLE, INT, FLOAT, FLOAT)
def parabolic(o, high, low, rows, at, step, limit):
    """Wilder's parabolic stop. Starts on the second known candle: falling where its low fell by more than its
    high rose.

    Rows: the stop of this candle, the extreme reached, the acceleration, the direction (NaN at first), and the
    candle before: high, low.
    """
    stop, extreme, pace, side = rows[at], rows[at + 1], rows[at + 2], rows[at + 3]
    high_before, low_before = rows[at + 4], rows[at + 5]
    for j in range(o.size):
        h, d = high[j], low[j]
        o[j] = np.nan
        if h != h or d != d:
            continue
        hb, db = high_before[j], low_before[j]
        high_before[j] = h
        low_before[j] = d
        if hb != hb:
            continue
        s = side[j]
        if s != s:
            fell = db - d
            s = -1.0 if (fell > 0.0 and fell > h - hb) else 1.0
            extreme[j] = h if s > 0.0 else d
            stop[j] = db if s > 0.0 else hb
            pace[j] = min(step, limit)
            # The candle that starts it takes itself for the one before.
            hb, db = h, d
        at_stop, reached, a = stop[j], extreme[j], pace[j]
        if s > 0.0:
            if d <= at_stop:
                s = -1.0
                at_stop = max(reached, hb, h)
                o[j] = at_stop
                a = min(step, limit)
                reached = d
                at_stop = max(at_stop + a * (reached - at_stop), hb, h)
            else:
                o[j] = at_stop
                if h > reached:
                    reached = h
                    a = min(a + step, limit)
                at_stop = min(at_stop + a * (reached - at_stop), db, d)
        elif h >= at_stop:
            s = 1.0
            at_stop = min(reached, db, d)
            o[j] = at_stop
            a = min(step, limit)
            reached = h
            at_stop = min(at_stop + a * (reached - at_stop), db, d)
        else:
            o[j] = at_stop
            if d < reached:
                reached = d
                a = min(a + step, limit)
            at_stop = max(at_stop + a * (reached - at_stop), hb, h)
        side[j] = s
        stop[j] = at_stop
        extreme[j] = reached
        pace[j] = a
