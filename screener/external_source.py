"""Values of external indicators as rows of a source block, computed over all candles held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from screener.intervals import candle_index, open_at

if TYPE_CHECKING:
    from screener.stepper import CandleSource

Floats = NDArray[np.float64]
_FIELDS: Final = ("open", "high", "low", "close", "volume")


def external_rows(
    source: CandleSource, interval: str, output: str, arguments: str, candles: NDArray[np.int64]
) -> Floats:
    """An external indicator on these candles (by number) of an interval, `[candles, width]`.

    It is computed per symbol over everything from the first candle held to the last asked for.
    """
    from screener.external.compute import external_panel

    rows = np.full((len(candles), source.width), np.nan)
    opened = source.first_open(interval)
    if opened is None:
        return rows
    first, last = candle_index(opened, interval), int(candles[-1])
    if last < first:
        return rows
    held = np.empty((len(_FIELDS), last - first + 1, source.width))
    source.fill(interval, _FIELDS, open_at(first, interval), held)
    size = len(source.symbols)
    name, _, column = output.partition(":")
    found = external_panel(name, column, arguments, {f: held[i, :, :size] for i, f in enumerate(_FIELDS)})
    inside = candles >= first
    rows[inside, :size] = found[candles[inside] - first]
    return rows
