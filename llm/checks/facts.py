"""What a compiled program holds, as words, numbers, intervals and symbols.

The graph is read twice: by its nodes, and by the language's own words for it (`canonical_source`), which find an
indicator behind its formula. The source adds the names that its writer chose for what is in the graph: one structure
may have several (the middle of the Bollinger bands is a simple average).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, get_args

from llm.checks.relations import Side, comparisons
from llm.checks.shapes import Ending
from llm.checks.syntax import RESULTS, called, definitions
from screener import CannotSpell, FilterError, Program, canonical_source, compile_filter, results_of
from screener.language.plan import used
from screener.language.shared import Lasting
from screener.language.templates import normalised
from screener.vocabulary.functions_more import FUNCTIONS
from screener.vocabulary.indicators import INDICATORS

_FIELDS: Final = frozenset(
    ("open", "high", "low", "close", "volume", "quote_volume", "trades", "buy_volume", "sell_volume", "volume_delta")
)

_NEAR_BY: Final = 3
"""Candles back that a turn or a pattern may mean without a number."""


@dataclass(frozen=True)
class Literal:
    """A number that the program's writer put down, and the innermost call or comparison around it, else the whole
    expression; `default` where that word has it by itself, or means it unsaid."""

    value: float
    where: str
    default: bool


@dataclass
class Facts:
    """`words` are names of the language (`rsi`, `cdl.hammer`, `within`, `volume`); `indicators` those of `ta.` and
    `cdl.` that the program's writer chose; `numbers` every constant of it; `intervals` the base included; `endings` the
    code of its exit, stop and target; `sources` the fields that its indicators are of, each with the call; `spelled`
    is it all in the language's own spelling, where there is one."""

    base: str
    words: set[str] = field(default_factory=set)
    indicators: dict[str, None] = field(default_factory=dict)
    numbers: set[float] = field(default_factory=set)
    intervals: set[str] = field(default_factory=set)
    symbols: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    literals: list[Literal] = field(default_factory=list)
    endings: dict[Ending, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    comparisons: list[tuple[Side, Side]] = field(default_factory=list)
    spelled: str = ""


def facts_of(program: Program) -> Facts:
    """Everything the program holds that a sentence may have named."""
    found = Facts(program.base, intervals={program.base})
    _read_nodes(program, found)
    try:
        spelled = found.spelled = canonical_source(program)
        _read_text(spelled, found, chosen=not program.source)
        _read_places(program.source or spelled, found)
        found.comparisons += comparisons(spelled, now=True)
    except CannotSpell:
        # A program made otherwise than by compiling need not be spelled; its nodes are read all the same.
        found.numbers.update(float(p) for node in program.nodes for p in node.params if not isinstance(p, str))
    if program.source:
        found.comparisons += comparisons(program.source)
        known, written = set(found.words), Facts(program.base)
        _read_text(program.source, written, chosen=True)
        absent = {name for name in written.indicators.keys() & INDICATORS.keys() - known if not _holds(program, name)}
        found.words |= written.words - absent
        found.texts |= written.texts
        found.literals = written.literals
        found.indicators = written.indicators
        found.numbers.update(_clock_numbers(written.texts))
    return found


def _read_places(code: str, found: Facts) -> None:
    """How a program ends a trade, and the fields that its indicators are of, as they are written."""
    given = definitions(ast.parse(code))
    for name in get_args(Ending):
        if name in given:
            found.endings[name] = ast.unparse(given[name])
    for node in (node for value in given.values() for node in ast.walk(value)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            source = ast.unparse(node.args[0])
            if source in _FIELDS - {"close", "volume"}:
                found.sources.setdefault(source, ast.unparse(node))
        elif isinstance(node, ast.Name) and node.id == "quote_volume":
            found.sources.setdefault(node.id, "")


def _holds(program: Program, name: str) -> bool:
    """Whether the graph has what the source calls `name`, though the language has a shorter word for it: each call of
    it is compiled by itself, and what it comes to looked for."""
    tree = ast.parse(program.source)
    lines = [f"{given} = {ast.unparse(value)}" for given, value in definitions(tree).items() if given not in RESULTS]
    pool = Lasting()
    roots = results_of(program).values()
    held = set(normalised(program.nodes, roots, pool).values())
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == name):
            continue
        for output in INDICATORS[name].outputs or ("",):
            probe = f"{ast.unparse(call)}{'.' if output else ''}{output}"
            for code in (f"match = na({probe})", f"match = {probe}"):
                try:
                    made = compile_filter("\n".join([*lines, code]), program.base)
                except FilterError:
                    continue
                root = made.nodes[made.match].args[0] if made.nodes[made.match].op == "na" else made.match
                if normalised(made.nodes, [root], pool)[root] in held:
                    return True
    return False


def _read_nodes(program: Program, found: Facts) -> None:
    for number in used(program.nodes, results_of(program).values()):
        node = program.nodes[number]
        if node.interval:
            found.intervals.add(node.interval)
        match node.op:
            case "src":
                found.words.add(str(node.params[0]))
                if node.params[2]:
                    found.symbols.add(str(node.params[2]))
            case "first":
                found.intervals.add(str(node.params[0]))
            case "time":
                found.words.add(str(node.params[0]))
                found.texts.add(str(node.params[2]))
            case "lt" | "le":
                found.words.add("compare")
            case "const":
                pass
            case op:
                found.words.add(op)


def _read_text(code: str, found: Facts, *, chosen: bool) -> None:
    """The words of a program's text that its results are made of."""
    given = definitions(ast.parse(code))
    waiting: list[ast.expr] = [given.pop(name) for name in RESULTS if name in given]
    while waiting:
        root = waiting.pop()
        if chosen:
            _read_literals(root, "", "" if isinstance(root, ast.Constant) else ast.unparse(root), found)
        for node in ast.walk(root):
            if isinstance(node, ast.Name):
                if node.id in given:
                    waiting.append(given.pop(node.id))
                found.words.add(node.id)
            elif isinstance(node, ast.Constant):
                _read_constant(node.value, found)
            elif isinstance(node, ast.Attribute):
                name = f"cdl.{node.attr}" if _ends(node.value, "cdl") else node.attr
                found.words.add(name)
                if chosen:
                    found.indicators[name] = None


def _read_literals(node: ast.AST, name: str, where: str, found: Facts, within: ast.AST | None = None) -> None:
    """The numbers under `node`, which stands in a call of `name`, written `where`."""
    if isinstance(node, ast.Call):
        name, where = called(node), ast.unparse(node)
    elif isinstance(node, ast.Compare) or (isinstance(node, ast.Subscript) and not name):
        where = ast.unparse(node)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        usual = node.value in _defaults(name) or (isinstance(within, ast.Subscript) and node.value <= _NEAR_BY)
        found.literals.append(Literal(float(node.value), where, usual))
    for child in ast.iter_child_nodes(node):
        _read_literals(child, name, where, found, node)


def _defaults(name: str) -> tuple[object, ...]:
    row = INDICATORS.get(name) or FUNCTIONS.get(name)
    return () if row is None else tuple(arg.default for arg in row.args if arg.default is not None)


def _ends(node: ast.expr, name: str) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == name) or (isinstance(node, ast.Name) and node.id == name)


def _read_constant(value: object, found: Facts) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        found.numbers.add(float(value))
    elif isinstance(value, str):
        found.texts.add(value)


def _clock_numbers(texts: set[str]) -> Iterator[float]:
    """The numbers of hours such as `09:30-16:00`."""
    for text in texts:
        yield from (float(piece) for piece in text.replace("-", ":").split(":") if piece.isdigit())
