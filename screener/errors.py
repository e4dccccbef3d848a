"""What the compiler says about a program: diagnostics, and the error that carries all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

_LONG_WORD: Final = re.compile(r"(\w{40})\w{8,}")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `line` and `column` start at 1; `hint` says what to do and may be empty. A word of hundreds of
    letters is cut."""

    code: str
    line: int
    column: int
    message: str
    hint: str = ""
    severity: Literal["error", "warning"] = "error"

    def __post_init__(self) -> None:
        for name in ("message", "hint"):
            object.__setattr__(self, name, _LONG_WORD.sub(r"\1…", getattr(self, name)))

    def __str__(self) -> str:
        text = f"{self.code} line {self.line}, column {self.column}: {self.message}"
        return f"{text}; {self.hint}" if self.hint else text

    def as_dict(self) -> dict[str, str | int]:
        """The JSON shape: code, line, column, message, hint."""
        return {
            "code": self.code,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "hint": self.hint,
        }


class FilterError(ValueError):
    """A program that does not compile. `diagnostics` holds every error, in order of line and column."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(sorted(diagnostics, key=lambda d: (d.line, d.column, d.code)))
        super().__init__("\n".join(str(d) for d in self.diagnostics))


class ConstantError(ValueError):
    """A constant expression without a finite value, such as 1 / 0."""


class TooLarge(Exception):
    """A program that asks for more operators than a compilation does."""


class TooManyErrors(Exception):
    """A program with more errors than anybody reads."""
