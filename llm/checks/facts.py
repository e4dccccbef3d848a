"""What a compiled program holds, as words, numbers, intervals and symbols.

The graph is read twice: by its nodes, and by the language's own words for it (`canonical_source`), which find an
indicator behind its formula. The source adds the names that its writer chose for what is in the graph: one structure
may have several (the middle of the Bollinger bands is a simple average).
"""

from __future__ import annotations

import ast
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from screener import CannotSpell, Program, canonical_source, results_of
from screener.vocabulary.functions_more import FUNCTIONS
from screener.vocabulary.indicators import INDICATORS

_FIELDS: Final = frozenset(
    ("open", "high", "low", "close", "volume", "quote_volume", "trades", "buy_volume", "sell_volume", "volume_delta")
)


@dataclass(frozen=True)
class Literal:
    """A number that the program's writer put down, and the innermost call around it; `default` where that word has
    it by itself, or means it unsaid."""

    value: float
    where: str
    default: bool


@dataclass
class Facts:
    """`words` are names of the language (`rsi`, `cdl.hammer`, `within`, `volume`); `indicators` those of `ta.` and
    `cdl.` that the program's writer chose; `numbers` every constant of it; `intervals` the base included."""

    base: str
    words: set[str] = field(default_factory=set)
    indicators: dict[str, None] = field(default_factory=dict)
    numbers: set[float] = field(default_factory=set)
    intervals: set[str] = field(default_factory=set)
    symbols: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    literals: list[Literal] = field(default_factory=list)


def facts_of(program: Program) -> Facts:
    """Everything the program holds that a sentence may have named."""
    found = Facts(program.base, intervals={program.base})
    _read_nodes(program, found)
    # A program made otherwise than by compiling need not be spelled; its nodes are read all the same.
    with suppress(CannotSpell):
        _read_text(canonical_source(program), found, chosen=not program.source)
    if program.source:
        _read_text(program.source, found, chosen=True)
    return found


def _read_nodes(program: Program, found: Facts) -> None:
    waiting = list(results_of(program).values())
    seen: set[int] = set()
    while waiting:
        number = waiting.pop()
        if number in seen:
            continue
        seen.add(number)
        node = program.nodes[number]
        waiting.extend(node.args)
        if node.interval:
            found.intervals.add(node.interval)
        for param in node.params:
            if isinstance(param, int | float) and not isinstance(param, bool):
                found.numbers.add(float(param))
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
    definitions: dict[str, ast.expr] = {}
    for line in ast.parse(code).body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            definitions[line.targets[0].id] = line.value
    waiting: list[ast.expr] = [definitions.pop(name) for name in _RESULTS if name in definitions]
    while waiting:
        root = waiting.pop()
        if chosen:
            _read_literals(root, "", "", found)
        for node in ast.walk(root):
            if isinstance(node, ast.Name):
                if node.id in definitions:
                    waiting.append(definitions.pop(node.id))
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
        name, where = ast.unparse(node.func).rpartition(".")[2], ast.unparse(node)
    elif isinstance(node, ast.Compare) or (isinstance(node, ast.Subscript) and not name):
        where = ast.unparse(node)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        usual = node.value in _defaults(name) or (isinstance(within, ast.Subscript) and node.value <= _NEAR_BY)
        found.literals.append(Literal(float(node.value), where or str(node.value), usual))
    for child in ast.iter_child_nodes(node):
        _read_literals(child, name, where, found, node)


def _defaults(name: str) -> tuple[object, ...]:
    row = INDICATORS.get(name) or FUNCTIONS.get(name)
    return () if row is None else tuple(arg.default for arg in row.args if arg.default is not None)


_NEAR_BY: Final = 3
"""Candles back that a turn or a pattern may mean without a number."""

_RESULTS: Final = ("match", "exit", "stop", "target", "score")


def _ends(node: ast.expr, name: str) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == name) or (isinstance(node, ast.Name) and node.id == name)


def _read_constant(value: object, found: Facts) -> None:
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        found.numbers.add(float(value))
    elif isinstance(value, str):
        found.texts.add(value)
        for piece in value.replace("-", ":").split(":"):
            if piece.isdigit():
                found.numbers.add(float(piece))
