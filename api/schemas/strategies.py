"""Strategies, their runs, and where they would have matched."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from api.schemas.base import PEEKED, Input, Interval, Shape
from api.schemas.conditions import ConditionRow
from api.schemas.problem import FindingOut


class StrategyIn(Input):
    """Body of POST and PUT `/strategies`. `version`, of PUT alone: the version that was edited; 409 where another was
    stored meanwhile. A PUT without `prompt` keeps the one there is.
    """

    name: str = Field(min_length=1, max_length=120)
    description: str = Field("", max_length=4000)
    direction: Literal["long", "short"] = "long"
    interval: Interval
    filter_code: str = Field(max_length=8192)
    conditions: tuple[str, ...] = ()
    instructions: str = Field("", max_length=8000)
    indicators: tuple[str, ...] = ()
    risk: dict[str, Any] = Field(default_factory=dict)
    analysis: dict[str, Any] | None = None  # settings of its analyses; left out: the defaults, or those it has
    trigger: Literal["edge", "level"] = "edge"
    symbols: tuple[str, ...] = ()  # empty: the whole market
    evaluate: Literal["close", "minute"] = "close"  # minute: the forming candle too, once a minute
    prompt: str = Field("", max_length=4000)
    enabled: bool = False
    confirm: bool = False  # enable it although a finding warns
    version: int | None = Field(None, ge=1)

    @field_validator("risk")
    @classmethod
    def _plain_numbers(cls, value: dict[str, Any]) -> dict[str, Any]:
        json.dumps(value, allow_nan=False)
        return value

    @model_validator(mode="after")
    def _minutes_are_held(self) -> Self:
        # On 1m it is the same as at the close.
        if self.evaluate == "minute" and self.interval not in ("1m", *PEEKED):
            raise ValueError(f"a forming candle can be looked at each minute on {PEEKED[0]} to {PEEKED[-1]}")
        return self


class StrategyChangeIn(Input):
    """Body of PATCH `/strategies/{id}`: what it is called. What is named changes, the rest of it stays."""

    name: str | None = Field(None, min_length=1, max_length=120)
    description: str | None = Field(None, max_length=4000)


class AnalysisSettingsOut(Shape):
    """`/strategies/{id}/analysis`: how a strategy's signals are analysed, what it does not set included.

    `bars` are candles shown; `recheck` and `expires` are candles too. PATCH takes any of these; null is the default.
    """

    bars: int = 100
    tier: Literal["standard", "fast"] = "standard"
    concurrency: int = 4
    auto: bool = True
    asks: int = 1
    models: tuple[str, ...] = ()
    recheck: int = 4
    expires: int = 20
    style: Literal["careful", "balanced", "bold"] = "balanced"
    manage: bool = True


class StrategyOut(Shape):
    """A strategy as stored. `state` is warming, live, paused or failed; `analysis` None where what is stored cannot be
    used, as `analysis_error` says. `prompt` is the sentence it was written from; `enabled_at` is when it was last
    enabled (real time), None: never, it is a draft.
    """

    id: str
    code: str
    name: str
    description: str
    prompt: str = ""
    direction: str
    interval: str
    filter_code: str
    filter_hash: str
    reading: str
    conditions: tuple[str, ...]
    indicators: tuple[str, ...] = ()
    instructions: str
    risk: dict[str, Any]
    analysis: AnalysisSettingsOut | None = None
    analysis_error: str = ""
    trigger: str
    evaluate: str = "close"
    symbols: tuple[str, ...]
    built_in: bool
    enabled: bool
    state: str
    version: int
    watermark: datetime | None
    enabled_at: datetime | None = None
    error: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime


class StrategyActivityOut(Shape):
    """One item of `GET /strategies/activity`. `signals_today` are those since 00:00 UTC of market time, None while no
    worker says what time that is; `last_signal` is the close of the newest one's candle.

    `undecided` signals may still become an entry, `to_approve` of them wait for a person; `entering` are approved and
    in no position yet. `open_positions` are one's own.
    """

    strategy_id: str
    signals: int
    signals_today: int | None
    last_signal: datetime | None
    undecided: int
    to_approve: int
    entering: int
    open_positions: int


class QuotaOut(Shape):
    """Nodes computed at each step by one's enabled strategies: `used` now, `after` with this one, and the `limit`.

    `strategy_limit` is what a single strategy may compute.
    """

    used: int
    after: int
    limit: int
    strategy_limit: int


class CheckOut(Shape):
    """What is known about a filter before it is enabled: findings, gravest first, cost, reach, quota and figures.

    `candles` of `symbols` were counted; `sampled_candles` of `sampled_symbols` were replayed again and again. Shares
    are 0 to 1: `known_share` of the symbol-candles, `true_share` of the known ones.
    """

    findings: tuple[FindingOut, ...] = ()
    filter_hash: str = ""
    cost: int = 0
    reach: dict[str, int] = Field(default_factory=dict)
    quota: QuotaOut | None = None
    interval: str = ""
    held_symbols: int = 0
    held_candles: int = 0
    symbols: int = 0
    candles: int = 0
    sampled_symbols: int = 0
    sampled_candles: int = 0
    known_share: float = 0.0
    true_share: float = 0.0
    signals: int = 0
    days: float = 0.0
    signals_a_day: float = 0.0
    cuts: int = 0
    settled_after: int | None = None
    milliseconds: float = 0.0


class EnableIn(Input):
    """Body of `/strategies/{id}/enable`: `confirm` enables it although a finding warns."""

    confirm: bool = False


class StrategyDetail(StrategyOut):
    """One strategy, with what was found when it was last to be enabled."""

    check: CheckOut | None = None


class HistoryMatch(Shape):
    """A past match. `outcome` is what came first afterwards: target, stop or open (of 1 R each)."""

    symbol: str
    candle_close: datetime
    price: float
    outcome: Literal["target", "stop", "open"]
    conditions: tuple[ConditionRow, ...] = ()


class NearMiss(Shape):
    """A symbol that fails by one condition: `failing` as written, `reading` in plain English, its values with what is
    between them (`op`), and how far off it is, in percent and in spreads (as in `FailingOut`).
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
    distance: float | None = None
    op: str | None = None


class ConditionShareOut(Shape):
    """On what share of the candles held a condition was true; None where it was never known."""

    text: str
    reading: str = ""
    share: float | None = None


class MatchDayOut(Shape):
    """The matches of a UTC day by which of +1 R and -1 R came first; days without a match are left out."""

    day: date
    target: int
    stop: int
    open: int


class HistoryOut(Shape):
    """`POST /filters/scan` and `GET /strategies/{id}/history`: matches over the candles held.

    `matches` are the newest 500; `total`, `days` and `by_symbol` (most first) are of all. `per_day` are all symbols'
    matches in 24 hours; `never` says which conditions held nowhere, alone or two together.
    """

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
    per_day: float | None = None
    days: tuple[MatchDayOut, ...] = ()
    by_symbol: Mapping[str, int] = Field(default_factory=dict)
    conditions: tuple[ConditionShareOut, ...] = ()
    never: tuple[str, ...] = ()


class FailingOut(Shape):
    """A condition that does not hold. `value` None is unknown.

    `distance` is the difference of the sides in units of its usual size for that symbol: the standard deviation of
    left less right over the last 100 candles.
    """

    text: str
    reading: str = ""
    left: float | None = None
    op: str | None = None
    right: float | None = None
    value: bool | None = None
    distance: float | None = None
    distance_percent: float | None = None


class NearOut(Shape):
    """A symbol that does not match now: `held` of its `of` conditions hold, the others are `failing`."""

    symbol: str
    candle_close: datetime
    price: float
    held: int
    of: int
    distance: float | None
    failing: tuple[FailingOut, ...]


class NearPage(Shape):
    """`POST /filters/near-misses`: most conditions held first, then the smaller distance."""

    interval: str
    reading: str
    symbols: int
    items: tuple[NearOut, ...]


class ExplainOut(Shape):
    """`POST /filters/explain`: each condition on one candle. `match` None is unknown."""

    symbol: str
    candle_close: datetime
    price: float
    match: bool | None
    edge: bool
    score: float | None = None
    reading: str
    conditions: tuple[ConditionRow, ...]


class RunOut(Shape):
    """One screening run of an interval's candle."""

    id: str
    interval: str
    candle_close: datetime
    status: str
    symbols_fresh: int
    symbols_late: int = 0
    symbols_stale: int
    symbols_missing: int
    strategies: int
    matches: int
    timings: dict[str, Any]
