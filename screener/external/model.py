"""What the table of external indicators is made of: rows, arguments, and what may be wrong with a use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Constant = int | float | bool
"""A value of an argument. Lengths are whole numbers of candles."""

ArgumentKind = Literal["int", "float", "bool"]
Verdict = Literal["usable", "looks ahead", "not a series over time", "needs extra inputs", "unstable", "already native"]
"""*usable*, or why the name is refused. Only *looks ahead* and *unstable* are measured by a trial."""

MAX_LENGTH: Final = 500
FIELDS: Final[dict[str, str]] = {"o": "open", "h": "high", "l": "low", "c": "close", "v": "volume"}


@dataclass(frozen=True, slots=True)
class Argument:
    """A constant argument with its default and its bounds, both included."""

    name: str
    default: Constant
    low: float
    high: float

    @property
    def kind(self) -> ArgumentKind:
        """By the type of the default."""
        if isinstance(self.default, bool):
            return "bool"
        return "int" if isinstance(self.default, int) else "float"


@dataclass(frozen=True, slots=True)
class Row:
    """A function of the library as written by hand, before it is measured.

    `columns` names its outputs in the order of the library's columns, "-" for one that is left out; `fixed` are
    arguments that a filter cannot change.
    """

    name: str
    fields: tuple[str, ...]
    arguments: tuple[Argument, ...]
    columns: tuple[str, ...]
    meaning: str
    fixed: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class External:
    """One name of the catalogue, measured.

    `outputs` is empty for a single value, which is then the output "". `usable_with` are arguments with which a
    refused name is usable. `warmup` is the number of candles, this one included, that fix the value to within
    1e-6 with the default arguments; None means that it depends on the first candle held. `starts` are the
    leading candles of each output that are unknown (see `trials`). `cost` is milliseconds for 500 candles.
    """

    name: str
    fields: tuple[str, ...]
    arguments: tuple[Argument, ...]
    outputs: tuple[str, ...]
    meaning: str
    verdict: Verdict
    reason: str = ""
    usable_with: Mapping[str, Constant] = field(default_factory=dict)
    warmup: int | None = None
    starts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    cost: float = 0.0

    @property
    def usable(self) -> bool:
        """Whether it may be used with its default arguments."""
        return self.verdict == "usable"

    @property
    def defaults(self) -> dict[str, Constant]:
        """Every argument at its default."""
        return {argument.name: argument.default for argument in self.arguments}

    @property
    def signature(self) -> str:
        """As written in a filter: `ta.fisher(length=9, signal=1)`."""
        inner = ", ".join(f"{a.name}={constant_text(a.default)}" for a in self.arguments)
        return f"ta.{self.name}({inner})"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a use, and what to do, for a diagnostic."""

    message: str
    hint: str


def constant_text(value: Constant) -> str:
    """A constant as a filter writes it."""
    return str(value) if isinstance(value, bool) else f"{value:g}"


def arguments_json(arguments: Mapping[str, Constant]) -> str:
    """The canonical text of bound arguments: sorted, without spaces, so that equal arguments are equal text."""
    return json.dumps(dict(arguments), sort_keys=True, separators=(",", ":"), allow_nan=False)


def arguments_of(text: str) -> dict[str, Constant]:
    """The arguments in their canonical text. ValueError if it is not one."""
    found = json.loads(text)
    if not isinstance(found, dict) or not all(isinstance(v, int | float) for v in found.values()):
        raise ValueError(f"not arguments: {text[:80]}")
    return found


def converted(argument: Argument, value: Constant) -> Constant:
    """`value` in the type of its argument, so that 14 and 14.0 are the same use."""
    if argument.kind == "bool":
        return bool(value)
    # Adding zero turns -0.0 into 0.0.
    return int(value) if argument.kind == "int" else float(value) + 0.0
