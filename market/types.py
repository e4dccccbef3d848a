"""Values of the market: candles, symbols, prices, coverage. Times are ms UTC in market time.

Interval lengths come from `screener.intervals`; prices and volumes that indicators read are floats, trading
rules of an exchange are `Decimal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from screener.intervals import interval_ms


class MarketError(Exception):
    """A failure of a market source; the base of all errors this package raises for outside causes."""


class SourceUnavailable(MarketError):
    """The source did not answer, or answered with something that cannot be read. Worth another try later."""


class RateLimited(SourceUnavailable):
    """The source asks to back off for `retry_after_s` seconds (real time)."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnknownSymbol(MarketError):
    """The source does not know the symbol asked for, or the interval. Asking again will not help."""


@dataclass(frozen=True, slots=True)
class Candle:
    """One closed candle.

    `volume` and `taker_buy_base` are in base currency, `quote_volume` and `taker_buy_quote` in quote
    currency; a source that does not know one of them gives NaN.
    """

    symbol: str
    interval: str
    open_time: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float
    trades: float
    taker_buy_base: float
    taker_buy_quote: float

    @property
    def close_time(self) -> int:
        """The moment the candle ended, ms UTC: open time plus the interval (not minus 1 ms, as Binance
        writes it).
        """
        return self.open_time + interval_ms(self.interval)


@dataclass(frozen=True, slots=True)
class SymbolInfo:
    """A symbol and its trading rules; steps and minima are in base currency, `min_notional` in quote
    currency.

    `listed_ms` (ms UTC) and `quote_volume_24h` (quote currency) are None where the source does not tell them.
    `contract` is the kind of a derivative (`PERPETUAL`); None for spot.
    """

    symbol: str
    base_asset: str
    quote_asset: str
    status: str
    tick_size: Decimal
    step_size: Decimal
    min_quantity: Decimal
    min_notional: Decimal
    listed_ms: int | None = None
    quote_volume_24h: float | None = None
    contract: str | None = None

    @property
    def trading(self) -> bool:
        """True where the exchange takes orders for it now."""
        return self.status == "TRADING"


@dataclass(frozen=True, slots=True)
class Price:
    """The last traded price of a symbol."""

    symbol: str
    price: float
    time_ms: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which symbols the panel holds for the minute that ended at `close_time` (ms UTC); each expected one is in exactly
    one of the four.

    `fresh`: the candle was in when screening started. `late`: it came after that and was screened then. `stale`: not
    in, the symbol's newest candle is less than the stale limit old. `missing`: not in, and nothing newer than that.
    `seconds_after_close` is market seconds from the close to the start of screening, `late_seconds` the same for each
    late symbol.
    """

    close_time: int
    fresh: tuple[str, ...]
    late: tuple[str, ...]
    stale: tuple[str, ...]
    missing: tuple[str, ...]
    seconds_after_close: float
    late_seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def expected(self) -> int:
        """How many symbols should have had the candle."""
        return len(self.fresh) + len(self.late) + len(self.stale) + len(self.missing)

    @property
    def slowest_seconds(self) -> float:
        """Market seconds after the close at which the last of those that came was screened."""
        return max([self.seconds_after_close, *self.late_seconds.values()])
