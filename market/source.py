"""The one protocol that every market source answers: Binance, the simulated exchange, a script in a test."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from market.types import Candle, Price, SymbolInfo

FIELDS = (
    "open",
    "high",
    "low",
    "close",
    "volume",
    "quote_volume",
    "trades",
    "taker_buy_base",
    "taker_buy_quote",
)
"""The columns of `CandleBlock.values`, in order."""


class CandleBlock:
    """Closed candles of one symbol and interval as arrays: `open_times` int64 [n] (ms UTC, ascending),
    `values` [n, 9].

    Columns are `FIELDS`. This is what back-fill moves around; `Candle` objects are for the stream and for
    screens.
    """

    __slots__ = ("interval", "open_times", "symbol", "values")

    def __init__(
        self, symbol: str, interval: str, open_times: npt.NDArray[np.int64], values: npt.NDArray[np.float64]
    ) -> None:
        if values.shape != (len(open_times), len(FIELDS)):
            raise ValueError(f"values must be [{len(open_times)}, {len(FIELDS)}], not {list(values.shape)}")
        self.symbol = symbol
        self.interval = interval
        self.open_times = open_times
        self.values = values

    def __len__(self) -> int:
        return len(self.open_times)

    def candles(self) -> list[Candle]:
        """The same as `Candle` objects, oldest first."""
        rows = self.values.tolist()
        times = self.open_times.tolist()
        return [Candle(self.symbol, self.interval, t, *row) for t, row in zip(times, rows, strict=True)]


@dataclass(slots=True)
class Traffic:
    """What came over one connection of a stream; the source counts while it reads. Times are real seconds
    (monotonic), None before the first.

    `lost` counts messages that arrived and were thrown away, because the reader was too slow; `unreadable` those
    that could not be understood. `ending` is True once the source has announced that it will close.
    """

    opened: float | None = None
    last: float | None = None
    messages: int = 0
    unreadable: int = 0
    lost: int = 0
    ending: bool = False


class MarketSource(Protocol):
    """Candles, prices and symbols of a market.

    Every method raises `SourceUnavailable` (or `RateLimited`) when the source cannot be reached or answers
    with something unreadable. A stream iterator also ends so: whoever iterates opens it again.
    """

    @property
    def unreadable_symbols(self) -> Mapping[str, str]:
        """Symbols of the newest list that could not be read, by name, each with what is wrong."""
        ...

    async def symbols(self) -> list[SymbolInfo]:
        """All symbols of the market that can be read, whatever their status."""
        ...

    async def day_volumes(self) -> dict[str, float]:
        """Volume of the last 24 hours by symbol, in quote currency."""
        ...

    async def listed_ms(self, symbol: str) -> int | None:
        """When the symbol began to trade, ms UTC; None where the source cannot tell."""
        ...

    async def candles(
        self,
        symbol: str,
        interval: str,
        limit: int = 1000,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> list[Candle]:
        """At most `limit` closed candles, oldest first, with open times in [start_ms, end_ms]; the newest
        without.
        """
        ...

    async def candle_block(
        self,
        symbol: str,
        interval: str,
        limit: int = 1000,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> CandleBlock:
        """The same as `candles`, as arrays."""
        ...

    def stream_candles(
        self, symbols: Sequence[str], interval: str, traffic: Traffic | None = None
    ) -> AsyncGenerator[Candle, None]:
        """Candles of `interval` as they close, over one connection; a closed candle that the source sends again with
        other values comes again. The connection counts into `traffic`.
        """
        ...

    def stream_prices(self, traffic: Traffic | None = None) -> AsyncGenerator[Price, None]:
        """Last prices of all symbols, as they change. The connection counts into `traffic`."""
        ...

    def report(self) -> dict[str, Any]:
        """The source's health, for status and metrics: requests, failures, what it refused to believe."""
        ...

    async def server_time_ms(self) -> int:
        """The market's time at the source, ms UTC."""
        ...

    async def aclose(self) -> None:
        """Close connections; the source is of no use afterwards."""
        ...
