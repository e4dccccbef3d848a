"""Instruction numbers and table columns of the machine.

Numba freezes these as constants when the kernels compile. Numbers are grouped so that the interpreter can
tell the family of an instruction by comparing ranges.
"""

# Columns of the instruction table, int32 [instructions, COLUMNS]: the cell written, up to four operands as
# pairs of a cell and a lag in candles of that cell's interval, a whole number, the first row of state, the
# slot of a source.
OP, OUT, A, A_LAG, B, B_LAG, C, C_LAG, D, D_LAG, N, STATE, SLOT = range(13)
COLUMNS = 13

# Columns of the cell table, int32 [cells, CELL_COLUMNS]: a cell is a ring of rows that holds its newest values.
START, LENGTH, INTERVAL = range(3)
CELL_COLUMNS = 3

#: Constants of an instruction, float64 [instructions, PARAMETERS].
PARAMETERS = 3

# Sources: SLOT is the row of the source block, or of the host's scalars.
SRC, SRC_SYMBOL, HOST_NUM, HOST_BOOL = range(4)

# Two numbers to a number; the same with the constant on the right, and on the left.
ADD, SUB, MUL, DIV, FLOORDIV, MOD, MIN, MAX, NZ = range(10, 19)
ADD_CONST, SUB_CONST, MUL_CONST, DIV_CONST, CONST_SUB, CONST_DIV = range(20, 26)

# One number to a number.
NEG, ABS, SQRT, LOG, EXP, ROUND, SIGN, POW, ROOT_MEAN = range(30, 39)

# Comparisons of two numbers, and of a number with a constant.
LT, LE, EQ, NE = range(40, 44)
LT_CONST, LE_CONST, GT_CONST, GE_CONST, EQ_CONST, NE_CONST, NA = range(45, 52)

# Logic, in bitsets; ALL joins N operands that stand in a table of their own, from row STATE on.
AND, OR, NOT, WHEREB, EQB, NEB, ALL = range(55, 62)

# Parts of windows: a mean and a sum of squared deviations of two neighbouring windows, the age of an extreme.
MIX, MERGE, AGE_MAX, AGE_MIN = range(65, 69)
# Windows that are scanned.
DEVIATION, PERCENTRANK = range(70, 72)

# Numbers with memory: averages, running totals, trailing stops.
SMOOTH, CUMSUM, PSAR, TRAIL, KAMA = range(75, 80)

# Numbers from booleans: choice, 1 and 0, what happened since an event.
WHERE, NUMBER, CUMSUM_SINCE, MAX_SINCE, MIN_SINCE, BARSSINCE, VALUEWHEN = range(85, 92)

# Across the market.
RANK, PERCENTILE, MEAN, ZSCORE, BREADTH = range(95, 100)
