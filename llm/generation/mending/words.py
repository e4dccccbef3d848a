"""Rules for names, arguments, outputs and intervals: each gives the programs that a diagnostic may mean.

A word that only looks like a known one is taken for it where no other known word looks as much like it, and where the
letters differ as they do when somebody mistypes: `rsii` and `clsoe`, not `smi` for `sma`, which is another indicator.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from typing import Final

from llm.generation.mending.lines import Lines
from screener import Diagnostic
from screener.external.catalogue import EXTERNALS
from screener.intervals import SERIES
from screener.language import habits
from screener.language.expressions import BUILT_IN
from screener.vocabulary.indicators import INDICATORS
from screener.vocabulary.patterns import PATTERNS

_LONG: Final = 8
"""Letters from which on a word may differ in two."""
_SHORT, _SHORT_INDICATOR = 4, 6
"""Letters below which letters may be doubled or in another order, and nothing else: ZLMA and ZLSMA are two things."""
_NOT_THE_SAME: Final = frozenset({"plus_di", "minus_di", "di", "dmi", "bbw"})
"""Words for one output of an indicator, of which the compiler names the whole."""
_LENGTHS: Final = frozenset({"length", "n", "period", "timeperiod", "window", "len", "periods", "span"})
_WRITE: Final = re.compile(r"write ([A-Za-z_][\w.]*)(?:\((?:a, b|x, n|cond|cond, x, k)\))?$")
_OF_THREE: Final = re.compile(r"(?<![\w.])(?:df|data|self)(?:\.(\w+)\b(?!\()|\[\s*[\"'](\w+)[\"']\s*\])")
_PANDAS: Final = {"mean": "avg", "max": "highest", "min": "lowest", "sum": "sum"}


def meant(wrong: Diagnostic, program: Lines) -> Iterator[Lines]:
    """The programs that a diagnostic of words may mean; none where no rule knows it."""
    match wrong.code:
        case "F012":
            yield from _unknown(wrong, program)
        case "F013":
            yield from _arguments(wrong, program)
        case "F014":
            if "the series comes first" in wrong.hint:
                yield from _series_first(wrong, program)
        case "F015":
            if "compares numbers, not conditions" in wrong.message:
                yield from _itself(wrong, program)
        case "F016" | "F017":
            yield from _outputs(wrong, program)
        case "F019":
            if found := re.fullmatch(r'write tf\("(\w+)"\)', wrong.hint):
                yield from _interval(wrong, program, found.group(1))


def _unknown(wrong: Diagnostic, program: Lines) -> Iterator[Lines]:
    named = re.search(r"'([^']+)'", wrong.message)
    if named is None:
        return
    name, hint, line = named.group(1), wrong.hint, wrong.line
    if hint == "move its line up":
        yield from _moved_up(name, line, program)
    elif suggested := re.search(r"did you mean '([\w.]+)'\?", hint):
        if meant_for(name, suggested.group(1), _known(wrong.message, program)):
            yield from _put(name, suggested.group(1), wrong, program)
    elif found := re.search(r"indicators are written (ta\.\w+)\(", hint):
        if name.lower() not in _NOT_THE_SAME:
            yield from _put(name, found.group(1), wrong, program)
    elif found := re.fullmatch(r"write (\w+)\(\.\.\.\) without (\w+)\.", hint):
        yield from _prefix_off(found.group(2), found.group(1), line, program)
    elif found := re.fullmatch(r"write (?:\S*\.)?cdl\.(\w+)\(\)", hint):
        known = "" if re.search(rf"cdl\.{re.escape(name)}\b", program.seen(line)) else "cdl."
        pattern = re.compile(rf"(?<!\w)(?:ta\.)?(?<![\w]){re.escape(name)}\b(?:\(\s*\))?")
        yield program.replaced(line, pattern, f"{known}{found.group(1)}()")
    elif found := re.fullmatch(r"write (?:\S*\.)(\w+)\(\.\.\.\)", hint):
        if name.lower() not in _NOT_THE_SAME:
            yield from _put(name, found.group(1), wrong, program)
    elif hint.startswith("series are written by name"):
        if _frames(line, program):
            yield program.with_row(line, _OF_THREE.sub(lambda m: (m[1] or m[2]).lower(), program.row(line)))
    elif found := _WRITE.fullmatch(hint):
        yield from _put(name, found.group(1), wrong, program)


def _known(message: str, program: Lines) -> Collection[str]:
    """The words that a name may have been meant to be."""
    if "candlestick pattern" in message:
        return PATTERNS.keys()
    if "unknown indicator" in message:
        return {*INDICATORS, *EXTERNALS}
    return {*BUILT_IN, *INDICATORS, *program.assigned()}


def meant_for(word: str, wanted: str, known: Collection[str]) -> bool:
    """Whether a word is `wanted` mistyped, and no other word of `known`."""
    wanted = wanted.rpartition(".")[2]
    lowered, goal = word.lower(), wanted.lower()
    if lowered == goal:
        return True
    apart = _apart(lowered, goal)
    most = 2 if min(len(lowered), len(goal)) >= _LONG else 1
    short = _SHORT_INDICATOR if goal in INDICATORS or goal in EXTERNALS else _SHORT
    if apart > most or (min(len(lowered), len(goal)) < short and not _slipped(lowered, goal)):
        return False
    return all(_apart(lowered, other.lower()) > apart for other in known if other.lower() != goal)


def _slipped(word: str, goal: str) -> bool:
    """Whether letters were doubled, or stand in the other order."""
    return sorted(word) == sorted(goal) or re.sub(r"(.)\1+", r"\1", word) == re.sub(r"(.)\1+", r"\1", goal)


def _apart(one: str, two: str, most: int = 3) -> int:
    """How many letters are to be added, left out, replaced or swapped with the next; `most` where it is more."""
    if abs(len(one) - len(two)) >= most:
        return most
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(two, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == two[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return min(most, row[-1])


def _put(name: str, new: str, wrong: Diagnostic, program: Lines) -> Iterator[Lines]:
    """Another word in the place of a name that means nothing, wherever it stands; of what stands behind a point, at the
    diagnostic's place alone."""
    if re.match(r"unknown (?:name|function) ", wrong.message) and program.seen(wrong.line)[
        wrong.column - 1 :
    ].startswith(name):
        pattern = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w|\s*=(?!=))")
        for number in range(1, len(program.rows) + 1):
            program = program.replaced(number, pattern, new)
        yield program
        return
    seen = program.seen(wrong.line)
    found = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)").search(seen, wrong.column - 1)
    if found is not None:
        yield program.cut(wrong.line, found.start(), found.end(), new)


def _prefix_off(prefix: str, name: str, line: int, program: Lines) -> Iterator[Lines]:
    pattern = re.compile(rf"(?<![\w.])(?:{re.escape(prefix)}|math|np|numpy|talib|pta)\.(?={re.escape(name)}\()")
    yield program.replaced(line, pattern, "")


def _frames(line: int, program: Lines) -> bool:
    """Whether all that a line reads of a data frame are series by name."""
    row = program.row(line)
    found = [(m.group(1) or m.group(2)).lower() for m in _OF_THREE.finditer(row)]
    frames = re.findall(r"(?<![\w.])(?:df|data|self)\b", program.seen(line))
    return bool(found) and len(found) == len(frames) and set(found) <= set(SERIES)


def _moved_up(name: str, line: int, program: Lines) -> Iterator[Lines]:
    at = program.assigned().get(name, 0)
    opened = sum(program.seen(at).count(b) for b in "([{") - sum(program.seen(at).count(b) for b in ")]}")
    if at > line and not opened:
        moved = program.row(at)
        yield program.with_row(at).with_row(line, moved, program.row(line))


def _arguments(wrong: Diagnostic, program: Lines) -> Iterator[Lines]:
    message, hint, line = wrong.message, wrong.hint, wrong.line
    if found := re.fullmatch(r"\S+ has no argument '(\w+)'", message):
        name, suggested = found.group(1), re.fullmatch(r"did you mean '(\w+)'\?", hint)
        if suggested is None:
            return
        wanted = suggested.group(1)
        alike = habits.ARGUMENTS.get(name.lower()) == wanted or (name.lower() in _LENGTHS and wanted in _LENGTHS)
        before = re.search(rf"(?<!\w){name}(?=\s*=\s*$)", program.seen(line)[: wrong.column - 1])
        if before is not None and (alike or meant_for(name, wanted, ())):
            yield program.cut(line, before.start(), before.end(), wanted)
    elif found := re.fullmatch(r"write cdl\.(\w+)\(\)", hint):
        pattern = re.compile(rf"(?<=cdl\.){found.group(1)}\b(?!\()")
        yield program.replaced(line, pattern, f"{found.group(1)}()")
    elif hint.startswith("leave them out"):
        yield from _without_candles(wrong, program)


def _without_candles(wrong: Diagnostic, program: Lines) -> Iterator[Lines]:
    """A call without the series that its indicator reads by itself."""
    for call in program.calls_at(wrong.line, wrong.column):
        first, _ = program.span(call)
        if first != wrong.column - 1 or not call.args:
            continue
        count = 0
        for argument in call.args:
            if not (isinstance(argument, ast.Name) and argument.id in SERIES):
                break
            count += 1
        if count:
            start = program.span(call.args[0])[0]
            rest = [*call.args[count:], *(k.value for k in call.keywords)]
            row = program.row(wrong.line)
            end = program.span(call)[1] - 1
            if rest:
                end = program.span(rest[0])[0]
                if count == len(call.args):
                    end = start + row[start:end].rindex(str(call.keywords[0].arg))
            yield program.cut(wrong.line, start, end, "")
            return


def _series_first(wrong: Diagnostic, program: Lines) -> Iterator[Lines]:
    """`ta.rsi(14)` as `ta.rsi(close, 14)`, `ta.rsi(14, close)` with its arguments in their order."""
    for call in program.calls_at(wrong.line, wrong.column):
        if not call.args or call.keywords or program.span(call.args[0])[0] != wrong.column - 1:
            continue
        start, end = program.span(call.args[0])
        row = program.row(wrong.line)
        if len(call.args) == 1:
            yield program.cut(wrong.line, start, start, "close, ")
        elif isinstance(call.args[1], ast.Name | ast.Call | ast.Attribute):
            second, last = program.span(call.args[1])
            swapped = f"{row[second:last]}{row[end:second]}{row[start:end]}"
            yield program.cut(wrong.line, start, last, swapped)
        return


def _itself(wrong: Diagnostic, program: Lines) -> Iterator[Lines]:
    """A condition instead of its comparison with true."""
    pattern = re.compile(r"\s*(?:==\s*True|!=\s*False)\b")
    if len(pattern.findall(program.seen(wrong.line))) == 1:
        yield program.replaced(wrong.line, pattern, "")


def _outputs(wrong: Diagnostic, program: Lines) -> Iterator[Lines]:
    line = wrong.line
    if found := re.fullmatch(r"\w+ has no output '(\w+)'", wrong.message):
        name, written = found.group(1), re.fullmatch(r"write \.(\w+)", wrong.hint)
        names = [written.group(1)] if written else re.findall(r"\.(\w+)", wrong.hint)
        fitting = names if written else [n for n in names if meant_for(name, n, names)]
        at = re.compile(rf"\.\s*{name}\b(?!\()").search(program.seen(line), wrong.column - 1)
        if at is not None and len(fitting) == 1:
            yield program.cut(line, at.start(), at.end(), f".{fitting[0]}")
        return
    shifted = re.compile(r"((?<![\w.])[^\W\d][\w.]*)\.shift\(\s*(?:periods\s*=\s*)?(\d+)\s*\)")
    rolled = re.compile(r"((?<![\w.])[^\W\d]\w*)\.rolling\(\s*(\d+)\s*\)\.(mean|max|min|sum)\(\s*\)")
    if "'.shift(...)'" in wrong.message:
        yield program.replaced(line, shifted, r"\1[\2]")
    elif "'.rolling(...)'" in wrong.message:
        yield program.replaced(line, rolled, lambda m: f"{_PANDAS[m.group(3)]}({m.group(1)}, {m.group(2)})")


def _interval(wrong: Diagnostic, program: Lines, label: str) -> Iterator[Lines]:
    named = re.fullmatch(r"unknown interval '([^']*)'", wrong.message)
    if named is None:
        return
    row = program.row(wrong.line)
    at = re.compile(rf"([\"']){re.escape(named.group(1))}\1").search(row, wrong.column - 1)
    if at is not None:
        yield program.cut(wrong.line, at.start() + 1, at.end() - 1, label)
