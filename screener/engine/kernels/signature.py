"""Array types that the kernels are compiled for: rows and tables, contiguous along the symbols."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import config, float64, int32, int64, njit, uint64, void

from .fingerprint import fingerprint

ROW = float64[::1]
WORDS = uint64[::1]
TABLE = float64[:, ::1]
BITS = uint64[:, ::1]
INTS = int64[::1]
INT_TABLE = int64[:, ::1]
#: Instructions and cells, small so that many lie in the processor's cache.
CODE = int32[:, ::1]
CODE_ROW = int32[::1]
INT = int64
FLOAT = float64
NOTHING = void

Function = Callable[..., Any]


_BESIDE = Path(__file__).parent / "__pycache__"
_CACHE = Path(config.CACHE_DIR) if config.CACHE_DIR else _BESIDE


def kernel(*arguments: Any, result: Any = NOTHING) -> Callable[[Function], Function]:
    """Compile for exactly these argument types; without the lock, with IEEE arithmetic.

    Machine code is kept in `NUMBA_CACHE_DIR`, else beside the source where that can be written, in a folder
    named by the kernels' fingerprint.
    """

    def compiled(function: Function) -> Function:
        before = config.CACHE_DIR
        if config.CACHE_DIR or os.access(_CACHE.parent, os.W_OK):
            config.CACHE_DIR = str(_CACHE / fingerprint())
        try:
            made: Function = njit(result(*arguments), error_model="numpy", cache=True, nogil=True, fastmath=False)(
                function
            )
        finally:
            config.CACHE_DIR = before
        return made

    return compiled
