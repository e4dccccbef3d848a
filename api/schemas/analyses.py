"""Analyses as they are told: the decision, what it was checked against, how a wait is watched, what answers cost."""

from datetime import datetime
from typing import Any

from pydantic import Field

from api.schemas.base import Shape
from api.schemas.conditions import ConditionRow


class AnalysisOut(Shape):
    """An analysis: what the model (or the offline analyst) decided and what the checks made of it.

    `kind` is signal or position. `refusals` says why a proposed entry, or a change of a position, was not let through.
    `opinions` are the single answers where several were asked for. Cost in US dollars, null where no model was asked.
    """

    id: str
    kind: str = "signal"
    decision: str
    confidence: float
    reasoning: str
    trade_plan: dict[str, Any]
    key_levels: dict[str, Any]
    grounding: dict[str, Any]
    refusals: tuple[str, ...] = ()
    opinions: tuple[dict[str, Any], ...] = ()
    model: str
    prompt_version: str | None = None
    latency_ms: float
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    asked: bool = False
    snapshot_hash: str | None = None
    decided_at: datetime | None = None
    created_at: datetime


class LevelOut(Shape):
    """A price level: where it comes from, and how many swings or pivots lie close to it."""

    price: float
    source: str = ""
    touches: int = 1


class IndicatorOut(Shape):
    """An indicator's value on the newest closed candle of an interval, named as the filter language writes it; `price`
    where the value is one, in quote currency."""

    interval: str
    name: str
    value: float
    price: bool = False


class ContextOut(Shape):
    """The market around the symbol; null or `unknown` where it could not be computed. `leader_change` in percent over
    20 candles, `breadth` percent of `breadth_of` symbols above their mean of 50, `volatility_rank` percent of the
    symbol's own last 200 candles that were quieter; `spread_bps` is estimated from candles."""

    leader: str | None = None
    leader_trend: str = "unknown"
    leader_change: float | None = None
    breadth: float | None = None
    breadth_of: int = 0
    volatility: str = "unknown"
    volatility_rank: float | None = None
    spread_bps: float | None = None
    tick_bps: float | None = None
    quote_volume_24h: float | None = None


class SnapshotOut(Shape):
    """Everything that a decision could cite, as it was when it was asked for.

    `supports` and `resistances` go outward from `price` and come from what the market did; `reference` are computed
    levels (Fibonacci and Camarilla pivots, ATR bands, round numbers). `candles` is how many were shown.
    """

    analysis_id: str
    hash: str | None = None
    symbol: str
    interval: str
    direction: str
    candle_close: datetime
    forming: bool = False
    price: float
    atr: float | None = None
    trend: str = "unknown"
    stop: float | None = None
    target: float | None = None
    conditions: tuple[ConditionRow, ...] = ()
    supports: tuple[LevelOut, ...] = ()
    resistances: tuple[LevelOut, ...] = ()
    reference: tuple[LevelOut, ...] = ()
    table: tuple[IndicatorOut, ...] = ()
    context: ContextOut | None = None
    candles: int = 0


class WatchCheck(Shape):
    """A close at which a wait's or a position's conditions were looked at; null is unknown, or no such condition."""

    at: datetime
    trigger: bool | None = None
    invalidation: bool | None = None
    exit: bool | None = None


class WatchAsked(Shape):
    """A close after which the model was asked again, and why: trigger or invalidation became true, or every so many
    candles."""

    at: datetime
    why: str


class WatchOut(Shape):
    """How a signal that waits is watched. `trigger` and `invalidation` are filter code, null where none was given;
    they are looked at on each close without asking the model. It is asked when one becomes true, and by the close
    `recheck_at` though none did; `asks` counts its answers."""

    until: datetime | None = None
    trigger: str | None = None
    invalidation: str | None = None
    recheck_at: datetime | None = None
    asked_at: datetime | None = None
    asks: int = 0
    checks: tuple[WatchCheck, ...] = ()
    asked: tuple[WatchAsked, ...] = ()


class ThesisOut(Shape):
    """What a position is held for: the reason it was entered on, and filter code that says when it is wrong."""

    text: str = ""
    invalidation: str | None = None
    analysis_id: str | None = None
    looked_at: datetime | None = None
    decided_at: datetime | None = None
    checks: tuple[WatchCheck, ...] = ()


class CostRow(Shape):
    """What analyses cost, and `failed` tries that came to none: `asked` of both called a model. Cost in US dollars
    without the `unpriced`, of which no price is known; latency the median of those asked, null where none was. `id` is
    the strategy's, else null."""

    name: str
    id: str | None = None
    analyses: int = 0
    failed: int = 0
    asked: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    latency_ms: float | None = None


class CostsOut(Shape):
    """`GET /analyses/costs`: all together, then by what they have in common, the dearest first."""

    all: CostRow = Field(default_factory=lambda: CostRow(name="all"))
    by_strategy: tuple[CostRow, ...] = ()
    by_model: tuple[CostRow, ...] = ()
    by_decision: tuple[CostRow, ...] = ()
