"""Random numbers addressed by what they are for, so that any part of the market can be made without the rest.

A draw is a hash of (key, start, length, number): the splitmix64 finaliser over 64-bit integers (Steele, Lea
and Flood, "Fast splittable pseudorandom number generators", 2014). The same address gives the same number
in any batch.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

_GOLDEN = 0x9E3779B97F4A7C15
_LENGTH = 0xD1342543DE82EF95
_MASK = (1 << 64) - 1


def key_of(seed: int, name: str) -> int:
    """64-bit key of a named stream of randomness under a seed."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest(), "little")


def _mix(words: Words) -> Words:
    """Finalise in place; `words` must not be used for anything else."""
    words ^= words >> np.uint64(30)
    words *= np.uint64(0xBF58476D1CE4E5B9)
    words ^= words >> np.uint64(27)
    words *= np.uint64(0x94D049BB133111EB)
    words ^= words >> np.uint64(31)
    return words


def uniforms(keys: Words, starts: Ints, length: int, draws: int) -> Floats:
    """Uniform numbers in the open interval (0, 1), shape [draws, keys, starts].

    `keys` [keys] name the streams, `starts` [starts] are UTC seconds, `length` is the node's length in
    seconds.
    """
    place = starts.astype(np.uint64) * np.uint64(_GOLDEN) + np.uint64((length * _LENGTH) & _MASK)
    node = _mix(keys[:, None] + _mix(place)[None, :])
    numbers = np.array([(n * _GOLDEN) & _MASK for n in range(1, draws + 1)], dtype=np.uint64)
    words = _mix(node[None, :, :] + numbers[:, None, None])
    return ((words >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def normals(uniform: Floats) -> Floats:
    """Standard normal numbers of the same shape, by Box and Muller; the first axis must have an even size."""
    half = uniform.shape[0] // 2
    radius = np.sqrt(-2.0 * np.log(uniform[:half]))
    angle = 2.0 * np.pi * uniform[half:]
    return np.concatenate((radius * np.cos(angle), radius * np.sin(angle)))
