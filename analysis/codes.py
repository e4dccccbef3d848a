"""Conditions that an answer gives as filter code: compiled, and held to what can be watched for free.

A code may read the snapshot's own symbol on the intervals that its table covers, and nothing else: no other symbols, no
ranks across the market, no open trade. What does not compile, or reads more, is dropped with the reason.
"""

from __future__ import annotations

import re
from typing import Final

from screener import FilterError, Program, compile_filter
from screener.ops import OPS

MARKET_WIDE: Final = frozenset({"rank", "market_percentile", "market_mean", "market_zscore", "breadth"})
_INDICATOR: Final = re.compile(r"\b(?:ta|cdl)\.\w+\([^()]*\)(?:\.\w+)?")
# What an indicator that is no price is compared with, and factors, are no prices either.
_THRESHOLD: Final = re.compile(
    r"\bta\.(?!ema|sma|wma|bbands|donchian|vwap|supertrend)\w+\([^()]*\)(?:\.\w+)?\s*(?:[<>=!]=?|,)\s*-?[\d.]+"
)
_FACTOR: Final = re.compile(r"(?<![\w.])\d{1,2}(?:\.\d+)?\s*[*/]|[*/]\s*\d{1,2}(?:\.\d+)?(?![\d.])")
_ASSIGNED: Final = re.compile(r"^\s*match\s*=(?!=)", re.M)


class CodeRefused(ValueError):
    """A condition that cannot be watched; the message says why."""


def read_code(code: str, interval: str, intervals: tuple[str, ...]) -> tuple[str, Program]:
    """The program of a condition on `interval`; a bare expression is taken as its `match`. Raises CodeRefused."""
    text = code if _ASSIGNED.search(code) else f"match = {code}"
    try:
        program = compile_filter(text, interval)
    except FilterError as error:
        raise CodeRefused(str(error.diagnostics[0])) from error
    except ValueError as error:
        raise CodeRefused(str(error)) from error
    for node in program.nodes:
        if node.op in MARKET_WIDE:
            raise CodeRefused("it looks across the market")
        if node.op == "src" and node.params[2]:
            raise CodeRefused(f"it reads {node.params[2]}, another symbol")
        if OPS[node.op].kind == "trade":
            raise CodeRefused("it reads the open trade")
        if node.op == "external":
            raise CodeRefused("it needs an external indicator")
    if other := sorted(set(program.intervals) - set(intervals)):
        raise CodeRefused(f"it reads {', '.join(other)}, which the snapshot does not hold")
    return text, program


def without_indicators(code: str) -> str:
    """A code without its indicators, what they are compared with, and factors, so that its prices can be looked up."""
    for pattern in (_THRESHOLD, _INDICATOR, _FACTOR):
        code = pattern.sub(lambda m: " " * len(m[0]), code)
    return code
