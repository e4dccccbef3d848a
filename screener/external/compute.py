"""Values of external indicators: one symbol, or a panel symbol by symbol.

A candle that is missing (unknown in any field that is read) is left out: the library sees the candles before and
after it as neighbours, and the value on the missing candle is unknown. The same holds for leading and trailing
gaps, so a symbol that was listed later starts at its own first candle.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screener.external.catalogue import EXTERNALS
from screener.external.library import NoResult, Values, call
from screener.external.model import Constant, External, arguments_of
from screener.external.rows_more import ROWS
from screener.external.trials import quick_trial

BUDGET_MS: Final = 25.0
"""A call of one symbol over 500 candles should take less. Slower ones are counted, not stopped."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What calls of one name took: how many, seconds in total, the slowest in seconds, and how many over budget."""

    calls: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    over: int = 0


_timings: dict[str, Timing] = {}
_lock = threading.Lock()


def timings() -> dict[str, Timing]:
    """What the calls of each name took since the process started."""
    with _lock:
        return dict(_timings)


def _record(name: str, seconds: float, candles: int) -> None:
    budget = BUDGET_MS / 1e3 * max(1.0, candles / 500)
    with _lock:
        old = _timings.get(name, Timing())
        _timings[name] = Timing(
            old.calls + 1, old.seconds + seconds, max(old.slowest, seconds), old.over + (seconds > budget)
        )


def starts_of(external: External, arguments: Mapping[str, Constant]) -> Mapping[str, int]:
    """Leading candles of each output that are unknown with these arguments."""
    if external.usable and arguments == external.defaults:
        return external.starts
    return quick_trial(ROWS[external.name], arguments).starts


def external_values(
    name: str, arguments: Mapping[str, Constant], candles: Mapping[str, NDArray[np.float64]]
) -> dict[str, Values]:
    """Every output for one symbol, `[candles]` each; unknown where the library has no value. Data never raise.

    Args:
        name: A name of the catalogue that is usable with these arguments.
        arguments: Bound arguments, all of them.
        candles: At least the fields that it reads, `[candles]` each, oldest first, NaN where missing.

    Raises:
        KeyError: there is no such name, or a field is missing.
    """
    external = EXTERNALS[name]
    outputs = external.outputs or ("",)
    fields = {field: np.asarray(candles[field], dtype=np.float64) for field in external.fields}
    size = len(fields[external.fields[0]])
    held = np.flatnonzero(np.all([np.isfinite(values) for values in fields.values()], axis=0))
    found = {output: np.full(size, np.nan) for output in outputs}
    if len(held) == 0:
        return found
    begun = time.perf_counter()
    try:
        values = call(ROWS[name], arguments, {field: column[held] for field, column in fields.items()})
    except NoResult:
        return found
    finally:
        _record(name, time.perf_counter() - begun, size)
    starts = starts_of(external, arguments)
    for output in outputs:
        start = starts.get(output, 0)
        found[output][held[start:]] = values[output][start:]
    return found


def external_panels(
    name: str, outputs: Sequence[str], arguments_json: str, fields: Mapping[str, NDArray[np.float64]]
) -> dict[str, Values]:
    """Several outputs of one use at the price of one, each `[candles, symbols]`.

    Args:
        name: A name of the catalogue.
        outputs: The outputs wanted; "" is that of a name with a single value.
        arguments_json: Canonical text of the arguments, as in the node.
        fields: Candle fields, `[candles, symbols]` each, NaN where missing.
    """
    arguments = arguments_of(arguments_json)
    columns = {field: np.ascontiguousarray(fields[field].T) for field in EXTERNALS[name].fields}
    symbols, size = next(iter(columns.values())).shape
    found = {output: np.full((size, symbols), np.nan) for output in outputs}
    for at in range(symbols):
        values = external_values(name, arguments, {field: column[at] for field, column in columns.items()})
        for output in outputs:
            found[output][:, at] = values[output]
    return found
