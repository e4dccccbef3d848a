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
_OFFSET: Final = re.compile(r"\[\s*\d+\s*\]|,\s*\d{1,3}\s*(?=\))")
_STRING: Final = re.compile(r"\"[^\"]*\"|'[^']*'|#.*")
_NUMBER: Final = re.compile(r"(?<![\w.])\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?")
_PRICE_FIELDS: Final = frozenset({"open", "high", "low", "close"})
_KEEPS: Final = frozenset(
    {"neg", "abs", "shift", "rmean", "rmax", "rmin", "ema", "rma", "kama", "min", "max", "where", "nz", "valuewhen"}
    | {"round", "rmax_since", "rmin_since", "market_mean"}
)
"""Operators whose result is a price where an argument is one."""
_MEETS: Final = frozenset({"lt", "le", "eq", "ne", "add", "sub", "min", "max", "where", "nz"})
"""Operators whose arguments are of one kind: a constant beside a price is a price."""
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


def prices_in(program: Program) -> set[float]:
    """The constants of a program that stand beside a price: compared with it, added, taken as the larger one. What a
    price is multiplied or divided by is a factor and none of them, nor is zero.
    """
    nodes = program.nodes
    prices: set[int] = set()
    found: set[float] = set()
    for at, node in enumerate(nodes):
        constants = [a for a in node.args if nodes[a].op == "const" and nodes[a].dtype == "num"]
        beside = [a for a in node.args if a in prices]
        if beside and node.op in _MEETS:
            compared = node.op in ("lt", "le", "eq", "ne")
            # Nothing is below zero, so a price compared with zero says nothing.
            found |= {n for a in constants if (n := float(nodes[a].params[0])) != 0 or compared}
        if node.op == "src":
            known = node.params[0] in _PRICE_FIELDS
        elif node.op == "sub":
            known = len(beside) == 1
        elif node.op in ("mul", "div"):
            known = len(beside) == 1 and len(constants) == 1 and node.args[0] in (beside[0], constants[0])
        elif node.op == "supertrend":
            known = node.params[0] == "line"
        else:
            known = bool(beside) and (node.op in _KEEPS or node.op in ("add", "psar"))
        if known:
            prices.add(at)
    return found


def numbers_of(code: str) -> set[float]:
    """The numbers of a code without its indicators, what they are compared with, factors, offsets and windows."""
    for pattern in (_STRING, _THRESHOLD, _INDICATOR, _FACTOR, _OFFSET):
        code = pattern.sub(lambda m: " " * len(m[0]), code)
    return {float(match[0].replace("_", "")) for match in _NUMBER.finditer(code)}
