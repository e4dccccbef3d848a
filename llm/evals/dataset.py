"""Reading the sentences: `load` gives checked cases, `frozen` says which of them the grammar is never tuned on."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from llm.schemas import Direction
from screener.intervals import INTERVAL_MS

Style = Literal[
    "plain", "terse", "slang", "rambling", "multi", "typo", "question", "impossible", "malicious", "foreign", "code"
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Number = Annotated[float, Field(ge=0, allow_inf_nan=False)]

SENTENCES: Final = Path(__file__).with_name("sentences.jsonl")

_STRING: Final = re.compile(r'"[^"]*"')
_NUMBER: Final = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")


class DatasetError(ValueError):
    """The file cannot be used; the message says which line and why."""


class Case(BaseModel):
    """One sentence and what a translator should make of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Slug
    style: Style
    sentence: Words
    interval: str
    interval_named: bool
    """The sentence names the interval; else `interval` is what it implies, 15m where it says nothing."""
    direction: Direction
    filter: str | None
    """The reference program; None where nothing of the sentence can be said."""
    uses: tuple[Words, ...]
    """Words of the language that no good program can do without: `rsi`, `cdl.hammer`, `rank`, `tf`."""
    numbers: tuple[Number, ...]
    """Numbers of the sentence that the program must hold, without their sign; `forms` lists the ways."""
    ambiguous: tuple[Words, ...]
    """Each point that the sentence leaves open, with the choice taken: `length of RSI: 14`."""
    not_expressible: tuple[Words, ...]
    """Words of the sentence that the language cannot say."""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.interval not in INTERVAL_MS:
            raise ValueError(f"{self.interval!r} is not an interval of a strategy")
        if self.filter is None and (self.uses or self.numbers):
            raise ValueError("uses and numbers need a filter")
        for words in self.not_expressible:
            if words.casefold() not in self.sentence.casefold():
                raise ValueError(f"{words!r} is not in the sentence")
        return self


def load(path: Path | None = None) -> tuple[Case, ...]:
    """All cases of a file, by default of the one beside this module, in the order of its lines.

    Raises DatasetError for a line that is no case, for an id or a sentence that stands twice, and for a file that
    cannot be read or has no case.
    """
    path = SENTENCES if path is None else path
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error}") from error
    cases: list[Case] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        case = _case(f"{path}, line {number}", line)
        for what, key in (("id", case.id), ("sentence", f"sentence {case.sentence}")):
            if key in seen:
                raise DatasetError(f"{path}, line {number}: the {what} stands on line {seen[key]} too")
            seen[key] = number
        cases.append(case)
    if not cases:
        raise DatasetError(f"{path}: holds no case")
    return tuple(cases)


def frozen(case: Case) -> bool:
    """The case belongs to the quarter that is scored and never tuned on. It depends on the sentence alone."""
    return int.from_bytes(hashlib.sha256(case.sentence.encode()).digest()) % 4 == 0


def forms(number: float) -> tuple[float, ...]:
    """The ways a program may hold a number of a sentence: as it is, and as that many percent (5: 5, 0.05, 1.05,
    0.95)."""
    return number, number / 100, 1 + number / 100, 1 - number / 100


def missing_numbers(wanted: Iterable[float], program: str) -> tuple[float, ...]:
    """Those numbers that the text of a program holds in none of their `forms`; texts in quotes do not count."""
    held = [float(n) for n in _NUMBER.findall(_STRING.sub("", program))]
    return tuple(n for n in wanted if not any(abs(f - h) < 1e-9 for f in forms(n) for h in held))


def _case(place: str, line: bytes) -> Case:
    try:
        raw = json.loads(line.decode())
    except ValueError as error:
        raise DatasetError(f"{place}: is not JSON in UTF-8: {error}") from error
    try:
        return Case.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise DatasetError(f"{place}: {field + ': ' if field else ''}{first['msg']}") from error
