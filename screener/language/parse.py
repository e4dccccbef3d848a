"""Text to assignments, with Python's own parser and nothing executed.

1. `parse` bounds the text and hands it to `ast.parse`; whatever that raises becomes a diagnostic.
2. `_too_deep` bounds nesting without recursion, so later steps may recurse.
3. `_statement` keeps `name = expression` and explains everything else.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from screener.errors import Diagnostic
from screener.language import habits

MAX_BYTES: Final = 8 * 1024
MAX_DEPTH: Final = 60
_MAX_SYNTAX_ERRORS: Final = 5

_ONE_AT_A_TIME: Final = Lock()

# The parser warns of escapes in texts, and of numbers that touch a keyword: `1or 2`.
_MAY_WARN: Final = re.compile(r"\\|[0-9]\.?[aefijnoxX]")

# Every expression around another needs at least one of these; an opening bracket may make two, a brace three.
_SIGNS: Final = str.maketrans("", "", "([{.:+-*/%<>=!&|^~@")
_NESTING_WORDS: Final = ("and", "or", "not", "if", "in", "is", "await", "yield")


@dataclass(frozen=True, slots=True)
class Assignment:
    """`name = value`, with the position of the name."""

    name: str
    value: ast.expr
    line: int
    column: int


@dataclass(slots=True)
class Parsed:
    """What could be read, and what could not. `broken` says that whole lines are missing."""

    lines: list[str]
    assignments: list[Assignment] = field(default_factory=list)
    errors: list[Diagnostic] = field(default_factory=list)
    broken: bool = False
    ascii: bool = False

    def segment(self, node: ast.expr) -> str:
        """The text of an expression that stands on one line, in ASCII; nothing for any other."""
        line = node.lineno
        if not self.ascii or line != node.end_lineno:
            return ""
        return self.lines[line - 1][node.col_offset : node.end_col_offset]

    def mentions(self, word: str) -> bool:
        """Whether a name of the text may be `word`; in other alphabets it can be spelled in ways of its own."""
        return not self.ascii or any(word in line for line in self.lines)

    def position(self, node: ast.AST) -> tuple[int, int]:
        """Line and column in characters, both from 1. Python's parser counts UTF-8 bytes."""
        line = max(1, getattr(node, "lineno", 1))
        offset = max(0, getattr(node, "col_offset", 0))
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        return line, len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")) + 1


def parse(text: str) -> Parsed:
    """The assignments of a program. Never raises for a text; `errors` says what is wrong with it."""
    # Python's parser ends lines at these alone, unlike str.splitlines.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    parsed = Parsed(text.split("\n"), ascii=text.isascii())
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        message = f"the program has {size} bytes; at most {MAX_BYTES} are allowed"
        parsed.errors.append(Diagnostic("F002", 1, 1, message, "split it into several strategies"))
        parsed.broken = True
        return parsed
    tree = _tree(parsed)
    if tree is None:
        return parsed
    for statement in tree.body:
        _statement(parsed, statement)
    return parsed


def _tree(parsed: Parsed) -> ast.Module | None:
    """The syntax tree; a line with an error is blanked and the rest tried, so that more errors are seen."""
    lines = list(parsed.lines)
    for _ in range(_MAX_SYNTAX_ERRORS):
        found = _try("\n".join(lines))
        if isinstance(found, ast.Module):
            return found
        parsed.broken = True
        diagnostic = _syntax_error(parsed, found)
        parsed.errors.append(diagnostic)
        index = diagnostic.line - 1
        if not isinstance(found, SyntaxError) or index >= len(lines) or not lines[index].strip():
            return None
        if "was never closed" in diagnostic.message or "unterminated" in diagnostic.message:
            # Where the expression was meant to end is not known, so what follows would only confuse.
            return None
        lines[index] = ""
    return None


def _try(text: str) -> ast.Module | Exception:
    try:
        # The parser counts its depth once for all threads, and fails where two of them parse together.
        with _ONE_AT_A_TIME:
            if not _MAY_WARN.search(text):
                return _parsed(text)
            with warnings.catch_warnings():
                # "invalid escape sequence" and the like are about code that runs; this does not.
                warnings.simplefilter("ignore")
                return _parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        return error


def _parsed(text: str) -> ast.Module:
    # To quote the line of a syntax error the parser opens the file of this name; there is none of no name.
    return ast.parse(text, "")


def _syntax_error(parsed: Parsed, error: Exception) -> Diagnostic:
    if isinstance(error, RecursionError | MemoryError):
        hint = "give parts a name of their own"
        return Diagnostic("F003", 1, 1, "the program is nested too deeply", hint)
    if not isinstance(error, SyntaxError):
        for number, content in enumerate(parsed.lines, 1):
            for column, letter in enumerate(content, 1):
                if letter == "\0" or "\ud800" <= letter <= "\udfff":
                    return Diagnostic("F001", number, column, "a character here is not text", "remove it")
        return Diagnostic("F001", 1, 1, f"the program cannot be read: {error}", "")
    line = min(max(1, int(error.lineno or 1)), len(parsed.lines))
    text = parsed.lines[line - 1]
    column = min(max(1, int(error.offset or 1)), len(text) + 1)
    message = (error.msg or "invalid syntax").split("(<unknown>")[0].strip()
    if "too many nested parentheses" in message:
        return Diagnostic("F003", line, column, "the program is nested too deeply", "name its parts")
    if "integer string conversion" in message:
        return Diagnostic("F024", line, column, "the number is too large", "constants are finite numbers")
    return Diagnostic("F001", line, column, f"the syntax is wrong: {message}", _syntax_hint(text))


def _syntax_hint(text: str) -> str:
    code = text.split("#", 1)[0]
    for sign, hint in habits.SYNTAX:
        # An exclamation mark is right where it begins "!=".
        if sign in (code.replace("!=", "") if sign == "!" else code):
            return hint
    if code.rstrip().endswith((" and", " or", " not", "=", "<", ">", "+", "-", "*", "/", ",")):
        return "the line ends too early; to go on over lines put the expression in parentheses"
    if code.count("(") != code.count(")"):
        return "the parentheses on this line do not balance"
    return "a program is a list of lines such as: match = ta.rsi(close, 14) < 30"


def may_be_deep(text: str, most: int = MAX_DEPTH) -> bool:
    """Whether `text`, if it is known, has signs and words enough for `most` expressions inside each other."""
    signs = len(text) - len(text.translate(_SIGNS)) + text.count("[") + 2 * text.count("{")
    return not text or signs + sum(map(text.count, _NESTING_WORDS)) >= most


def _too_deep(value: ast.expr) -> bool:
    """Whether more than MAX_DEPTH expressions lie inside each other. Level by level, so that it cannot recurse."""
    level: list[ast.AST] = [value]
    for _ in range(MAX_DEPTH):
        below: list[ast.AST] = []
        for node in level:
            _children(node, below)
        if not below:
            return False
        level = below
    return True


def _children(node: ast.AST, found: list[ast.AST]) -> None:
    """Add the expressions directly below `node`, those that a keyword or the like holds included."""
    for name in node._fields:
        value = getattr(node, name)
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, ast.expr):
                found.append(child)
            elif isinstance(child, ast.AST) and child._fields:
                _children(child, found)


_STATEMENTS: Final[dict[type[ast.stmt], tuple[str, str]]] = {
    ast.If: ("if statements", "write a value as: a if cond else b"),
    ast.For: ("loops", "windows look back: within(cond, n), highest(x, n), sum(x, n)"),
    ast.While: ("loops", "windows look back: within(cond, n), highest(x, n), sum(x, n)"),
    ast.FunctionDef: ("functions of your own", "give the expression a name: x = ..."),
    ast.ClassDef: ("classes", "give the expression a name: x = ..."),
    ast.Import: ("imports", "everything is there without an import: ta.rsi(close, 14)"),
    ast.ImportFrom: ("imports", "everything is there without an import: ta.rsi(close, 14)"),
    ast.Return: ("return", "assign the condition: match = ..."),
    ast.AugAssign: ("changing a name", "give the new value a new name"),
    ast.AnnAssign: ("type annotations", "write name = expression"),
    ast.Assert: ("assert", "assign the condition: match = ..."),
    ast.Delete: ("del", "leave it out"),
    ast.Try: ("try", "an unknown value is tested with na(x)"),
    ast.With: ("with", "leave it out"),
    ast.Pass: ("pass", "leave it out"),
    ast.Global: ("global", "leave it out"),
}


def _statement(parsed: Parsed, statement: ast.stmt) -> None:
    line, column = parsed.position(statement)

    def wrong(code: str, message: str, hint: str) -> None:
        parsed.errors.append(Diagnostic(code, line, column, message, hint))

    if isinstance(statement, ast.Expr):
        if isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str):
            wrong("F006", "a text of its own means nothing", "comments begin with #")
        else:
            wrong("F006", "the value of this line is not used", "assign it: match = ...")
        return
    if not isinstance(statement, ast.Assign):
        what, hint = _STATEMENTS.get(type(statement), ("this statement", "a line is: name = expression"))
        wrong("F006", f"{what} cannot be used in a filter", hint)
        return
    if len(statement.targets) != 1:
        wrong("F007", "only one name can be assigned on a line", "a comparison is written ==")
        return
    target = statement.targets[0]
    if not isinstance(target, ast.Name):
        hint = "name the whole, then read its outputs: bb = ta.bbands(close, 20, 2), then bb.lower"
        wrong("F007", "only a plain name can be assigned", hint if isinstance(target, ast.Tuple) else "")
        return
    if may_be_deep(parsed.segment(statement.value)) and _too_deep(statement.value):
        message = f"the expression is nested more than {MAX_DEPTH} deep"
        wrong("F003", message, "give parts a name of their own")
        # The name exists, its value does not: say nothing more about it.
        parsed.broken = True
        return
    parsed.assignments.append(Assignment(target.id, statement.value, line, column))
