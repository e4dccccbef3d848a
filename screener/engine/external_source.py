"""Values of external indicators as rows of a source block, computed once for a stretch of history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from screener.intervals import candle_index, open_at

if TYPE_CHECKING:
    from screener.engine.stepper import CandleSource

Floats = NDArray[np.float64]
_FIELDS: Final = ("open", "high", "low", "close", "volume")


class ExternalValues:
    """External indicators of a source, per symbol over everything from the first candle held to the last that will be
    asked for. All outputs of one use are computed together, and once."""

    def __init__(self, source: CandleSource, wanted: list[tuple[str, str, str]], last: dict[str, int]) -> None:
        """`wanted` are (interval, `name:output`, arguments); `last` numbers the last candle needed, by interval."""
        self._source = source
        self._last = last
        self._outputs: dict[tuple[str, str, str], list[str]] = {}
        for interval, output, arguments in wanted:
            name, _, column = output.partition(":")
            self._outputs.setdefault((interval, name, arguments), []).append(column)
        self._found: dict[tuple[str, str, str], dict[str, Floats]] = {}

    def rows(self, interval: str, output: str, arguments: str, candles: NDArray[np.int64]) -> Floats:
        """One output on these candles (by number), `[candles, width]`."""
        rows = np.full((len(candles), self._source.width), np.nan)
        opened = self._source.first_open(interval)
        if opened is None or self._last[interval] < candle_index(opened, interval):
            return rows
        first = candle_index(opened, interval)
        name, _, column = output.partition(":")
        key = (interval, name, arguments)
        if key not in self._found:
            self._found[key] = self._compute(*key, first)
        inside = candles >= first
        rows[inside, : len(self._source.symbols)] = self._found[key][column][candles[inside] - first]
        return rows

    def _compute(self, interval: str, name: str, arguments: str, first: int) -> dict[str, Floats]:
        from screener.external.compute import external_panels

        held = np.empty((len(_FIELDS), self._last[interval] - first + 1, self._source.width))
        self._source.fill(interval, _FIELDS, open_at(first, interval), held)
        size = len(self._source.symbols)
        outputs = self._outputs[(interval, name, arguments)]
        return external_panels(name, outputs, arguments, {f: held[i, :, :size] for i, f in enumerate(_FIELDS)})
