"""The parts of a snapshot: conditions, levels, indicator rows, candles, the market around them."""

from __future__ import annotations

import math
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict

from analysis.levels import Regime

Volatility = Literal["low", "normal", "high", "unknown"]


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


MaybeNumber = Annotated[float | None, BeforeValidator(_finite)]


class Frozen(BaseModel):
    """Base of the snapshot's parts."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ConditionRow(Frozen):
    """A condition of the filter with both sides' values; None is unknown."""

    name: str = ""
    text: str
    left: MaybeNumber = None
    op: str | None = None
    right: MaybeNumber = None
    value: bool | None = None


class Level(Frozen):
    """A price level: where it comes from and how many swings or pivots lie within a quarter ATR of it."""

    price: float
    source: str
    touches: int = 1


class IndicatorRow(Frozen):
    """An indicator's value on the newest closed candle of an interval; `name` is how the filter language writes it.
    `price`: the value is one, in the quote asset."""

    interval: str
    name: str
    value: float
    price: bool = False


class CandleRow(NamedTuple):
    """A candle, in JSON a list; `time` is its open time, ms UTC."""

    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class MarketContext(Frozen):
    """The market around a symbol, on the signal's interval; None or `unknown` where it could not be computed.

    - `leader`: the symbol that the others follow, its trend, and its change over 20 candles in percent.
    - `breadth`: percent of `breadth_of` symbols whose close is above their mean of 50 candles.
    - `volatility`: the symbol's true range of 14 candles against its own last 200: `volatility_rank` is the percent of
      them that were quieter; `low` is below 25, `high` above 75.
    - `spread_bps`: estimated from candles (see `analysis.context`), in basis points of the price; `tick_bps`: one tick.
    - `quote_volume_24h`: in the quote asset, `None` where the candles do not reach over a day.
    """

    leader: str | None = None
    leader_trend: Regime = "unknown"
    leader_change: float | None = None
    breadth: float | None = None
    breadth_of: int = 0
    volatility: Volatility = "unknown"
    volatility_rank: float | None = None
    spread_bps: float | None = None
    tick_bps: float | None = None
    quote_volume_24h: float | None = None
