"""How functions and indicators are declared: rows with arguments, defaults, outputs, a meaning and a formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from screener.vocabulary.formula import CandleTerms, Term

Kind = Literal[
    "num", "series", "bool", "condition", "any", "length", "index", "const", "flag", "interval", "text", "window"
]
"""What an argument takes: a number series, a boolean series (`condition`: not a constant), either; a whole
constant from 1 (`length`) or from 0 (`index`); a constant number; a constant True or False (`flag`); an
interval; a string; a length or a boolean (`window`)."""

Group = Literal["indicator", "function", "pattern", "trade", "external"]


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
    English, with `{p}` for the constant arguments and `{of}` for what it is computed on. `source` is the same
    formula in the filter language: lines that end with one named as the indicator, or one per output, whose
    name may end in `_line`. Where the language cannot say it, a comment says it.
    """

    name: str
    args: tuple[Arg, ...]
    meaning: str
    formula: Callable[..., Term | Mapping[str, Term]]
    phrase: Mapping[str, str]
    outputs: tuple[str, ...] = ()
    candles: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class IndicatorInfo:
    """A line of the catalogue: how to write it, what it means, its outputs (empty for a single one).

    `formula` is its source in the filter language, empty where it is a primitive of the engine. `reach` counts
    candles before the newest that it needs with its defaults (length 20 where it has none); None where that is
    not known. `kind` says whether that is a window (finite), where the seed's weight falls under a millionth
    (fading), or a lower bound, because the value depends on the first candle held (path).
    """

    name: str
    args: str
    outputs: tuple[str, ...]
    meaning: str
    group: Group = "indicator"
    formula: str = ""
    reach: int | None = None
    kind: Literal["finite", "fading", "path"] = "finite"

    @property
    def signature(self) -> str:
        """As written in a filter: `ta.rsi(x, length=14)`."""
        prefix = {"indicator": "ta.", "external": "ta.", "pattern": "cdl.", "trade": "trade."}.get(self.group, "")
        member = self.group == "trade" and self.name in ("bars", "price")
        return f"{prefix}{self.name}" if member else f"{prefix}{self.name}({self.args})"


def arguments_text(args: tuple[Arg, ...]) -> str:
    """Arguments with defaults as a user writes them: `x, length=14`."""
    parts = []
    for arg in args:
        if arg.default is None:
            parts.append(arg.name)
        elif isinstance(arg.default, str):
            parts.append(f'{arg.name}="{arg.default}"')
        elif isinstance(arg.default, bool):
            parts.append(f"{arg.name}={arg.default}")
        else:
            parts.append(f"{arg.name}={arg.default:g}")
    return ", ".join(parts)


__all__ = ["Arg", "CandleTerms", "Group", "Indicator", "IndicatorInfo", "Kind", "Term", "arguments_text"]
