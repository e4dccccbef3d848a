"""The catalogue: every word that takes arguments, with outputs, meaning, formula and reach.

1. Rows come from the registries: indicators, functions, candlestick patterns, the open trade, the long tail.
2. `_measured` compiles a word with its defaults and reads what the compiler says about its past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Final, Literal

from screener.errors import FilterError
from screener.external.catalogue import EXTERNALS
from screener.external.model import External, constant_text
from screener.ir import Program
from screener.language.check import compile_filter
from screener.language.words import MEMBERS, METHOD_ARGS, METHODS
from screener.ops import OPS
from screener.vocabulary.functions_more import FUNCTIONS
from screener.vocabulary.indicators import INDICATORS
from screener.vocabulary.patterns import PATTERNS
from screener.vocabulary.registry import Arg, IndicatorInfo, arguments_text

_BASE: Final = "1h"
_BY_KIND: Final = {"series": "close", "num": "close", "bool": "close > open", "condition": "close > open"}
_BY_NAME: Final = {"b": "open", "osc": "volume", "lo": "low", "hi": "high", "left": "5", "right": "5"}
LENGTH: Final = 20
"""The length for which a reach is given where a word has no default."""


def example(args: Sequence[Arg]) -> str:
    """The arguments that must be given, as a filter might give them: `close, 20`."""
    needed = [a for a in args if a.default is None]
    return ", ".join(_BY_NAME.get(a.name) or _BY_KIND.get(a.kind, str(LENGTH)) for a in needed)


@cache
def catalogue() -> tuple[IndicatorInfo, ...]:
    """Every word, grouped: indicators, functions, patterns, the open trade, the long tail; by name in each."""
    rows: list[IndicatorInfo] = []
    for _, row in sorted(INDICATORS.items()):
        info = IndicatorInfo(row.name, arguments_text(row.args), row.outputs, row.meaning, formula=row.source)
        rows.append(_measured(info, f"ta.{row.name}({example(row.args)})"))
    for _, function in sorted(FUNCTIONS.items()):
        args = arguments_text(function.args) + (", ..." if function.many else "")
        info = IndicatorInfo(function.name, args, (), function.meaning, "function", function.source)
        rows.append(_measured(info, f"{function.name}({example(function.args)})"))
    for _, pattern in sorted(PATTERNS.items()):
        info = IndicatorInfo(pattern.name, "", pattern.sides, pattern.meaning, "pattern")
        rows.append(_measured(info, f"cdl.{pattern.name}()"))
    for name, (_, meaning) in MEMBERS.items():
        rows.append(IndicatorInfo(name, "", (), meaning, "trade"))
    for name, method in METHODS.items():
        rows.append(IndicatorInfo(name, arguments_text(METHOD_ARGS), (), method.meaning, "trade"))
    rows.extend(_external(row) for _, row in sorted(EXTERNALS.items()) if row.usable or row.usable_with)
    return tuple(rows)


def _measured(info: IndicatorInfo, value: str) -> IndicatorInfo:
    """The row with reach and kind of its word, written as `value`; the furthest of several outputs."""
    reach, kinds = 0, set[str]()
    for output in info.outputs or ("",):
        found = _compiled(f"{value}.{output}" if output else value)
        reach = max(reach, found.reach[_BASE])
        kinds.update(OPS[node.op].kind for node in found.nodes)
        if any(warning.code == "W102" for warning in found.warnings):
            return replace(info, reach=reach, kind="path")
    return replace(info, reach=reach, kind="fading" if "fading" in kinds else "finite")


def _compiled(value: str) -> Program:
    try:
        return compile_filter(f"match = {value} != 12345", _BASE)
    except FilterError:
        return compile_filter(f"match = {value}", _BASE)


def _external(row: External) -> IndicatorInfo:
    args = ", ".join(f"{a.name}={constant_text(row.usable_with.get(a.name, a.default))}" for a in row.arguments)
    known = None if row.warmup is None else row.warmup - 1
    kind: Literal["fading", "path"] = "path" if known is None else "fading"
    return IndicatorInfo(row.name, args, row.outputs, row.meaning, "external", "", known, kind)
