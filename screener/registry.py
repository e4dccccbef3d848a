"""How functions and indicators are declared: rows with arguments, defaults, outputs and a meaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from screener.formula import CandleTerms, Term

Kind = Literal["num", "series", "bool", "any", "length", "index", "const", "interval", "text", "window"]
"""What an argument takes: a number series, a boolean series, either; a whole constant from 1 (`length`) or
from 0 (`index`); a constant number; an interval; a string; a length or a boolean (`window`)."""


@dataclass(frozen=True, slots=True)
class Arg:
    """One argument. `default` None means it must be given."""

    name: str
    kind: Kind
    default: float | int | str | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Indicator:
    """An indicator: `formula(candles, *args)` returns a term, or a term per output.

    `candles` are the series that may be written before the arguments; `phrase` maps an output (or "") to its
    English, with `{p}` for the constant arguments and `{of}` for what it is computed on.
    """

    name: str
    args: tuple[Arg, ...]
    meaning: str
    formula: Callable[..., Term | Mapping[str, Term]]
    phrase: Mapping[str, str]
    outputs: tuple[str, ...] = ()
    candles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndicatorInfo:
    """A line of the catalogue: how to write it, what it means, its outputs (empty for a single one)."""

    name: str
    args: str
    outputs: tuple[str, ...]
    meaning: str
    group: Literal["indicator", "function"] = "indicator"

    @property
    def signature(self) -> str:
        """As written in a filter: `ta.rsi(x, length=14)`."""
        return f"{'ta.' if self.group == 'indicator' else ''}{self.name}({self.args})"


def arguments_text(args: tuple[Arg, ...]) -> str:
    """Arguments with defaults as a user writes them: `x, length=14`."""
    parts = []
    for arg in args:
        if arg.default is None:
            parts.append(arg.name)
        elif isinstance(arg.default, str):
            parts.append(f'{arg.name}="{arg.default}"')
        else:
            parts.append(f"{arg.name}={arg.default:g}")
    return ", ".join(parts)


__all__ = ["Arg", "CandleTerms", "Indicator", "IndicatorInfo", "Kind", "Term", "arguments_text"]
