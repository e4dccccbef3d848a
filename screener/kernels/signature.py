"""Array types that the kernels are compiled for: rows and tables, contiguous along the symbols."""

from collections.abc import Callable
from typing import Any

from numba import float64, int64, njit, uint64, void

ROW = float64[::1]
WORDS = uint64[::1]
TABLE = float64[:, ::1]
BITS = uint64[:, ::1]
INTS = int64[::1]
INT_TABLE = int64[:, ::1]
INT = int64
FLOAT = float64
NOTHING = void

Function = Callable[..., Any]


def kernel(*arguments: Any, result: Any = NOTHING) -> Callable[[Function], Function]:
    """Compile for exactly these argument types; cached on disk, without the lock, with IEEE arithmetic."""
    compiled: Callable[[Function], Function] = njit(
        result(*arguments), error_model="numpy", cache=True, nogil=True, fastmath=False
    )
    return compiled
