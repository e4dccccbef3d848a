"""Figures into a document: between the two marks, a table of the rows and what machine they were measured on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.machine import busy, description
from benchmarks.rows import Row, rounded, shown

END: Final = "<!-- end of figures -->"


def mark(module: str) -> str:
    """The line before a benchmark's figures."""
    return f"<!-- figures: written by `screener bench {module} --write` -->"


def write(path: Path, rows: Sequence[Row]) -> None:
    """Replace what stands between the marks of each benchmark that has rows.

    Raises ValueError where the document has no such marks, OSError as files do.
    """
    text = path.read_text(encoding="utf-8")
    for module in dict.fromkeys(row.name.split(".")[0] for row in rows):
        begin = mark(module)
        before, found, rest = text.partition(begin)
        _, end, after = rest.partition(END)
        if not found or not end:
            raise ValueError(f"{path} has no place for these figures, between the lines {begin} and {END}")
        mine = [row for row in rows if row.name.startswith(f"{module}.")]
        text = f"{before}{begin}\n{table(mine)}\n{END}{after}"
    path.write_text(text, encoding="utf-8")


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown, with the machine above them."""
    load = busy()
    lines = [f"Measured on one core of: {description()}."]
    if load is not None:
        lines.append(
            f"Processes that wanted a core when it ended: {load:.1f}; above 1, the clock counts others' work, too."
        )
    lines += ["", "| line | value | unit | peer or limit | ratio | details |", "|---|--:|---|--:|--:|---|"]
    for row in rows:
        details = ", ".join(f"{k} {shown(_short(v))}" for k, v in row.details.items() if k != "load")
        columns = [
            f"`{row.name}`",
            *(shown(v) for v in (rounded(row.value), row.unit, rounded(row.peer), rounded(row.ratio))),
        ]
        lines.append(f"| {' | '.join(columns)} | {details} |")
    return "\n".join(lines)


def _short(value: float | int | str | bool | None) -> float | int | str | bool | None:
    return rounded(value) if isinstance(value, float) else value
