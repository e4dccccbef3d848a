"""The interpreter: one function that steps all nodes over a list of candle closes.

1. Events come in the order of their close, the coarsest interval first where several close together, so
   that a candle which closes at T is seen at T.
2. An event runs the instructions of its interval only, in the order children before parents (`run`).
3. After an event of the base interval, the rows asked for are copied out (`run`); without an output row
   nothing is copied.

Screening passes the events of one close; replay passes thousands. Nothing else differs between them.
"""

import numpy as np
from numba import float64, uint64

from . import codes as K
from .arith import binary, copy, spread, unary
from .logic import compare, connect, is_unknown, spread_bits, where
from .recursive import candles_since, running_sum, running_sum_since, smooth, value_when
from .signature import BITS, INT, INT_TABLE, INTS, ROW, TABLE, WORDS, kernel
from .windows import (
    rolling_bits,
    rolling_count,
    rolling_extreme,
    rolling_stdev,
    rolling_sum,
    shift,
    shift_bits,
)


@kernel(TABLE, INTS, float64[:, :, ::1], INT)
def copy_rows(table, rows, out, at):  # type: ignore[no-untyped-def]
    for m in range(rows.size):
        for j in range(table.shape[1]):
            out[m, at, j] = table[rows[m], j]


@kernel(BITS, INTS, uint64[:, :, ::1], INT)
def copy_words(table, rows, out, at):  # type: ignore[no-untyped-def]
    for m in range(rows.size):
        for w in range(table.shape[1]):
            out[m, at, w] = table[rows[m], w]


@kernel(
    INT_TABLE, ROW, INTS, INTS, INT,  # code, parameters, order and first of each interval, symbols
    TABLE, BITS, BITS,  # values, known true, known false
    TABLE, BITS, BITS, INTS,  # state
    INTS, INTS, INTS,  # event: interval, candle in the block, output row
    TABLE, INTS, ROW, INTS,  # source block and first row of each slot, host scalars and first of each slot
    INTS, float64[:, :, ::1], INTS, uint64[:, :, ::1], uint64[:, :, ::1],  # rows to copy out
)  # fmt: skip
def run(  # type: ignore[no-untyped-def]
    code, par, order, first, symbols, V, T, F, S, ST, SF, position,
    event_interval, event_candle, event_out, X, x_first, H, h_first,
    numbers, out_numbers, booleans, out_true, out_false,
):  # fmt: skip
    for e in range(event_interval.size):
        interval = event_interval[e]
        candle = event_candle[e]
        for i in range(first[interval], first[interval + 1]):
            k = order[i]
            op, n, fs, bs = code[k, K.OP], code[k, K.N], code[k, K.FLOATS], code[k, K.BITS]
            o, x, y = V[code[k, K.NUM]], V[code[k, K.NUM_A]], V[code[k, K.NUM_B]]
            t, f = T[code[k, K.BIT]], F[code[k, K.BIT]]
            at, af = T[code[k, K.BIT_A]], F[code[k, K.BIT_A]]
            bt, bf = T[code[k, K.BIT_B]], F[code[k, K.BIT_B]]
            if op <= K.HOST_BOOL:
                slot = code[k, K.SLOT]
                if op == K.SRC:
                    copy(o, X[x_first[slot] + candle])
                elif op == K.SRC_SYMBOL:
                    spread(o, X[x_first[slot] + candle, n] if n >= 0 else np.nan)
                elif op == K.HOST_NUM:
                    spread(o, H[h_first[slot] + candle])
                else:
                    spread_bits(t, f, H[h_first[slot] + candle])
            elif op <= K.NZ:
                binary(op, o, x, y)
            elif op <= K.POW:
                unary(op, o, x, par[k])
            elif op <= K.NE:
                compare(op, t, f, x, y)
            elif op == K.NA:
                is_unknown(t, f, x)
            elif op <= K.NEB:
                if op == K.WHERE:
                    where(o, at, af, x, y)
                else:
                    connect(op, t, f, at, af, bt, bf, T[code[k, K.BIT_C]], F[code[k, K.BIT_C]])
            elif op <= K.ALWAYS:
                p = position[k]
                if op == K.SHIFT:
                    p = shift(o, x, S, fs, n, p)
                elif op == K.SHIFTB:
                    p = shift_bits(t, f, at, af, ST, SF, bs, n, p)
                elif op == K.RSUM:
                    p = rolling_sum(o, x, S, fs, n, p)
                elif op <= K.RMIN:
                    p = rolling_extreme(op, o, x, S, fs, n, p)
                elif op == K.STDEV:
                    p = rolling_stdev(o, x, S, fs, n, p)
                elif op == K.COUNT:
                    p = rolling_count(o, at, af, S, fs, n, p)
                else:
                    p = rolling_bits(op, t, f, at, af, ST, SF, bs, n, p)
                position[k] = p
            elif op == K.SMOOTH:
                position[k] = smooth(o, x, S, fs, n, par[k], symbols, position[k])
            elif op == K.CUMSUM:
                running_sum(o, x, S, fs)
            elif op == K.CUMSUM_SINCE:
                running_sum_since(o, x, at, af, S, fs)
            elif op == K.BARSSINCE:
                candles_since(o, at, af, S, fs)
            elif op == K.VALUEWHEN:
                value_when(o, x, at, af, S, fs, n)
        row = event_out[e]
        if row >= 0:
            copy_rows(V, numbers, out_numbers, row)
            copy_words(T, booleans, out_true, row)
            copy_words(F, booleans, out_false, row)


@kernel(BITS, BITS, BITS, WORDS, BITS)
def edges(true, false, present, memory, rising):  # type: ignore[no-untyped-def]
    """Rising edges of one boolean over candles, `[candles, words]`.

    `memory` holds the symbols whose last screened candle was known false; a candle that a symbol does not
    have is not screened, and leaves its bit as it was.
    """
    for i in range(true.shape[0]):
        for w in range(true.shape[1]):
            here = present[i, w]
            rising[i, w] = true[i, w] & here & memory[w]
            memory[w] = (memory[w] & ~here) | (false[i, w] & here)
