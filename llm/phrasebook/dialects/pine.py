"""Pine in the filter language, where each line has an exact counterpart, and what is written around code: comments and
sentences that name the chart and the side."""

from __future__ import annotations

import re
from dataclasses import dataclass

from llm.phrasebook.sentences.sentence import named_intervals
from llm.phrasebook.sentences.whole import read_sentence

_FUNCTIONS = re.compile(
    r"\bta\.(crossover|crossunder|cross|highest|lowest|rising|falling|barssince|change|valuewhen)\("
)
_MATHS = re.compile(r"\bmath\.(abs|min|max|sqrt|log|exp|round|sign)\(")
_INPUT = re.compile(r"\binput(?:\.\w+)?\(\s*(?:defval\s*=\s*)?(-?[\d.]+)[^()]*\)")
# The outputs of what gives several values, in Pine's order.
_SEVERAL = {
    "macd": ("ta.macd", ("macd", "signal", "hist")),
    "bb": ("ta.bbands", ("middle", "upper", "lower")),
    "kc": ("ta.keltner", ("middle", "upper", "lower")),
    "dmi": ("ta.adx", ("plus_di", "minus_di", "adx")),
}
_TUPLE = re.compile(r"\[\s*(\w+)\s*,\s*(\w+)\s*,\s*(\w+)\s*\]\s*=\s*ta\.(\w+)\((.*)\)$")
_ASSIGNED = re.compile(r"(?:var\s+|bool\s+|float\s+|int\s+)*(\w+)\s*=\s*(.+)$")
_COMMENT = re.compile(r"(?m)(?<![:'\"])(?://|#)(.*)$")


@dataclass(frozen=True, slots=True)
class Script:
    """A program made of a script: its code, whether it goes short, and the lines that were not used."""

    code: str
    short: bool
    refused: tuple[str, ...]


def around(text: str) -> tuple[str | None, bool]:
    """The interval that the comments and sentences around code name, and whether they speak of going short."""
    said = [found.group(1) for found in _COMMENT.finditer(text) if "@version" not in found.group(1)]
    said += [line for line in text.splitlines() if is_prose(line)]
    read = read_sentence(". ".join(said)[:2_000]) if said else None
    if read is None:
        return None, False
    named = named_intervals(read)
    return (named[0] if named else None), read.direction == "short"


def is_prose(line: str) -> bool:
    """Whether a line is a sentence and no code."""
    return (
        len(line.split()) >= 3 and not re.search(r"[=()\[\]{}<>&|]", line) and re.search(r"[a-z]{2}", line) is not None
    )


def from_pine(text: str) -> Script | None:
    """The assignments of a script that are our language as well, and the condition that enters; None where there is
    none."""
    lines: list[str] = []
    refused: list[str] = []
    entered, sold = "", False
    for line in text.splitlines():
        plain = re.sub(r"\s*//.*$", "", line).strip()
        enters = re.search(r"strategy\.entry\(", plain)
        tested = re.match(r"if\s*\((.+)\)$", plain) or re.match(r"if\s+(.+)$", plain)
        when = re.search(r"when\s*=\s*([^,)]+)", plain) if enters is not None else None
        alert = re.match(r"alertcondition\(\s*([^,]+),", plain)
        assigned = _ASSIGNED.match(plain)
        several = _TUPLE.match(plain)
        if not plain or is_prose(plain):
            continue
        if tested is not None and not entered:
            entered = tested.group(1)
        elif enters is not None:
            sold = sold or "strategy.short" in plain
            entered = entered or (when.group(1).strip() if when is not None else "")
            refused.append(plain)
        elif alert is not None:
            entered = entered or alert.group(1).strip()
            refused.append(plain)
        elif several is not None and several.group(4) in _SEVERAL:
            lines.extend(_several(several))
        elif assigned is not None and not re.match(r"(?:indicator|strategy)\(", plain):
            lines.append(f"{assigned.group(1)} = {assigned.group(2)}")
        else:
            refused.append(plain)
    swapped = [_ours(line) for line in lines]
    entered = _ours(entered) or next((x.split(" = ")[0] for x in reversed(swapped)), "")
    if not entered or len(refused) > 6 or re.search(r"(?<![<>!=])=(?!=)", entered):
        return None
    return Script("\n".join([*swapped, f"match = {entered}"]) + "\n", sold, tuple(refused))


def _several(found: re.Match[str]) -> list[str]:
    call, outputs = _SEVERAL[found.group(4)]
    arguments = found.group(5)
    if found.group(4) == "dmi":
        arguments = arguments.split(",")[0]
    return [
        f"{found.group(at)} = {call}({arguments}).{output}"
        for at, output in enumerate(outputs, 1)
        if found.group(at) != "_"
    ]


def _ours(line: str) -> str:
    line = _INPUT.sub(r"\1", line)
    line = _MATHS.sub(r"\1(", line)
    return _FUNCTIONS.sub(r"\1(", line)
