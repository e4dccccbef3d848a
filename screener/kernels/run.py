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
from .arith import binary, unary
from .logic import as_number, compare, equal_bits, is_unknown, kleene_and, where, where_bits
from .recursive import candles_since, running_sum, running_sum_since, smooth, value_when
from .signature import BITS, INT, INT_TABLE, INTS, ROW, TABLE, WORDS, kernel
from .windows import rolling_bits, rolling_extreme, rolling_stdev, rolling_sum, shift, shift_bits

ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


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
    size = V.shape[1]
    words = T.shape[1]
    for e in range(event_interval.size):
        interval = event_interval[e]
        candle = event_candle[e]
        for i in range(first[interval], first[interval + 1]):
            k = order[i]
            op, d, a, b, c = code[k, K.OP], code[k, K.DST], code[k, K.A], code[k, K.B], code[k, K.C]
            n, fs, bs = code[k, K.N], code[k, K.FLOATS], code[k, K.BITS]
            if op == K.SRC:
                o, x = V[d], X[x_first[code[k, K.SLOT]] + candle]
                for j in range(size):
                    o[j] = x[j]
            elif op == K.SRC_SYMBOL:
                o = V[d]
                v = X[x_first[code[k, K.SLOT]] + candle, n] if n >= 0 else np.nan
                for j in range(size):
                    o[j] = v
            elif op == K.HOST_NUM:
                o = V[d]
                v = H[h_first[code[k, K.SLOT]] + candle]
                for j in range(size):
                    o[j] = v
            elif op == K.HOST_BOOL:
                yes = H[h_first[code[k, K.SLOT]] + candle] != 0.0
                for w in range(words):
                    T[d, w] = ALL if yes else np.uint64(0)
                    F[d, w] = np.uint64(0) if yes else ALL
            elif op <= K.NZ:
                binary(op, V[d], V[a], V[b])
            elif op <= K.POW:
                unary(op, V[d], V[a], par[k])
            elif op <= K.NE:
                compare(op, T[d], F[d], V[a], V[b])
            elif op == K.NA:
                is_unknown(T[d], F[d], V[a])
            elif op == K.AND:
                kleene_and(T[d], F[d], T[a], F[a], T[b], F[b])
            elif op == K.OR:
                kleene_and(F[d], T[d], F[a], T[a], F[b], T[b])
            elif op == K.NOT:
                for w in range(words):
                    T[d, w] = F[a, w]
                    F[d, w] = T[a, w]
            elif op == K.WHERE:
                where(V[d], T[a], F[a], V[b], V[c])
            elif op == K.WHEREB:
                where_bits(T[d], F[d], T[a], F[a], T[b], F[b], T[c], F[c])
            elif op == K.EQB:
                equal_bits(T[d], F[d], T[a], F[a], T[b], F[b])
            elif op == K.NEB:
                equal_bits(F[d], T[d], T[a], F[a], T[b], F[b])
            elif op == K.SHIFT:
                position[k] = shift(V[d], V[a], S[fs : fs + n], n, position[k])
            elif op == K.SHIFTB:
                position[k] = shift_bits(
                    T[d], F[d], T[a], F[a], ST[bs : bs + n], SF[bs : bs + n], n, position[k]
                )
            elif op == K.RSUM:
                position[k] = rolling_sum(V[d], V[a], S[fs : fs + n + 1], n, position[k])
            elif op == K.RMAX or op == K.RMIN:
                position[k] = rolling_extreme(op, V[d], V[a], S[fs : fs + n + 1], n, position[k])
            elif op == K.STDEV:
                position[k] = rolling_stdev(V[d], V[a], S[fs : fs + 2 * n + 2], n, position[k])
            elif op == K.COUNT:
                as_number(S[fs + n + 1], T[a], F[a])
                position[k] = rolling_sum(V[d], S[fs + n + 1], S[fs : fs + n + 1], n, position[k])
            elif op == K.WITHIN or op == K.ALWAYS:
                position[k] = rolling_bits(
                    op, T[d], F[d], T[a], F[a], ST[bs : bs + n + 1], SF[bs : bs + n + 1], n, position[k]
                )
            elif op == K.SMOOTH:
                position[k] = smooth(V[d], V[a], S[fs], S[fs + 1], n, par[k], symbols, position[k])
            elif op == K.CUMSUM:
                running_sum(V[d], V[a], S[fs])
            elif op == K.CUMSUM_SINCE:
                running_sum_since(V[d], V[a], T[b], F[b], S[fs])
            elif op == K.BARSSINCE:
                candles_since(V[d], T[a], F[a], S[fs])
            elif op == K.VALUEWHEN:
                value_when(V[d], V[b], T[a], F[a], S[fs : fs + n + 1], n)
        row = event_out[e]
        if row >= 0:
            for m in range(numbers.size):
                out_numbers[m, row] = V[numbers[m]]
            for m in range(booleans.size):
                out_true[m, row] = T[booleans[m]]
                out_false[m, row] = F[booleans[m]]


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
