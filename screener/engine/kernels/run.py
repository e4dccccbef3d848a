"""The interpreter: one function that steps all cells over a list of candle closes.

1. Events come in the order of their close, the coarsest interval first where several close together, so
   that a candle which closes at T is seen at T.
2. An event runs the instructions of its interval only, operands before their users, those of one kind in one call.
   A cell is a ring of rows; an operand names a cell and a lag, so a value of some candles ago costs nothing.
3. After an event the booleans watched on its interval are screened (`screen_row`), and the rows asked for are
   copied out.

Screening passes the events of one close; replay passes thousands. Nothing else differs between them.
"""

import numpy as np
from numba import float64, uint64

from . import codes as K
from .arith import binary, copy, spread, unary, with_constant
from .logic import as_number, compare, compare_constant, connect, is_unknown, spread_bits, where
from .market import across, breadth
from .recursive import (
    adaptive,
    candles_since,
    extreme_since,
    parabolic,
    running_sum,
    running_sum_since,
    smooth,
    trail,
    value_when,
)
from .signature import BITS, CODE, INT, INT_TABLE, INTS, ROW, TABLE, WORDS, kernel
from .windows import age, deviation, merge, mix, percent_rank


@kernel(CODE, INTS, INT, INT, result=INT)
def row_of(cells, now, cell, lag):
    """The row that holds a cell's value `lag` candles of its interval ago."""
    length = cells[cell, K.LENGTH]
    if length == 1:
        return cells[cell, K.START]
    return cells[cell, K.START] + (now[cells[cell, K.INTERVAL]] - lag) % length


@kernel(CODE, INTS, TABLE, INTS, INTS, float64[:, :, ::1], INT)
def copy_rows(cells, now, table, which, lags, out, at):
    for m in range(which.size):
        row = row_of(cells, now, which[m], lags[m])
        for j in range(table.shape[1]):
            out[m, at, j] = table[row, j]


@kernel(CODE, INTS, BITS, INTS, INTS, uint64[:, :, ::1], INT)
def copy_words(cells, now, table, which, lags, out, at):
    for m in range(which.size):
        row = row_of(cells, now, which[m], lags[m])
        for w in range(table.shape[1]):
            out[m, at, w] = table[row, w]


@kernel(uint64, result=INT)
def bit_count(bits):
    """How many bits of a word are set."""
    bits = bits - ((bits >> np.uint64(1)) & np.uint64(0x5555555555555555))
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel(WORDS, WORDS, WORDS, WORDS, WORDS)
def screen_row(true, false, new, memory, rising):
    """Rising edges of one boolean on the symbols screened now (`new`).

    `memory` holds the symbols whose last screened candle was known false; a symbol that is not screened keeps
    its bit.
    """
    for w in range(true.size):
        here = new[w]
        rising[w] = true[w] & here & memory[w]
        memory[w] = (memory[w] & ~here) | (false[w] & here)


@kernel(INT, INTS, INT, INT, CODE, TABLE, CODE, INTS, TABLE)
def numbers_of_numbers(op, order, begin, end, code, par, cells, now, V):
    """Numbers from numbers, without memory."""
    for i in range(begin, end):
        k = order[i]
        o = V[row_of(cells, now, code[k, K.OUT], 0)]
        x = V[row_of(cells, now, code[k, K.A], code[k, K.A_LAG])]
        if op <= K.NZ:
            binary(op, o, x, V[row_of(cells, now, code[k, K.B], code[k, K.B_LAG])])
        elif op <= K.CONST_DIV:
            with_constant(op, o, x, par[k, 0])
        else:
            unary(op, o, x, par[k, 0])


@kernel(INT, INTS, INT, INT, CODE, TABLE, CODE, INTS, TABLE)
def windows_of_numbers(op, order, begin, end, code, par, cells, now, V):
    """Windows joined from windows, and windows that are scanned."""
    for i in range(begin, end):
        k = order[i]
        o = V[row_of(cells, now, code[k, K.OUT], 0)]
        x = V[row_of(cells, now, code[k, K.A], code[k, K.A_LAG])]
        if op == K.DEVIATION:
            cell = code[k, K.B]
            deviation(o, x, V, cells[cell], now[cells[cell, K.INTERVAL]] - code[k, K.B_LAG], code[k, K.N])
            continue
        if op == K.PERCENTRANK:
            cell = code[k, K.A]
            percent_rank(o, V, cells[cell], now[cells[cell, K.INTERVAL]] - code[k, K.A_LAG], code[k, K.N])
            continue
        y = V[row_of(cells, now, code[k, K.B], code[k, K.B_LAG])]
        if op == K.MIX:
            mix(o, x, y, par[k, 0], par[k, 1], par[k, 2])
            continue
        z = V[row_of(cells, now, code[k, K.C], code[k, K.C_LAG])]
        u = V[row_of(cells, now, code[k, K.D], code[k, K.D_LAG])]
        if op == K.MERGE:
            merge(o, x, y, z, u, par[k, 0], par[k, 1], par[k, 2])
        else:
            age(op, o, x, y, z, u, par[k, 0])


@kernel(INT, INTS, INT, INT, CODE, TABLE, CODE, INTS, TABLE, TABLE, INTS, INT)
def numbers_with_memory(op, order, begin, end, code, par, cells, now, V, S, ready, symbols):
    """Averages, totals and stops that read numbers alone."""
    for i in range(begin, end):
        k = order[i]
        at, n = code[k, K.STATE], code[k, K.N]
        o = V[row_of(cells, now, code[k, K.OUT], 0)]
        x = V[row_of(cells, now, code[k, K.A], code[k, K.A_LAG])]
        if op == K.SMOOTH:
            ready[k] = smooth(o, x, S, at, n, par[k, 0], symbols, ready[k])
            continue
        if op == K.CUMSUM:
            running_sum(o, x, S, at)
            continue
        y = V[row_of(cells, now, code[k, K.B], code[k, K.B_LAG])]
        if op == K.PSAR:
            parabolic(o, x, y, S, at, par[k, 0], par[k, 1])
            continue
        z = V[row_of(cells, now, code[k, K.C], code[k, K.C_LAG])]
        if op == K.TRAIL:
            trail(o, x, y, z, S, at, n)
        else:
            u = V[row_of(cells, now, code[k, K.D], code[k, K.D_LAG])]
            adaptive(o, x, y, z, u, S, at, par[k, 0], par[k, 1])


@kernel(INT, INTS, INT, INT, CODE, TABLE, CODE, INTS, TABLE, BITS, BITS)
def booleans_of_numbers(op, order, begin, end, code, par, cells, now, V, T, F):
    """Comparisons."""
    for i in range(begin, end):
        k = order[i]
        out = row_of(cells, now, code[k, K.OUT], 0)
        x = V[row_of(cells, now, code[k, K.A], code[k, K.A_LAG])]
        if op <= K.NE:
            compare(op, T[out], F[out], x, V[row_of(cells, now, code[k, K.B], code[k, K.B_LAG])])
        elif op <= K.NE_CONST:
            compare_constant(op, T[out], F[out], x, par[k, 0])
        else:
            is_unknown(T[out], F[out], x)


@kernel(INT, INTS, INT, INT, CODE, CODE, CODE, INTS, BITS, BITS)
def booleans_of_booleans(op, order, begin, end, code, lists, cells, now, T, F):
    """Logic."""
    for i in range(begin, end):
        k = order[i]
        out = row_of(cells, now, code[k, K.OUT], 0)
        if op == K.ALL:
            at = code[k, K.STATE]
            part = row_of(cells, now, lists[at, 0], lists[at, 1])
            for w in range(T.shape[1]):
                T[out, w] = T[part, w]
                F[out, w] = F[part, w]
            for m in range(at + 1, at + code[k, K.N]):
                part = row_of(cells, now, lists[m, 0], lists[m, 1])
                for w in range(T.shape[1]):
                    T[out, w] &= T[part, w]
                    F[out, w] |= F[part, w]
            continue
        a = row_of(cells, now, code[k, K.A], code[k, K.A_LAG])
        b = row_of(cells, now, code[k, K.B], code[k, K.B_LAG])
        c = row_of(cells, now, code[k, K.C], code[k, K.C_LAG]) if op == K.WHEREB else b
        connect(op, T, F, out, a, b, c)


@kernel(INT, INTS, INT, INT, CODE, CODE, INTS, TABLE, BITS, BITS, TABLE, INT)
def numbers_of_booleans(op, order, begin, end, code, cells, now, V, T, F, S, symbols):
    """Numbers from booleans, and from both: the boolean is operand C, a second one operand D."""
    for i in range(begin, end):
        k = order[i]
        at = code[k, K.STATE]
        o = V[row_of(cells, now, code[k, K.OUT], 0)]
        c = row_of(cells, now, code[k, K.C], code[k, K.C_LAG])
        t, f = T[c], F[c]
        if op == K.NUMBER:
            as_number(o, t, f)
            continue
        if op == K.BARSSINCE:
            candles_since(o, t, f, S, at)
            continue
        if op == K.BREADTH:
            breadth(o, t, f, T[row_of(cells, now, code[k, K.D], code[k, K.D_LAG])], symbols)
            continue
        x = V[row_of(cells, now, code[k, K.A], code[k, K.A_LAG])]
        if op == K.WHERE:
            where(o, t, f, x, V[row_of(cells, now, code[k, K.B], code[k, K.B_LAG])])
        elif op == K.CUMSUM_SINCE:
            running_sum_since(o, x, t, f, S, at)
        elif op in (K.MAX_SINCE, K.MIN_SINCE):
            extreme_since(op, o, x, t, f, S, at)
        elif op == K.VALUEWHEN:
            value_when(o, x, t, f, S, at, code[k, K.N])
        else:
            across(op, o, x, t, symbols)


@kernel(INT, INTS, INT, INT, CODE, CODE, INTS, INT, TABLE, BITS, BITS, TABLE, INTS, ROW, INTS)
def sources(op, order, begin, end, code, cells, now, candle, V, T, F, X, x_first, H, h_first):
    """Series of candles, and scalars of the host."""
    for i in range(begin, end):
        k = order[i]
        slot = code[k, K.SLOT]
        row = row_of(cells, now, code[k, K.OUT], 0)
        if op == K.SRC:
            copy(V[row], X[x_first[slot] + candle])
        elif op == K.SRC_SYMBOL:
            n = code[k, K.N]
            spread(V[row], X[x_first[slot] + candle, n] if n >= 0 else np.nan)
        elif op == K.HOST_NUM:
            spread(V[row], H[h_first[slot] + candle])
        else:
            spread_bits(T[row], F[row], H[h_first[slot] + candle])


@kernel(
    CODE, CODE, TABLE, INTS, INTS, INTS, CODE, INT,  # code, lists, parameters, ready, order, first, cells, symbols
    TABLE, BITS, BITS, TABLE,  # values, known true, known false, state
    INTS, INTS, INTS, INTS, INTS, INTS,  # now; event: interval, candle in the block, number, close, output row
    TABLE, INTS, ROW, INTS,  # source block and first row of each slot, host scalars and first of each slot
    INTS, INTS, float64[:, :, ::1], INTS, INTS, uint64[:, :, ::1], uint64[:, :, ::1],  # cells to copy out
    INTS, INTS, INTS, INTS, INTS, BITS, INT_TABLE, BITS, INTS,  # watched booleans and the edges found
    result=INT,
)  # fmt: skip
def run(
    code, lists, par, ready, order, first, cells, symbols, V, T, F, S,
    now, event_interval, event_candle, event_number, event_close, event_out, X, x_first, H, h_first,
    numbers, number_lags, out_numbers, booleans, boolean_lags, out_true, out_false,
    price_slot, watch_first, watched, watched_lag, until, memory, found, found_bits, count,
):  # fmt: skip
    """Step the events; returns how many were done, fewer than asked for where `found` has no room for more edges.

    `found` rows are (watch, event, word), `found_bits` their bits, `count` their number; with no rows, edges only
    move the memory.
    """
    words = T.shape[1]
    new = np.empty(words, dtype=np.uint64)
    old = np.empty(words, dtype=np.uint64)
    rising = np.empty(words, dtype=np.uint64)
    for e in range(event_interval.size):
        interval = event_interval[e]
        candle = event_candle[e]
        watches = watch_first[interval + 1] - watch_first[interval]
        if found.shape[0] > 0 and count[0] + watches * words > found.shape[0]:
            return e
        now[interval] = event_number[e]
        begin, last = first[interval], first[interval + 1]
        while begin < last:
            # Instructions of one kind stand together, so that one call does them all.
            op = code[order[begin], K.OP]
            end = begin + 1
            while end < last and code[order[end], K.OP] == op:
                end += 1
            if op <= K.HOST_BOOL:
                sources(op, order, begin, end, code, cells, now, candle, V, T, F, X, x_first, H, h_first)
            elif op <= K.ROOT_MEAN:
                numbers_of_numbers(op, order, begin, end, code, par, cells, now, V)
            elif op <= K.NA:
                booleans_of_numbers(op, order, begin, end, code, par, cells, now, V, T, F)
            elif op <= K.ALL:
                booleans_of_booleans(op, order, begin, end, code, lists, cells, now, T, F)
            elif op <= K.PERCENTRANK:
                windows_of_numbers(op, order, begin, end, code, par, cells, now, V)
            elif op <= K.KAMA:
                numbers_with_memory(op, order, begin, end, code, par, cells, now, V, S, ready, symbols)
            else:
                numbers_of_booleans(op, order, begin, end, code, cells, now, V, T, F, S, symbols)
            begin = end
        if watches > 0:
            is_unknown(old, new, X[x_first[price_slot[interval]] + candle])
            for m in range(watch_first[interval], watch_first[interval + 1]):
                if event_close[e] > until[m]:
                    continue
                row = row_of(cells, now, watched[m], watched_lag[m])
                screen_row(T[row], F[row], new, memory[m], rising)
                if found.shape[0] > 0:
                    for w in range(words):
                        if rising[w] != 0:
                            found[count[0], 0] = m
                            found[count[0], 1] = e
                            found[count[0], 2] = w
                            found_bits[count[0], 0] = rising[w]
                            count[0] += 1
        row = event_out[e]
        if row >= 0:
            copy_rows(cells, now, V, numbers, number_lags, out_numbers, row)
            copy_words(cells, now, T, booleans, boolean_lags, out_true, row)
            copy_words(cells, now, F, booleans, boolean_lags, out_false, row)
    return event_interval.size


@kernel(CODE, INTS, BITS, BITS, INTS, INTS, INTS, INTS, INT, INT, WORDS, WORDS, BITS, BITS, BITS, INTS)
def screen(
    cells, now, T, F, rows, roots, lags, screened, close, again, present, unseen, memory, rising, matching, unknown
):
    """Screen strategies (`rows` of the tables `roots`, `memory`, `rising`) on one close.

    A strategy not yet screened at `close` looks at all symbols present. Where its base was screened on this close
    before (`again`), a strategy that took part looks only at those `unseen` then. One that was screened later than
    this, elsewhere, reports nothing. `matching[i]` and `unknown[i]` belong to the i-th of `rows`.
    """
    words = present.size
    edge = np.empty(words, dtype=np.uint64)
    for i in range(rows.size):
        s = rows[i]
        row = row_of(cells, now, roots[s], lags[s])
        t, f = T[row], F[row]
        known = np.int64(0)
        for w in range(words):
            matching[i, w] = t[w] & present[w]
            bits = (t[w] | f[w]) & present[w]
            known += bit_count(bits)
        unknown[i] = known
        if screened[s] < close:
            screen_row(t, f, present, memory[s], rising[s])
        elif screened[s] == close and again != 0:
            screen_row(t, f, unseen, memory[s], edge)
            for w in range(words):
                rising[s, w] |= edge[w]
        else:
            screen_row(t, f, present, memory[s], rising[s])
            for w in range(words):
                rising[s, w] = np.uint64(0)


@kernel(BITS, INT_TABLE, result=INT)
def scatter(words, out):
    """(row, symbol) of every bit set, in order; returns their number. `out` must have room."""
    count = 0
    for i in range(words.shape[0]):
        for w in range(words.shape[1]):
            bits = words[i, w]
            while bits != 0:
                low = bits & (~bits + np.uint64(1))
                out[count, 0] = i
                out[count, 1] = w * 64 + bit_count(low - np.uint64(1))
                count += 1
                bits ^= low
    return count


@kernel(INT_TABLE, BITS, INT, INTS, INTS, INT_TABLE, result=INT)
def expand(found, bits, count, order, closes, out):
    """Edges as rows (watch, close, symbol) of the first `count` rows that `run` found; `order` gives the watches' own
    numbers, `closes` the events' closes. Returns their number."""
    done = 0
    for r in range(count):
        word = bits[r, 0]
        watch, close, base = order[found[r, 0]], closes[found[r, 1]], found[r, 2] * 64
        while word != 0:
            low = word & (~word + np.uint64(1))
            out[done, 0] = watch
            out[done, 1] = close
            out[done, 2] = base + bit_count(low - np.uint64(1))
            done += 1
            word ^= low
    return done


@kernel(BITS, BITS, BITS, WORDS, BITS)
def edges(true, false, present, memory, rising):
    """Rising edges of one boolean over candles, `[candles, words]`; see `screen_row`."""
    for i in range(true.shape[0]):
        screen_row(true[i], false[i], present[i], memory, rising[i])
