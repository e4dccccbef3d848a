"""Changing and explaining a program by code: what the offline translator answers after edits.

1. `rewritten` writes each edited condition anew and keeps the rest of the program: the names, how the conditions hang
   together where their number is the same, the exit, the stop, the target. What an edited text says of the exit, the
   stop, the target or the holding time takes the place of what the program said of it.
2. `explained` is the compiler's own reading.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from llm.phrasebook.edited import Edited, read_edited, why_refused
from llm.phrasebook.meaning.code import quantity
from llm.phrasebook.meaning.types import Direction
from llm.phrasebook.sentences.trade import Exits
from llm.phrasebook.sentences.trade_code import stop_code, target_code
from screener import FilterError, Program, compile_filter

_RESULTS = ("match", "exit", "stop", "target", "score")
_LINE = re.compile(r"^\s*([A-Za-z_]\w*)\s*=(?!=)\s*(.+)$")
_WORD = re.compile(r"[A-Za-z_]\w*")
_JOINS = re.compile(r" (?:and|or|if) ")
_DISTANCE = re.compile(r"\d+(?:\.\d+)? \* ta\.atr\(\d+\)\)?")
_HOLD = re.compile(r"trade\.bars\s*>=?\s*\d+")
# The steps of reading that one condition, and all of an edit together, may take: several times what honest ones do.
MAX_OF_ONE, MAX_OF_ALL = 40_000, 200_000


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A program after edits; `code` is empty where there is none, and `problems` say why. `sources` are each name and
    its sentence."""

    code: str
    assumptions: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()


class _Before:
    """The program before the edit: its lines by name, the names that its match and its exit are made of."""

    def __init__(self, code: str, interval: str, symbols: Collection[str] | None) -> None:
        program = _compiled(code, interval, symbols)
        lines = code.splitlines() if program is not None else []
        self.codes = {found.group(1): found.group(2) for line in lines if (found := _LINE.match(line))}
        self.entry = self._entry_names()
        conditions = program.conditions if program is not None else ()
        self._readings = {_plain(condition.reading): condition.name for condition in conditions}

    def named(self, text: str) -> str | None:
        """The condition whose reading this is, word for word."""
        name = self._readings.get(_plain(text))
        return name if name in self.codes else None

    def written(self, code: str, taken: Collection[str]) -> str:
        """The name of the condition of the entry that is this very code, "" where none is or it is taken."""
        return next((name for name in self.entry if self.codes[name] == code and name not in taken), "")

    def parts_of(self, text: str) -> tuple[str, list[str]] | None:
        """Where this is the reading of a match that joins named conditions: the expression and the names."""
        joined = self._readings.get(_plain(text), "")
        names = [word for word in _WORD.findall(joined) if word not in ("and", "or", "not")]
        return (joined, names) if len(names) > 1 and set(names) <= set(self.codes) else None

    @property
    def joined_by(self) -> str | None:
        """ "and" or "or" where the match is its conditions and nothing else, else None."""
        words = {word for word in _WORD.findall(self.codes.get("match", "")) if word not in self.codes}
        return None if len(words) > 1 or "(" in self.codes.get("match", "") else next(iter(words), "and")

    def exit_parts(self) -> tuple[list[str], list[str]]:
        """The alternatives of the exit: conditions, and holding times."""
        code = self.codes.get("exit", "")
        if not code:
            return [], []
        try:
            tree = ast.parse(code, mode="eval").body
        except SyntaxError:  # It goes on in the next line.
            return [code], []
        alternatives = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.Or) else [tree]
        parts = [ast.get_source_segment(code, part) or "" for part in alternatives]
        if not all(parts):
            return [code], []
        return [p for p in parts if not _HOLD.fullmatch(p)], [p for p in parts if _HOLD.fullmatch(p)]

    def _entry_names(self) -> list[str]:
        found = dict.fromkeys(_WORD.findall(self.codes.get("match", "")))
        return [name for name in found if name in self.codes and name not in _RESULTS]


@dataclass(slots=True)
class _Edit:
    """What the edited texts say, in order: (name kept or "", code, text) of each entry, (code, text) of each exit;
    `of_all` name the strategy's own interval and nothing else."""

    entries: list[tuple[str, str, str]] = field(default_factory=list)
    leaving: list[tuple[str, str]] = field(default_factory=list)
    exits: Exits = field(default_factory=Exits)
    hold: int | None = None
    sources: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    of_all: list[str] = field(default_factory=list)

    def take(self, text: str, found: Edited, before: _Before) -> None:
        """Add what a text says; a condition that is one of the program before keeps its name."""
        self.notes.extend(found.notes)
        self.unread.extend(found.left_over)
        if found == Edited(effort=found.effort):
            self.of_all.append(text)
        if found.problem:
            self.problems.append(f"“{' '.join(text.split())[:120]}”: {found.problem}.")
            return
        if found.entry:
            name = before.written(found.entry, {name for name, _, _ in self.entries})
            self.entries.append((name, found.entry, text))
        if found.leaving:
            self.leaving.append((found.leaving, text))
        for result in ("stop", "target"):
            level = getattr(found.exits, result)
            if level is not None:
                setattr(self.exits, result, level)
                self.sources.append((result, text))
        if found.hold is not None:
            self.hold = found.hold
            self.sources.append(("exit", text))


def rewritten(
    conditions: Sequence[str],
    previous: str,
    interval: str,
    symbols: Collection[str] | None = None,
    direction: Direction = "long",
) -> Rewritten:
    """`previous` with its conditions as edited; each of `conditions` is one sentence."""
    before = _Before(previous, interval, symbols)
    edit = _Edit()
    spent = 0
    for text in conditions:
        kept = before.named(text)
        if kept is not None and all(name != kept for name, _, _ in edit.entries):
            edit.entries.append((kept, before.codes[kept], text))
            continue
        whole = before.parts_of(text)
        if whole is not None:
            if len(conditions) <= len(whole[1]) and not {before.named(other) for other in conditions} & set(whole[1]):
                edit.entries.append(("", whole[0], text))
            else:  # Its parts stand in conditions of their own.
                edit.of_all.append(text)
            continue
        left = min(MAX_OF_ONE, MAX_OF_ALL - spent)
        found = _TANGLED if left <= 0 else read_edited(text, interval, symbols, direction, left)
        spent += found.effort
        edit.take(text, found, before)
    unread = tuple(dict.fromkeys(edit.unread))
    if not edit.entries:
        ends = edit.leaving or edit.hold is not None or edit.exits.stop or edit.exits.target
        problems = ["What is left only ends a trade; write at least one condition that begins one."] if ends else []
        return Rewritten(
            "", (), unread or tuple(text[:200] for text in conditions), problems=(*edit.problems, *problems)
        )
    entries, match = _entry(edit, before)
    edit.sources.extend((entries[0][0], text) for text in edit.of_all)
    results = _results(edit, before, direction, interval)
    code = _program(before, entries, match, results)
    refused = why_refused(code, interval, symbols)
    if refused is not None and any(name not in _edited_results(edit) for name in results):
        results = {name: text for name, text in results.items() if name in _edited_results(edit)}
        code = _program(_Before("", interval, symbols), entries, match, results)
        edit.notes.append("The exit, stop and target of the program before could not be kept.")
        refused = why_refused(code, interval, symbols)
    if refused is not None:
        words = tuple(" ".join(text.split())[:200] for text in conditions)
        return Rewritten("", (), words, problems=(*edit.problems, f"Together the conditions are no filter: {refused}."))
    notes = dict.fromkeys([*edit.notes, *(f"Not used: {problem}" for problem in edit.problems)])
    return Rewritten(code, tuple(notes), unread, tuple(edit.sources), tuple(edit.problems))


_TANGLED = Edited(problem="the conditions before it are too tangled to read more of them", left_over=())


def _entry(edit: _Edit, before: _Before) -> tuple[list[tuple[str, str]], str]:
    """The entry's conditions with their names, and the match. The names and the match stay where their number does."""
    same = len(edit.entries) == len(before.entry) and not edit.problems
    kept = {name for name, _, _ in edit.entries if name}
    free = [name for name in before.entry if name not in kept]
    entries = []
    for at, (name, code, text) in enumerate(edit.entries, 1):
        if not name:
            name = free.pop(0) if same else _fresh(f"condition_{at}", {*before.codes, *kept})
        entries.append((name, code))
        edit.sources.append((name, text))
    if same:
        return entries, before.codes["match"]
    joined = before.joined_by
    if joined == "or":
        edit.notes.append("The number of conditions changed: any of them has to be true, as before.")
    elif joined is None:
        edit.notes.append("The number of conditions changed: all of them have to be true.")
    return entries, f" {'or' if joined == 'or' else 'and'} ".join(name for name, _ in entries)


def _results(edit: _Edit, before: _Before, direction: Direction, interval: str) -> dict[str, str]:
    """The exit, stop, target and score: as edited, else as they were."""
    found = {name: before.codes[name] for name in ("exit", "stop", "target", "score") if name in before.codes}
    for result in ("stop", "target"):
        turned = _turned(found.get(result, ""), result, direction)
        if turned:
            found[result] = turned
            edit.notes.append(f"The {result} of the program before was turned to the side of a {direction}.")
    if edit.leaving or edit.hold is not None:
        ways, holds = before.exit_parts()
        if edit.leaving:
            if ways:
                edit.notes.append("The edited exit takes the place of the one before.")
            ways = [code for code, _ in edit.leaving]
            edit.sources.extend(("exit", text) for _, text in edit.leaving)
        holds = holds if edit.hold is None else [f"trade.bars >= {edit.hold}"]
        found["exit"] = " or ".join(
            f"({way})" if _JOINS.search(way) and len(ways + holds) > 1 else way for way in ways + holds
        )
    stop, target = edit.exits.stop, edit.exits.target
    if target is not None and target.kind == "risk" and stop is None:
        edit.exits.target = None
        if "stop" in found:
            found["target"] = f"close + {quantity(target.value)} * (close - ({found['stop']}))"
        else:
            edit.sources = [row for row in edit.sources if row[0] != "target"]
            edit.problems.append(f"A target of {quantity(target.value)} times the risk needs a stop.")
    if stop is not None:
        found["stop"] = stop_code(stop, direction, interval)
    wanted = target_code(edit.exits, direction, interval)
    return found if wanted is None else {**found, "target": wanted}


def _turned(code: str, result: str, direction: Direction) -> str:
    """A stop or target that the translator wrote for the other direction, for this one; "" for any other."""
    sign = "-" if (result == "stop") == (direction == "long") else "+"
    share = re.fullmatch(r"(close|trade\.(?:highest|lowest)\(close\)) \* (\d+(?:\.\d+)?)", code)
    steps = re.fullmatch(r"(close|trade\.(?:highest|lowest)\(close) ([-+]) (.+)", code)
    if share is not None and 0 < (factor := float(share.group(2))) < 2 and (factor > 1) == (sign == "-"):
        return f"{_other_extreme(share.group(1))} * {quantity(round(2 - factor, 8))}"
    if steps is not None and steps.group(2) != sign and _DISTANCE.fullmatch(steps.group(3)):
        return f"{_other_extreme(steps.group(1))} {sign} {steps.group(3)}"
    return ""


def _other_extreme(code: str) -> str:
    """Of the lows instead of the highs since the entry, and the other way round."""
    swapped = {"highest": "lowest", "lowest": "highest"}
    return re.sub(r"highest|lowest", lambda found: swapped[found.group()], code)


def _edited_results(edit: _Edit) -> set[str]:
    """The results that the edited texts name themselves."""
    return {name for name, _ in edit.sources if name in _RESULTS}


def _program(before: _Before, entries: list[tuple[str, str]], match: str, results: dict[str, str]) -> str:
    """The lines of the program; of the helpers of the one before, those still used."""
    own = {name for name, _ in entries}
    helpers = {n: code for n, code in before.codes.items() if n not in own and n not in _RESULTS}
    used: set[str] = set()
    waiting = [match, *results.values(), *(code for _, code in entries)]
    while waiting:
        names = {name for name in _WORD.findall(waiting.pop()) if name in helpers and name not in used}
        used |= names
        waiting.extend(helpers[name] for name in names)
    lines = [f"{name} = {code}" for name, code in helpers.items() if name in used]
    lines += [f"{name} = {code}" for name, code in entries]
    lines += [f"match = {match}", *(f"{name} = {code}" for name, code in results.items())]
    return "\n".join(lines) + "\n"


def _fresh(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += "_new"
    return name


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")


def explained(code: str, interval: str, direction: str, symbols: Collection[str] | None = None) -> dict[str, object]:
    """A program in the words of the compiler: summary, conditions, when it fires. Raises `FilterError`."""
    program = compile_filter(code, interval, symbols)
    ends = [word for word in ("exit", "stop", "target") if re.search(rf"(?m)^\s*{word}\s*=", code)]
    weaknesses = [] if ends else ["The filter names no exit, stop or target: the strategy's own settings end a trade."]
    return {
        "summary": f"Looks for a {direction} on {interval} candles. {program.reading}"[:2_000],
        "conditions": [{"name": c.name, "text": c.reading[:400]} for c in program.conditions][:60],
        "fires_when": f"On the close of a {interval} candle on which the match becomes true.",
        "weaknesses": weaknesses,
    }


def _compiled(code: str, interval: str, symbols: Collection[str] | None) -> Program | None:
    try:
        return compile_filter(code, interval, symbols)
    except FilterError:
        return None
