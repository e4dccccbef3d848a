"""Changing and explaining a program by code: what the offline translator answers after edits.

1. `rewritten` writes each edited condition anew and keeps the rest of the program: the names, how the conditions hang
   together where their number is the same, the exit, the stop, the target.
2. `explained` is the compiler's own reading.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from llm.phrasebook.edited import condition_on
from screener import FilterError, Program, compile_filter

_RESULTS = ("match", "exit", "stop", "target", "score")
_LINE = re.compile(r"^\s*([A-Za-z_]\w*)\s*=(?!=)\s*(.+)$")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A program after edits; `code` is empty where no condition could be read. `sources` are each name and its
    sentence."""

    code: str
    assumptions: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()


def rewritten(
    conditions: Sequence[str], previous: str, interval: str, symbols: Collection[str] | None = None
) -> Rewritten:
    """`previous` with its conditions as edited; each of `conditions` is one sentence."""
    lines = [(found.group(1), found.group(2)) for line in previous.splitlines() if (found := _LINE.match(line))]
    before = _compiled(previous, interval, symbols)
    readings = {} if before is None else {c.reading.casefold().rstrip("."): c.name for c in before.conditions}
    codes = dict(lines)
    made: list[tuple[str, str]] = []
    unread: list[str] = []
    sources: list[tuple[str, str]] = []
    entry = _names_of(codes.get("match", ""), codes)
    for at, text in enumerate(conditions):
        kept = readings.get(text.strip().casefold().rstrip("."))
        code, left = (codes[kept], ()) if kept in codes else condition_on(text, interval, symbols)
        unread.extend(left)
        if code:
            name = entry[at] if len(entry) == len(conditions) else f"condition_{at + 1}"
            made.append((name, code))
            sources.append((name, text))
    if not made:
        return Rewritten("", (), tuple(unread) or tuple(text[:200] for text in conditions))
    notes = []
    names = {name for name, _ in made}
    match = " and ".join(name for name, _ in made)
    if len(made) == len(entry) == len(conditions):
        match = codes["match"]
    elif " or " in codes.get("match", ""):
        notes.append("The number of conditions changed: all of them have to be true.")
    rest = [(name, code) for name, code in lines if name != "match" and name not in names and name not in entry]
    helpers = [f"{name} = {code}" for name, code in rest if name not in _RESULTS]
    results = [f"{name} = {code}" for name, code in rest if name in _RESULTS]
    code = "\n".join([*helpers, *(f"{name} = {text}" for name, text in made), f"match = {match}", *results]) + "\n"
    if _compiled(code, interval, symbols) is None:
        code = "\n".join([*(f"{name} = {text}" for name, text in made), f"match = {match}"]) + "\n"
        notes.append("The exit, stop and target of the program before could not be kept.")
    if _compiled(code, interval, symbols) is None:
        return Rewritten("", (), tuple(unread) or tuple(text[:200] for text in conditions))
    return Rewritten(code, tuple(notes), tuple(dict.fromkeys(unread)), tuple(sources))


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


def _names_of(match: str, codes: dict[str, str]) -> list[str]:
    """The names that the match is made of, in order."""
    found = dict.fromkeys(re.findall(r"[A-Za-z_]\w*", match))
    return [name for name in found if name in codes and name not in _RESULTS]
