"""What an expression can be: a series or constant, several outputs, or a scope such as `tf("1h")`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from screener.ops import Dtype


@dataclass(frozen=True, slots=True)
class Series:
    """A node: a series, or a constant where the graph says so."""

    node: int
    dtype: Dtype


@dataclass(frozen=True, slots=True)
class Pattern(Series):
    """A candlestick pattern: the series itself is its first side; `sides` are read by name, if there are two."""

    name: str
    sides: Mapping[str, Series]


@dataclass(frozen=True, slots=True)
class Outputs:
    """An indicator with several outputs, and the English of each."""

    indicator: str
    nodes: Mapping[str, Series]
    phrases: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scope:
    """Candles of one interval and symbol; `symbol` "" is the screened one. `part` is a namespace within."""

    interval: str
    symbol: str
    part: Literal["", "ta", "cdl", "trade", "ticker"] = ""


Value = Series | Outputs | Scope
