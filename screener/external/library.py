"""The one door to the library: call a function of the table on candles and get plain arrays back.

1. The library is imported at the first call, not before (`_function`): it takes half a second.
2. A name comes from a row, never from a user; arguments are numbers and booleans within the row's bounds.
3. A fresh copy of the candles goes in, so nothing the library writes into its input reaches us.
4. Whatever the library raises means that there is no result (`NoResult`): one market's data must not end a run.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from screener.external.model import Constant, Row

MODULE: Final = "pandas_ta_classic"
PACKAGE: Final = "pandas-ta-classic"

Values = NDArray[np.float64]


class NoResult(Exception):
    """The library has no result for these candles and arguments; the message says why."""


def installed_version() -> str:
    """The version of the library that is installed. Reads metadata only."""
    return version(PACKAGE)


@cache
def _library() -> Any:
    # A filter by module is set once: suppressing around each call is not safe between threads.
    warnings.filterwarnings("ignore", module=rf"{MODULE}(\.|$)")
    return importlib.import_module(MODULE)


@cache
def _function(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(_library(), name)
    return found


@cache
def _series() -> Any:
    return importlib.import_module("pandas").Series


def call(row: Row, arguments: Mapping[str, Constant], candles: Mapping[str, Values]) -> dict[str, Values]:
    """Outputs of a row over candles without gaps, each `[candles]`; infinite values are unknown.

    Raises:
        NoResult: too few candles, or the library failed.
    """
    series = _series()
    inputs = {f"{f}_" if f == "open" else f: series(candles[f].astype(np.float64)) for f in row.fields}
    try:
        with np.errstate(all="ignore"):
            result = _function(row.name)(**inputs, **arguments, **row.fixed)
            return _arrays(row, result, len(candles[row.fields[0]]))
    except NoResult:
        raise
    except Exception as error:  # noqa: BLE001 - foreign code on foreign data: any failure means one thing, no result
        raise NoResult(f"{type(error).__name__}: {error}"[:200]) from None


def _arrays(row: Row, result: Any, length: int) -> dict[str, Values]:
    if result is None:
        raise NoResult("too few candles")
    if len(result) != length:
        raise NoResult(f"{len(result)} rows for {length} candles")
    if not row.columns:
        single = result if getattr(result, "ndim", 1) == 1 else result.squeeze(axis="columns")
        return {"": _clean(single)}
    if getattr(result, "ndim", 1) != 2 or result.shape[1] != len(row.columns):
        raise NoResult(f"{result.shape} for {len(row.columns)} outputs")
    return {name: _clean(result.iloc[:, at]) for at, name in enumerate(row.columns) if name != "-"}


def _clean(column: Any) -> Values:
    values = np.array(column, dtype=np.float64)
    if values.ndim != 1:
        raise NoResult(f"{values.ndim} dimensions")
    values[~np.isfinite(values)] = np.nan
    return values
