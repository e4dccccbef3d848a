"""A name for the compiled kernels, so that a cache of machine code never outlives the source it came from.

Numba's disk cache looks only at the file that a function stands in, not at the kernels which that function
calls. So the kernels keep their machine code in a folder that this fingerprint names. This module does not
import numba.
"""

import hashlib
from functools import cache
from pathlib import Path


@cache
def fingerprint() -> str:
    """Sixteen hexadecimal digits that change whenever a kernel's source does."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
