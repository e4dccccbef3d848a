"""The market's benchmarks: reading streams, a minute into the panel, back-fill, viewers of prices."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Final

from benchmarks.rows import Row

LINES: Final = ("stream", "feed", "readers", "backfill")
"""Modules of this package; the rows of each begin with `market.` and its name."""


def run(wanted: str = "market") -> Iterator[Row]:
    """The rows named `wanted`, or whose names begin with it and a dot."""
    for line in LINES:
        name = f"market.{line}"
        if wanted == "market":
            yield from importlib.import_module(f"benchmarks.{name}").run()
        elif wanted == name or wanted.startswith(f"{name}."):
            yield from importlib.import_module(f"benchmarks.{name}").run(wanted)
