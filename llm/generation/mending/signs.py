"""Rules for what cannot be read, or is no assignment: each gives the programs that a diagnostic may mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from llm.generation.mending.lines import HIDDEN, Lines
from screener import Diagnostic
from screener.language.expressions import BUILT_IN

MOST_PLACES: Final = 60
"""Places that a missing or needless bracket is tried at."""
_SIGNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (r"[“”„]", '"'),
        (r"[‘’]", "'"),
        (r"\s*&&\s*", " and "),
        (r"\s*\|\|\s*", " or "),
        (r"\bAND\b", "and"),
        (r"\bOR\b", "or"),
        (r"\bNOT\b", "not"),
        (r"!(?!=)\s*", "not "),
        (r"≥", ">="),
        (r"≤", "<="),
        (r"≠|<>", "!="),
        (r"=<", "<="),
        (r"(?<=[\w)\]])(\s*)=>", r"\1>="),
        (r"[\u2212\u2013]", "-"),
        (r"×", "*"),
        (r"÷", "/"),
        (r"^(\s*)(?:var|varip|const|let|bool|float|int)\s+(?=[^\W\d]\w*\s*:?=)", r"\1"),
        (r":=", "="),
        (r"\bis\s+above\b", ">"),
        (r"\bis\s+below\b", "<"),
        (r"\btf\(\s*(\d+[mhdwM])\s*\)", r'tf("\1")'),
        (r"(?:^|(?<=\s))//(?=.*$)", "#"),
    )
)
_BITS: Final = {
    "&": (re.compile(r"\s*&\s*"), " and "),
    "|": (re.compile(r"\s*\|\s*"), " or "),
    "~": (re.compile(r"~\s*"), "not "),
    "is": (re.compile(r"\bis\b(?!\s+not\b)"), "=="),
    "is not": (re.compile(r"\bis\s+not\b"), "!="),
}
_BEGINS: Final = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")
_GOES_ON: Final = re.compile(r"\s*(?:(?:and|or)\b|[-+*/<>=)\]])")
_ENDS_EARLY: Final = re.compile(r"(?:\b(?:and|or|not)|[-+*/<>=,])\s*$")
_IMPORTS: Final = re.compile(rf"\s*(?:import|from)\s[\w .,*]*{HIDDEN}*")
_EQUALS: Final = re.compile(r"(?<![<>=!:])=(?!=)")
_OPEN, _SHUT = "([{", ")]}"
_PAIRS: Final = dict(zip(_SHUT, _OPEN, strict=True))
_OTHER: Final = dict(zip(_OPEN, _SHUT, strict=True))


def meant(wrong: Diagnostic, program: Lines) -> Iterator[Lines]:
    """The programs that a diagnostic of syntax may mean, best known first; none where no rule knows it."""
    message, line = wrong.message, wrong.line
    if wrong.code == "F001":
        yield from _unreadable(message, line, wrong.column, program)
    elif wrong.code == "F007":
        yield from _compared(line, program)
    elif wrong.code == "F010" and (named := re.search(r"call it match instead of (\w+)$", wrong.hint)):
        yield _renamed(program, named.group(1), "match")
    elif wrong.code == "F006":
        yield from _no_assignment(message, line, program)


def _unreadable(message: str, line: int, column: int, program: Lines) -> Iterator[Lines]:
    signs = program
    for pattern, new in _SIGNS:
        signs = signs.replaced(line, pattern, new)
    if signs != program:
        yield signs
        return
    if "was never closed" in message:
        yield from _closed(line, column, program)
    elif "unmatched" in message:
        yield from _unopened(line, program)
    elif "does not match opening parenthesis" in message:
        yield from _other_bracket(line, column, program)
    elif "unterminated string" in message:
        yield from _closed_text(line, program)
    elif "cannot assign" in message or "Maybe you meant '=='" in message:
        yield from _compared(line, program)
    elif "indent" in message:
        yield from _joined(line - 1, program) if _GOES_ON.match(program.seen(line)) else _moved_left(line, program)
    elif _ENDS_EARLY.search(program.seen(line).rstrip(HIDDEN + " ")):
        yield from _joined(line, program)


def _closed(line: int, column: int, program: Lines) -> Iterator[Lines]:
    """The bracket that opens at `column` closed at every place where that can be."""
    row = program.seen(line)
    opened = row[column - 1 : column]
    if opened not in _OTHER or not _ends(line, program):
        return
    end = len(row.rstrip(HIDDEN + " "))
    places = [m.end() for m in re.finditer(r"[\w.]+|\S", row[:end]) if m.end() > column]
    if len(places) <= MOST_PLACES:
        yield from (program.cut(line, at, at, _OTHER[opened]) for at in places)


def _ends(line: int, program: Lines) -> bool:
    """Whether the next line that says something begins an assignment, or there is none: this one ends its own."""
    following = (program.seen(n) for n in range(line + 1, len(program.rows) + 1))
    said = next((row for row in following if row.strip(HIDDEN + " ")), "")
    return not said or _BEGINS.match(said) is not None


def _unopened(line: int, program: Lines) -> Iterator[Lines]:
    """Without one of the closing brackets, whichever."""
    places = [at for at, letter in enumerate(program.seen(line)) if letter in _SHUT]
    if len(places) <= MOST_PLACES:
        yield from (program.cut(line, at, at + 1, "") for at in places)


def _other_bracket(line: int, column: int, program: Lines) -> Iterator[Lines]:
    """The closing bracket of the kind that was opened."""
    row = program.seen(line)
    waiting: list[str] = []
    for at, letter in enumerate(row):
        if letter in _OPEN:
            waiting.append(letter)
        elif letter in _SHUT and waiting and waiting.pop() != _PAIRS[letter]:
            opened = next((o for o in reversed(row[:at]) if o in _OPEN and _OTHER[o] != letter), "")
            if at == column - 1 and opened:
                yield program.cut(line, at, at + 1, _OTHER[opened])
            return


def _closed_text(line: int, program: Lines) -> Iterator[Lines]:
    found = re.search(r"\b(?:tf|symbol)\(\s*([\"'])(\w+)(?=\))", program.row(line))
    if found is not None:
        yield program.cut(line, found.end(), found.end(), found.group(1))


def _compared(line: int, program: Lines) -> Iterator[Lines]:
    """Every `=` that assigns nothing, nor names an argument, as `==`."""
    row = program.seen(line)
    first = _BEGINS.match(row)
    places: list[int] = []
    called: list[bool] = []
    for at, letter in enumerate(row):
        if letter in _OPEN:
            called.append(letter == "(" and bool(re.search(r"[\w)\]]$", row[:at])))
        elif letter in _SHUT and called:
            called.pop()
        elif letter == "=" and _EQUALS.match(row, at) and not any(called[-1:]):
            places.append(at)
    names = [m.group(1) for m in re.finditer(r"(?<==)\s*([^\W\d]\w*)\s*(?==)", row)]
    known = BUILT_IN | program.assigned().keys()
    if first is not None:
        places = places[1:]
    # A chain of new names assigns them all; a name that is known already is compared.
    if not places or not set(names) <= known:
        return
    changed = program
    for at in reversed(places):
        changed = changed.cut(line, at, at + 1, "==")
    yield changed


def _joined(line: int, program: Lines) -> Iterator[Lines]:
    """A line with what the next one goes on with."""
    following = next((n for n in range(line + 1, len(program.rows) + 1) if program.row(n).strip()), 0)
    seen = program.seen(line)
    if line < 1 or not following or _BEGINS.match(program.seen(following)) or seen.rstrip(" ").endswith(HIDDEN):
        return
    rows = program.rows
    one = f"{rows[line - 1].rstrip()} {rows[following - 1].strip()}"
    yield Lines((*rows[: line - 1], one, *rows[following:]))


def _moved_left(line: int, program: Lines) -> Iterator[Lines]:
    yield program.with_row(line, program.row(line).lstrip())


def _no_assignment(message: str, line: int, program: Lines) -> Iterator[Lines]:
    row = program.row(line)
    sign = re.match(r"'([^']+)' cannot be used", message)
    if sign is not None and sign.group(1) in _BITS:
        pattern, new = _BITS[sign.group(1)]
        yield program.replaced(line, pattern, new)
    elif message.startswith("imports cannot"):
        last = line
        while _IMPORTS.fullmatch(program.seen(last)):
            last += 1
        if last > line:
            yield Lines((*program.rows[: line - 1], *program.rows[last - 1 :]))
    elif message.startswith("type annotations") and (typed := re.match(r"\s*(\w+)\s*:\s*\w+\s*=", row)):
        yield program.with_row(line, f"{typed.group(1)} ={row[typed.end() :]}")
    elif call := re.match(r"'(\w+)' is a (?:value|series) and cannot be called", message):
        yield program.replaced(line, re.compile(rf"(?<![\w.]){call.group(1)}\(\s*\)"), call.group(1))
    elif "match" not in program.assigned():
        result = re.match(r"\s*return\b", row) if message.startswith("return") else None
        if result is not None:
            yield program.with_row(line, f"match ={row[result.end() :]}")
        elif message.startswith("the value of this line is not used") and _only(line, program):
            compared = re.match(r"\s*match\s*==", row)
            yield program.with_row(line, f"match ={row[compared.end() :]}" if compared else f"match = {row.strip()}")


def _only(line: int, program: Lines) -> bool:
    """Whether this is the only line that is no assignment."""
    said = [n for n in range(1, len(program.rows) + 1) if program.seen(n).strip(HIDDEN + " ")]
    return [n for n in said if not _BEGINS.match(program.seen(n))] == [line]


def _renamed(program: Lines, name: str, new: str) -> Lines:
    """A name of the program's own, wherever it stands by itself."""
    # Not where it names an argument: ta.macd(close, signal=5).
    pattern = re.compile(rf"^{name}(?=\s*=)|(?<![\w.]){name}(?!\w|\s*=(?!=))")
    for number in range(1, len(program.rows) + 1):
        program = program.replaced(number, pattern, new)
    return program
