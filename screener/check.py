"""Compiling a filter: text in, program or all diagnostics out.

1. `parse` reads assignments; `_assign` checks each name and walks its expression with `Expressions`.
2. `_results` checks `match`, `exit`, `stop`, `target`, `score`; unused names are warnings.
3. `_finish` keeps the used nodes, measures reach and cost, hashes, gathers conditions and writes the reading.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Final

from screener import advice, plan, words
from screener.conditions import conjuncts, gather
from screener.errors import Diagnostic, FilterError
from screener.explain import compose
from screener.expressions import BUILT_IN, RESULTS, TIME_PARTS, Expressions
from screener.intervals import interval_ms
from screener.ir import Condition, Program
from screener.ops import Dtype
from screener.parse import Assignment, parse

_TYPES: Final[dict[str, Dtype]] = {
    "match": "bool",
    "exit": "bool",
    "stop": "num",
    "target": "num",
    "score": "num",
}

_PATHS: Final = {
    "cumsum": "a running sum",
    "cumsum_since": "a sum since an event",
    "rmax_since": "the highest since an event",
    "rmin_since": "the lowest since an event",
    "psar": "the parabolic SAR",
    "supertrend": "the Supertrend",
    "external": "an indicator beside the engine",
}


def compile_filter(text: str, base: str, symbols: Collection[str] | None = None) -> Program:
    """Compile a filter for a strategy of interval `base`.

    `symbols` are the market's; None where no market is known. Raises FilterError with every error of the
    text, and ValueError for an unknown `base`.
    """
    interval_ms(base)
    parsed = parse(text)
    ex = Expressions(parsed, base, symbols)
    ex.errors.extend(parsed.errors)
    definitions = _assign(ex)
    results = _results(ex, definitions)
    if ex.errors:
        raise FilterError(_unique(ex.errors))
    return _finish(ex, definitions, results, text)


def _assign(ex: Expressions) -> dict[str, ast.expr]:
    definitions: dict[str, ast.expr] = {}
    places: dict[str, Assignment] = {}
    ex.later = {a.name for a in ex.parsed.assignments}
    for assignment in ex.parsed.assignments:
        name = assignment.name
        fine = _name_is_free(ex, assignment, places)
        value = ex.visit(assignment.value)
        ex.later.discard(name)
        if fine:
            ex.names[name] = value
            definitions[name] = assignment.value
            places[name] = assignment
    for name, assignment in places.items():
        if name not in ex.read and name not in RESULTS:
            message = f"'{name}' is never used"
            hint = "use it in match or remove it"
            ex.warnings.append(Diagnostic("W101", assignment.line, assignment.column, message, hint, "warning"))
    return definitions


def _name_is_free(ex: Expressions, assignment: Assignment, places: dict[str, Assignment]) -> bool:
    name = assignment.name
    if name in places:
        message = f"'{name}' is assigned twice, first on line {places[name].line}"
        ex.errors.append(Diagnostic("F009", assignment.line, assignment.column, message, "give it another name"))
        return False
    # Parts of the time may be taken: `day = tf("1d")` reads too well to forbid.
    if name in BUILT_IN and name not in TIME_PARTS:
        message = f"'{name}' is built in and cannot be assigned"
        hint = f"give it another name, such as my_{name}"
        ex.errors.append(Diagnostic("F008", assignment.line, assignment.column, message, hint))
        return False
    return True


def _results(ex: Expressions, definitions: dict[str, ast.expr]) -> dict[str, int]:
    results: dict[str, int] = {}
    if "match" not in definitions and not ex.parsed.broken:
        near = [a for a in ex.parsed.assignments if a.name.lower() in ("match", "signal", "entry", "buy", "result")]
        line = near[0].line if near else 1
        column = near[0].column if near else 1
        hint = "write match = and a condition, such as: match = ta.rsi(close, 14) < 30"
        if near:
            hint = f"call it match instead of {near[0].name}"
        ex.errors.append(Diagnostic("F010", line, column, "nothing is assigned to match", hint))
    for name, dtype in _TYPES.items():
        value = ex.names.get(name)
        if name not in definitions or value is None:
            continue
        at = definitions[name]
        series = ex.as_type(at, value, dtype, name)
        if series is None:
            continue
        results[name] = series.node
        constant = ex.graph.value(series.node)
        if name == "match" and constant is not None:
            word = "always true" if constant else "never true"
            ex.fail(at, "F021", f"match is {word}, whatever the candles", "compare a series: close > open")
    for name in ("match", "score"):
        if name in results:
            words.outside_a_trade(ex, name, definitions)
    if "match" in results and not ex.errors:
        if not _has_series(ex, results["match"]):
            ex.fail(definitions["match"], "F021", "match depends on no series", "compare a series: close > open")
        advice.contradictions(ex, conjuncts(ex, definitions))
    return results


def _has_series(ex: Expressions, root: int) -> bool:
    return any(ex.graph.nodes[n].op in ("src", "time", "first", "external") for n in plan.used(ex.graph.nodes, [root]))


def _unique(errors: list[Diagnostic]) -> list[Diagnostic]:
    return list(dict.fromkeys(errors))


def _finish(ex: Expressions, definitions: dict[str, ast.expr], results: dict[str, int], text: str) -> Program:
    conditions = gather(ex, definitions)
    roots = list(results.values())
    for condition in conditions:
        roots.extend(n for n in (condition.root, condition.left, condition.right) if n is not None)
    keep = plan.used(ex.graph.nodes, roots)
    at = definitions["match"]
    if len(keep) > plan.MAX_NODES:
        message = f"the filter needs {len(keep)} nodes; at most {plan.MAX_NODES} are allowed"
        ex.fail(at, "F004", message, "leave out an indicator, or split it into several strategies")
        raise FilterError(ex.errors)
    nodes, number = plan.renumber(ex.graph.nodes, keep)
    reach = plan.reaches(nodes, ex.base)
    _check_reach(ex, keep, reach, at)
    _warn_paths(ex, keep)
    if ex.errors:
        raise FilterError(ex.errors)
    flat = {name: number[node] for name, node in results.items()}
    return Program(
        base=ex.base,
        nodes=nodes,
        match=flat["match"],
        exit=flat.get("exit"),
        stop=flat.get("stop"),
        target=flat.get("target"),
        score=flat.get("score"),
        conditions=tuple(_renumbered(c, number, ex.english.of(c.root)) for c in conditions),
        warnings=tuple(sorted(_unique(ex.warnings), key=lambda d: (d.line, d.column, d.code))),
        hash=plan.program_hash(ex.base, nodes, flat),
        intervals=tuple(reach),
        reach=reach,
        cost=plan.cost(nodes),
        reading=compose(ex.english, results, [node for node, _ in conjuncts(ex, definitions)]),
        source=text,
    )


def _renumbered(condition: Condition, number: dict[int, int], reading: str) -> Condition:
    return Condition(
        condition.name,
        condition.text,
        number[condition.root],
        None if condition.left is None else number[condition.left],
        condition.op,
        None if condition.right is None else number[condition.right],
        f"{reading[:1].upper()}{reading[1:]}",
    )


def _check_reach(ex: Expressions, keep: list[int], reach: dict[str, int], match: ast.expr) -> None:
    for interval, candles in reach.items():
        if candles <= plan.MAX_REACH:
            continue
        nodes = ex.graph.nodes
        # The place of the operator that looks back furthest says most about where to cut.
        placed = [n for n in keep if nodes[n].interval == interval and n in ex.where]
        worst = max(placed, key=lambda n: plan.own_reach(nodes, nodes[n]), default=None)
        message = f"the filter looks {candles} candles of {interval} back; at most {plan.MAX_REACH} are allowed"
        at = match if worst is None else ex.where[worst]
        ex.fail(at, "F005", message, "shorten the windows, or use a higher interval with tf")


def _warn_paths(ex: Expressions, keep: list[int]) -> None:
    nodes = ex.graph.nodes
    for n in keep:
        if plan.is_path(nodes, nodes[n]) and n not in ex.bounded:
            users = [u for u in keep if u in ex.where and n in plan.used(nodes, [u])]
            at = ex.where[users[0]] if users else None
            if at is not None:
                what = _PATHS.get(nodes[n].op, nodes[n].op)
                message = f"{what} starts at the first candle held, so it depends on the history there is"
                ex.warn(at, "W102", message, "")


def results_of(program: Program) -> dict[str, int]:
    """Result names to nodes, without those that the program does not assign."""
    pairs = {name: getattr(program, name) for name in RESULTS}
    return {name: node for name, node in pairs.items() if node is not None}


__all__ = ["compile_filter", "results_of"]
