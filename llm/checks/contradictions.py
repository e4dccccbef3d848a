"""Conditions that no candle can satisfy, or that every candle does, found in the program alone.

The compiler refuses the plainest (`x < 20 and x > 80`). Here are those that ask for knowledge of the indicators
(`ta.rsi(close, 14) > 100`), and rings of comparisons (`a > b`, `b > c`, `c > a`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from llm.checks.alike import ENTRY_HIGH, ENTRY_LOW, worth
from llm.checks.edits import Source
from llm.checks.syntax import called, compared, constant
from screener import Program
from screener.ir import implied

_INFINITY: Final = float("inf")
_RANGES: Final[dict[str, tuple[float, float, str]]] = {
    "rsi": (0, 100, "RSI"), "mfi": (0, 100, "MFI"), "uo": (0, 100, "the ultimate oscillator"),
    "chop": (0, 100, "the choppiness index"), "willr": (-100, 0, "Williams %R"),
    "cmo": (-100, 100, "Chande's oscillator"), "tsi": (-100, 100, "TSI"), "cmf": (-1, 1, "Chaikin money flow"),
    "stoch.k": (0, 100, "the stochastic"), "stoch.d": (0, 100, "the stochastic"),
    "stochrsi.k": (0, 100, "the stochastic RSI"), "stochrsi.d": (0, 100, "the stochastic RSI"),
    "adx.adx": (0, 100, "ADX"), "adx.plus_di": (0, _INFINITY, "+DI"), "adx.minus_di": (0, _INFINITY, "-DI"),
    "aroon.up": (0, 100, "Aroon"), "aroon.down": (0, 100, "Aroon"), "aroon.osc": (-100, 100, "Aroon's oscillator"),
    "supertrend.direction": (-1, 1, "the Supertrend's direction"), "bbands.width": (0, _INFINITY, "a band's width"),
    "keltner.width": (0, _INFINITY, "a channel's width"), "donchian.width": (0, _INFINITY, "a channel's width"),
    "atr": (0, _INFINITY, "ATR"), "natr": (0, _INFINITY, "ATR"), "true_range": (0, _INFINITY, "the true range"),
    "stdev": (0, _INFINITY, "a deviation"), "volume_ratio": (0, _INFINITY, "a ratio of volumes"),
    "volume": (0, _INFINITY, "volume"), "quote_volume": (0, _INFINITY, "volume"), "trades": (0, _INFINITY, "trades"),
    "close": (0, _INFINITY, "a price"), "open": (0, _INFINITY, "a price"), "high": (0, _INFINITY, "a price"),
    "low": (0, _INFINITY, "a price"), "hour": (0, 23, "the hour"), "minute": (0, 59, "the minute"),
    "weekday": (0, 6, "the weekday, with Monday as 0,"), "day": (1, 31, "the day of the month"),
    "month": (1, 12, "the month"),
}  # fmt: skip
_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}
_CANDLE: Final = ("low", "open", "close", "high")


def contradictions_of(program: Program, direction: str = "") -> list[str]:
    """What the program can never satisfy, or always does, in words; of a `direction` ("long" or "short") also a stop or
    target on the wrong side of the entry."""
    source = Source(program)
    return list(dict.fromkeys([*_out_of_range(source), *_rings(program), *wrong_sides(program, direction)]))


def wrong_sides(program: Program, direction: str) -> Iterator[str]:
    """A stop where the trade gains, a target where it loses: either ends a trade on the candle that opens it."""
    source = Source(program)
    for name, side in (("stop", "below"), ("target", "above")):
        node = source.expressions.get(name)
        price = None if node is None else worth(node)
        if node is None or price is None or direction not in ("long", "short"):
            continue
        wanted = side if direction == "long" else {"below": "above", "above": "below"}[side]
        if price > ENTRY_HIGH if wanted == "below" else price < ENTRY_LOW:
            yield f"The {name} {source.said(node)} is not {wanted} the entry, as that of a {direction} has to be."


def _out_of_range(source: Source) -> Iterator[str]:
    for node in source.walk():
        found = [words for left, sign, right in compared(node) for words in _outside(source, left, sign, right)]
        # What is never true says more than that its other half always is.
        yield from sorted(found, key=lambda words: "never" not in words)[:1]


def _outside(source: Source, left: ast.expr, sign: str, right: ast.expr) -> Iterator[str]:
    for side, op, other in ((left, sign, right), (right, _FLIPPED[sign], left)):
        value, bounds = constant(other), _range(source, side)
        if value is None or bounds is None:
            continue
        low, high, noun = bounds
        never = {"<": value <= low, "<=": value < low, ">": value >= high, ">=": value > high}
        ever = {"<": value > high, "<=": value >= high, ">": value < low, ">=": value <= low}
        said = f"{source.said(side)} {op} {value:g}"
        span = f"{noun} is never below {low:g}" if high == _INFINITY else f"{noun} is from {low:g} to {high:g}"
        if never.get(op, not low <= value <= high):
            yield f"{said} can never be true: {span}."
        elif ever.get(op):
            yield f"{said} is always true: {span}."


def _range(source: Source, node: ast.expr, output: str = "") -> tuple[float, float, str] | None:
    """The values that an expression can have, with its name; None where nothing is known."""
    if isinstance(node, ast.Subscript):
        return _range(source, node.value, output)
    if isinstance(node, ast.Name):
        if node.id in source.expressions:
            return _range(source, source.expressions[node.id], output)
        return None if output else _RANGES.get(node.id)
    if isinstance(node, ast.Call):
        name = called(node)
        return _RANGES.get(f"{name}.{output}" if output else name)
    if isinstance(node, ast.Attribute) and not output:
        found = _range(source, node.value, node.attr)
        # The fields of another interval or symbol: tf("1h").volume.
        return found or (_RANGES.get(node.attr) if isinstance(node.value, ast.Call) else None)
    return None


class _Below(NamedTuple):
    """A step of a ring: what is above, whether strictly, and the condition that says so; none for candles' order."""

    above: int
    strict: bool
    condition: int | None


def _rings(program: Program) -> Iterator[str]:
    """Comparisons that must all hold and lead round in a ring: a below b, b below c, c below a."""
    nodes = program.nodes
    held = set(implied(nodes, program.match))
    edges: dict[int, list[_Below]] = {}
    for number, condition in enumerate(program.conditions):
        if condition.root not in held:
            continue
        for inner in implied(nodes, condition.root):
            if nodes[inner].op in ("lt", "le"):
                small, large = nodes[inner].args
                edges.setdefault(small, []).append(_Below(large, nodes[inner].op == "lt", number))
    named = [*edges, *(step.above for steps in edges.values() for step in steps)]
    fields = {nodes[n].params: n for n in named if nodes[n].op == "src"}
    constants = {n: nodes[n].params[0] for n in named if nodes[n].op == "const"}
    values = sorted((float(value), n) for n, value in constants.items())
    for (_, small), (_, large) in pairwise(values):
        edges.setdefault(small, []).append(_Below(large, True, None))
    for params, node in fields.items():
        for above in _CANDLE:
            other = fields.get((above, *params[1:]))
            if other not in (None, node) and (params[0] == "low" or above == "high") and params[0] in _CANDLE:
                edges.setdefault(node, []).append(_Below(other, False, None))
    for start in list(edges):
        ring = _ring(edges, start)
        if ring:
            readings = [str(program.conditions[n].reading) for n in sorted(ring)]
            yield f"These can never be true together: {'; '.join(readings)}."
            return


def _ring(edges: dict[int, list[_Below]], start: int) -> set[int] | None:
    """The conditions on a way from `start` back to it that is strict somewhere; None where there is none."""
    seen: set[tuple[int, bool]] = set()
    waiting: list[tuple[int, bool, frozenset[int]]] = [(start, False, frozenset())]
    while waiting:
        node, strict, conditions = waiting.pop()
        for step in edges.get(node, ()):
            now = strict or step.strict
            used = conditions if step.condition is None else conditions | {step.condition}
            if step.above == start and now and used:
                return set(used)
            if (step.above, now) not in seen:
                seen.add((step.above, now))
                waiting.append((step.above, now, used))
    return None
