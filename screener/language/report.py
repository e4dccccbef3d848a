"""The compiler's report as JSON-able data, and the catalogue of all words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from screener.errors import FilterError
from screener.ir import Program
from screener.language.canonical import CannotSpell, canonical_source
from screener.language.check import compile_filter
from screener.vocabulary.catalogue import catalogue

__all__ = ["catalogue", "compile_report", "error_report", "program_report"]


def compile_report(text: str, base: str, symbols: Collection[str] | None = None) -> dict[str, Any]:
    """What `screener compile --json` prints: `ok`, and the program's facts or its errors.

    Raises ValueError for an unknown `base`, never for a text.
    """
    try:
        program = compile_filter(text, base, symbols)
    except FilterError as error:
        return error_report(error)
    return program_report(program)


def error_report(error: FilterError) -> dict[str, Any]:
    """The same for a program that does not compile."""
    return {
        "ok": False,
        "hash": None,
        "intervals": [],
        "reach": {},
        "cost": 0,
        "conditions": [],
        "reading": "",
        "canonical": "",
        "warnings": [],
        "errors": [d.as_dict() for d in error.diagnostics],
    }


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
        "canonical": _canonical(program),
        "warnings": [d.as_dict() for d in program.warnings],
        "errors": [],
    }


def _canonical(program: Program) -> str:
    try:
        return canonical_source(program)
    except CannotSpell:
        # A compiled text is spelled by its own words; a program made otherwise need not be.
        return ""
