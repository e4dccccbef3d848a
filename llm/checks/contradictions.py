"""Conditions that can never be true, found in the graph alone."""

from __future__ import annotations

from screener import Program


def contradictions_of(program: Program) -> list[str]:
    """What the graph can never satisfy, in words."""
    return []
