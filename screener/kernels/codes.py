"""Instruction numbers and columns of the engine's bytecode.

Numba freezes these as constants when the kernels compile. Numbers are grouped so that the interpreter can
tell the family of an instruction by comparing ranges: sources, element-wise numbers, logic, windows, path
operators.
"""

# Columns of the instruction table, int64 [instructions, COLUMNS].
# A node's number or boolean row, and those of its arguments: numbers in order, booleans in order.
OP, NUM, NUM_A, NUM_B, BIT, BIT_A, BIT_B, BIT_C, N, FLOATS, BITS, SLOT = range(12)
COLUMNS = 12

# Sources: SLOT is the row of the source block, or of the host's scalars.
SRC, SRC_SYMBOL, HOST_NUM, HOST_BOOL = range(4)

# Element-wise numbers.
ADD, SUB, MUL, DIV, FLOORDIV, MOD, MIN, MAX, NZ = range(10, 19)
NEG, ABS, SQRT, LOG, EXP, ROUND, SIGN, POW = range(20, 28)

# Logic, in bitsets.
LT, LE, EQ, NE = range(30, 34)
NA, AND, OR, NOT, WHERE, WHEREB, EQB, NEB = range(34, 42)

# Windows.
SHIFT, SHIFTB, RSUM, RMAX, RMIN, STDEV, COUNT, WITHIN, ALWAYS = range(50, 59)

# Path operators and recursive averages.
SMOOTH, CUMSUM, CUMSUM_SINCE, BARSSINCE, VALUEWHEN = range(70, 75)

#: Instruction of each primitive operator whose translation is one to one.
DIRECT = {
    "add": ADD,
    "sub": SUB,
    "mul": MUL,
    "div": DIV,
    "floordiv": FLOORDIV,
    "mod": MOD,
    "min": MIN,
    "max": MAX,
    "nz": NZ,
    "neg": NEG,
    "abs": ABS,
    "sqrt": SQRT,
    "log": LOG,
    "exp": EXP,
    "round": ROUND,
    "sign": SIGN,
    "pow": POW,
    "lt": LT,
    "le": LE,
    "eq": EQ,
    "ne": NE,
    "na": NA,
    "and": AND,
    "or": OR,
    "not": NOT,
    "where": WHERE,
    "whereb": WHEREB,
    "rsum": RSUM,
    "rmax": RMAX,
    "rmin": RMIN,
    "stdev": STDEV,
    "count": COUNT,
    "within": WITHIN,
    "always": ALWAYS,
    "ema": SMOOTH,
    "rma": SMOOTH,
    "cumsum": CUMSUM,
    "cumsum_since": CUMSUM_SINCE,
    "barssince": BARSSINCE,
    "valuewhen": VALUEWHEN,
}
