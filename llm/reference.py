"""The filter language as prompts show it, generated from the registry, so that it cannot drift from the language.

1. `language_reference` gives the words of the language, one line each, as the variables that the prompts
   `generate.filter`, `generate.regenerate` and `generate.mend` declare.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from screener import catalogue


@cache
def language_reference() -> Mapping[str, object]:
    """Variables `indicators`, `functions`, `patterns`, `trade` (a line for each word: how it is written and
    what it means) and `externals` (the slow path's words: only how they are written)."""
    lines: dict[str, list[str]] = {"indicator": [], "function": [], "pattern": [], "trade": [], "external": []}
    for row in catalogue():
        outputs = f" gives {', '.join(row.outputs)}" if row.outputs else ""
        line = row.signature if row.group == "external" else f"{row.signature}{outputs}: {row.meaning}"
        lines[row.group].append(line)
    return {
        "indicators": lines["indicator"],
        "functions": lines["function"],
        "patterns": lines["pattern"],
        "trade": lines["trade"],
        "externals": lines["external"],
    }
