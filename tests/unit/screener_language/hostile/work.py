"""How much work a compilation is, counted so that every machine tells the same."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

MOST_CALLS = 250_000
"""What no text may exceed; about 40 ms."""


@dataclass
class Work:
    """The calls, Python's own and built in, that this thread made."""

    calls: int = 0


@contextmanager
def counted() -> Iterator[Work]:
    """Counts while it is open. Unlike time, the number is the same under any load."""
    work = Work()
    before = sys.getprofile()

    def count(frame: FrameType, event: str, argument: object) -> None:
        work.calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        yield work
    finally:
        sys.setprofile(before)
