"""The compiler's report as JSON-able data, and the catalogue of indicators and functions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from screener.check import compile_filter
from screener.errors import FilterError
from screener.functions import function_catalogue
from screener.indicators import indicator_catalogue
from screener.ir import Program
from screener.registry import IndicatorInfo


def compile_report(text: str, base: str, symbols: Collection[str] | None = None) -> dict[str, Any]:
    """What `screener compile --json` prints: `ok`, and the program's facts or its errors.

    Raises ValueError for an unknown `base`, never for a text.
    """
    try:
        program = compile_filter(text, base, symbols)
    except FilterError as error:
        return {
            "ok": False,
            "hash": None,
            "intervals": [],
            "reach": {},
            "cost": 0,
            "conditions": [],
            "reading": "",
            "warnings": [],
            "errors": [d.as_dict() for d in error.diagnostics],
        }
    return program_report(program)


def program_report(program: Program) -> dict[str, Any]:
    """The same for a program that has compiled."""
    return {
        "ok": True,
        "hash": program.hash,
        "intervals": list(program.intervals),
        "reach": dict(program.reach),
        "cost": program.cost,
        "conditions": [condition.name for condition in program.conditions],
        "reading": program.reading,
        "warnings": [d.as_dict() for d in program.warnings],
        "errors": [],
    }


def catalogue() -> list[IndicatorInfo]:
    """Every indicator, then every function: arguments with defaults, outputs, meaning."""
    return [*indicator_catalogue(), *function_catalogue()]
