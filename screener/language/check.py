"""Compiling a filter: text in, program or all diagnostics out.

1. `parse` reads assignments; `_assign` checks each name and walks its expression with `Expressions`.
2. `_results` checks `match`, `exit`, `stop`, `target`, `score`; unused names are warnings.
3. `_finish` keeps the used nodes, measures reach and cost, hashes and gathers conditions.

A first walk shares what others have compiled (`screener.language.shared`) and says nothing in English.
Only where it finds an error, or somebody reads (`read_aloud`), the text is walked alone, with its words.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from typing import Final

from screener.errors import Diagnostic, FilterError, TooLarge, TooManyErrors
from screener.intervals import interval_ms
from screener.ir import Program
from screener.language import advice, plan, words
from screener.language.conditions import conjuncts, gather, part_of
from screener.language.explain import compose
from screener.language.expressions import BUILT_IN, RESULTS, TIME_PARTS, Expressions
from screener.language.flat import Flat
from screener.language.parse import Assignment, parse
from screener.language.shared import Part, Shared, current
from screener.ops import Dtype

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
    shared = current()
    program = _recalled(shared, text, base)
    if program is not None:
        return program
    parsed = parse(text)
    if not parsed.errors:
        ex = Expressions(parsed, base, symbols, shared)
        definitions, results = _walk(ex)
        if not ex.errors:
            program = _finish(ex, shared, definitions, results, text)
            if program is not None:
                return program
    ex = Expressions(parsed, base, symbols)
    ex.errors.extend(parsed.errors)
    definitions, results = _walk(ex)
    if not ex.errors:
        _measure(ex, definitions, results)
    raise FilterError(_unique(ex.errors))


def read_aloud(text: str, base: str) -> tuple[str, ...]:
    """The English of a text that compiles: all of it, then each condition."""
    ex = Expressions(parse(text), base, None)
    definitions, results = _walk(ex)
    whole = compose(ex.english, results, [node for node, _ in conjuncts(ex, definitions)])
    parts = [ex.english.of(part.root) for part in gather(ex, definitions)]
    return whole, *(f"{part[:1].upper()}{part[1:]}" for part in parts)


def _walk(ex: Expressions) -> tuple[dict[str, ast.expr], dict[str, int]]:
    """What each name is defined as, and the nodes of the results."""
    try:
        definitions = _assign(ex)
        results = _results(ex, definitions)
        if not ex.errors:
            words.try_externals(ex)
        return definitions, results
    except TooManyErrors:
        return {}, {}
    except TooLarge:
        # Nothing more is looked at, so that even this takes no time.
        hint = "leave out an indicator, or split it into several strategies"
        message = "the filter needs far too many operators"
        raise FilterError(_unique([*ex.parsed.errors, Diagnostic("F004", 1, 1, message, hint)])) from None


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
        if name in results and ex.parsed.mentions("trade"):
            words.outside_a_trade(ex, name, definitions)
    if "match" in results and not ex.errors:
        if ex.graph.nodes[results["match"]].interval is None:
            ex.fail(definitions["match"], "F021", "match depends on no series", "compare a series: close > open")
        parts = conjuncts(ex, definitions)
        if ex.shared is None or not ex.shared.apart([node for node, _ in parts]):
            advice.contradictions(ex, parts)
    return results


def _unique(errors: list[Diagnostic]) -> list[Diagnostic]:
    return list(dict.fromkeys(errors))


def _recalled(shared: Shared, text: str, base: str) -> Program | None:
    """The program of a text whose conditions are all known; None if it must be read."""
    parts = shared.recall(text, base)
    while isinstance(parts, str):
        # A condition that is new is read alone, and is known from then on if nothing is to be said about it.
        new = parts
        parts = shared.recall(text, base) if _learned(shared, new, base) else new
        if parts == new:
            shared.refuse(new, base)
            return None
    if parts is None:
        return None
    match, *rest = [part.root for part in parts]
    for root in rest:
        match = shared.pool.make("and", (match, root), ())
    flat = Flat(shared, base, parts, {"match": match})
    return flat.program(text, ()) if flat.is_within_bounds() else None


def _learned(shared: Shared, condition: str, base: str) -> bool:
    parsed = parse(f"match = {condition}")
    if parsed.errors:
        return False
    # No market: a condition that asks for one is not remembered.
    ex = Expressions(parsed, base, None, shared)
    definitions, _ = _walk(ex)
    if ex.errors or ex.warnings or len(definitions) > 1 or len(parsed.lines) > 1:
        return False
    shared.learn(ex, definitions["match"], lambda node: part_of(ex, node))
    return True


def _finish(
    ex: Expressions, shared: Shared, definitions: dict[str, ast.expr], results: dict[str, int], text: str
) -> Program | None:
    """The program; None where it is over a bound."""
    parts = gather(ex, definitions)
    flat = Flat(shared, ex.base, parts, results)
    if len(flat.order) > plan.MAX_NODES:
        _too_many(ex, definitions["match"], len(plan.used(ex.graph.nodes, _roots(results, parts))))
        raise FilterError(ex.errors)
    if not flat.is_within_bounds():
        return None
    for node in flat.paths:
        if node not in ex.bounded:
            _warn_path(ex, shared, node)
    if not ex.warnings and len(definitions) == 1 and len(ex.parsed.lines) == 1:
        shared.learn(ex, definitions["match"], lambda node: part_of(ex, node))
    return flat.program(text, sorted(_unique(ex.warnings), key=lambda d: (d.line, d.column, d.code)))


def _roots(results: dict[str, int], parts: Sequence[Part]) -> list[int]:
    roots = list(results.values())
    for part in parts:
        roots.extend(n for n in (part.root, part.left, part.right) if n is not None)
    return roots


def _too_many(ex: Expressions, match: ast.expr, count: int) -> None:
    message = f"the filter needs {count} nodes; at most {plan.MAX_NODES} are allowed"
    ex.fail(match, "F004", message, "leave out an indicator, or split it into several strategies")


def _measure(ex: Expressions, definitions: dict[str, ast.expr], results: dict[str, int]) -> None:
    """Report where a filter that is otherwise right looks back too far."""
    keep = plan.used(ex.graph.nodes, _roots(results, gather(ex, definitions)))
    nodes = ex.graph.nodes
    reach = plan.reaches(nodes, keep, lambda n: plan.own_reach(nodes, nodes[n]))
    _check_reach(ex, keep, plan.by_length(reach), definitions["match"])


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


def _warn_path(ex: Expressions, shared: Shared, node: int) -> None:
    """Say that a path operator's value depends on the first candle held, at the first place that reads it."""
    at = ex.where.get(node)
    if at is None:
        at = next((place for user, place in ex.where.items() if node in shared.under(user).order), None)
    if at is not None:
        op = ex.graph.nodes[node].op
        message = f"{_PATHS.get(op, op)} starts at the first candle held, so it depends on the history there is"
        ex.warn(at, "W102", message, "")


def results_of(program: Program) -> dict[str, int]:
    """Result names to nodes, without those that the program does not assign."""
    pairs = {name: getattr(program, name) for name in RESULTS}
    return {name: node for name, node in pairs.items() if node is not None}


__all__ = ["compile_filter", "read_aloud", "results_of"]
