"""Strategies, their runs, and where they would have matched."""

import json
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, field_validator

from api.schemas.base import Input, Interval, Shape
from api.schemas.signals import ConditionRow


class StrategyIn(Input):
    """Body of POST and PUT `/strategies`."""

    name: str = Field(min_length=1, max_length=120)
    description: str = Field("", max_length=4000)
    direction: Literal["long", "short"] = "long"
    interval: Interval
    filter_code: str = Field(max_length=8192)
    conditions: tuple[str, ...] = ()
    instructions: str = Field("", max_length=8000)
    indicators: tuple[str, ...] = ()
    risk: dict[str, Any] = Field(default_factory=dict)
    trigger: Literal["edge", "level"] = "edge"
    symbols: tuple[str, ...] = ()  # empty: the whole market
    prompt: str = Field("", max_length=4000)
    enabled: bool = False

    @field_validator("risk")
    @classmethod
    def _plain_numbers(cls, value: dict[str, Any]) -> dict[str, Any]:
        json.dumps(value, allow_nan=False)
        return value


class StrategyOut(Shape):
    """A strategy as stored. `state` is warming, live, paused or failed."""

    id: str
    code: str
    name: str
    description: str
    direction: str
    interval: str
    filter_code: str
    filter_hash: str
    reading: str
    conditions: tuple[str, ...]
    instructions: str
    risk: dict[str, Any]
    trigger: str
    symbols: tuple[str, ...]
    built_in: bool
    enabled: bool
    state: str
    version: int
    watermark: datetime | None
    error: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime


class HistoryMatch(Shape):
    """A past match. `outcome` is what came first afterwards: target, stop or open (of 1 R each)."""

    symbol: str
    candle_close: datetime
    price: float
    outcome: Literal["target", "stop", "open"]
    conditions: tuple[ConditionRow, ...] = ()


class NearMiss(Shape):
    """A symbol that fails by one condition: `failing` as written, `reading` in plain English, its values, and how far
    off in percent.
    """

    symbol: str
    candle_close: datetime
    held: int
    of: int
    failing: str
    left: float | None
    right: float | None
    distance_percent: float | None
    reading: str = ""


class HistoryOut(Shape):
    """`POST /filters/scan` and `GET /strategies/{id}/history`: matches over the candles held."""

    interval: str
    candles: int
    symbols: int
    since: datetime | None
    until: datetime | None
    matches: tuple[HistoryMatch, ...]
    total: int
    true_now: tuple[str, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    warnings: tuple[str, ...] = ()
    milliseconds: float


class RunOut(Shape):
    """One screening run of an interval's candle."""

    id: str
    interval: str
    candle_close: datetime
    status: str
    symbols_fresh: int
    symbols_stale: int
    symbols_missing: int
    strategies: int
    matches: int
    timings: dict[str, Any]
