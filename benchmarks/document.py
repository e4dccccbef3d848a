"""Figures into a document: between the two marks, a table of the rows and what machine they were measured on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.machine import busy, description
from benchmarks.rows import Row, rounded, shown

BEGIN: Final = "<!-- figures: written by `screener bench engine --write` -->"
END: Final = "<!-- end of figures -->"


def write(path: Path, rows: Sequence[Row]) -> None:
    """Replace what stands between the marks. Raises ValueError where the document has none, OSError as files do."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no place for figures: the lines {BEGIN} and {END}")
    path.write_text(f"{before}{BEGIN}\n{table(rows)}\n{END}{after}", encoding="utf-8")


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown, with the machine above them."""
    load = busy()
    lines = [f"Measured on one core of: {description()}."]
    if load is not None:
        lines.append(f"Processes that wanted a core when it ended: {load:.1f}.")
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
