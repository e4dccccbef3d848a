"""What a program keeps of the one before besides its entry: nobody has to ask for that again."""

from __future__ import annotations

import ast
from typing import Final

from screener import CannotSpell, FilterError, Program, canonical_source, compile_filter

_ENDINGS: Final = ("exit", "stop", "target")


def newly_said(program: Program, previous: Program | None) -> Program:
    """`program` without the exit, stop and target that `previous` has too: what its writer is answerable for."""
    if previous is None or not program.source:
        return program
    before, now = _endings(previous), _endings(program)
    kept = {name for name, code in now.items() if before.get(name) == code}
    if not kept:
        return program
    lines = [line for line in ast.parse(program.source).body if not _names(line) & kept]
    while unused := [line for line in lines if not _names(line) & (_read(lines) | {"match", *_ENDINGS, "score"})]:
        lines = [line for line in lines if line not in unused]
    try:
        return compile_filter("\n".join(map(ast.unparse, lines)), program.base)
    except FilterError:
        return program


def _endings(program: Program) -> dict[str, str]:
    """The code of exit, stop and target in the language's own spelling."""
    try:
        spelled = ast.parse(canonical_source(program)).body
    except CannotSpell:
        return {}
    return {name: ast.unparse(line) for line in spelled for name in _names(line) if name in _ENDINGS}


def _names(line: ast.stmt) -> set[str]:
    """The names that a line gives values to."""
    targets = line.targets if isinstance(line, ast.Assign) else []
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _read(lines: list[ast.stmt]) -> set[str]:
    return {
        node.id
        for line in lines
        for node in ast.walk(line)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
