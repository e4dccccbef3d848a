"""The benchmarks of analyses: snapshots, the queue, the ledger of outcomes."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Final

from benchmarks.rows import Row

LINES: Final = ("snapshot", "queue", "outcomes")
"""Modules of this package; the rows of each begin with `analysis.` and its name."""


def run(wanted: str = "analysis") -> Iterator[Row]:
    """The rows named `wanted`, or whose names begin with it and a dot."""
    for line in LINES:
        name = f"analysis.{line}"
        if wanted == "analysis":
            yield from importlib.import_module(f"benchmarks.{name}").run()
        elif wanted == name or wanted.startswith(f"{name}."):
            yield from importlib.import_module(f"benchmarks.{name}").run(wanted)
