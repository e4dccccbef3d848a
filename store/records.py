"""Rows as frozen values: strategies, screening and model calls. Money and quantities are Decimal, times carry
UTC.

`New…` records are what a caller hands in; records without the prefix are what the database returns.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Json = dict[str, Any]
Direction = Literal["long", "short"]
Mode = Literal["paper", "live"]
StrategyState = Literal["warming", "live", "paused", "failed"]
SignalStatus = Literal[
    "new",
    "analysing",
    "enter",
    "wait",
    "rejected",
    "expired",
    "error",
    "approved",
    "declined",
    "blocked",
    "ordered",
    "in_position",
    "closed",
]
AnalysisDecision = Literal["enter_trade", "bad_setup", "wait", "hold", "adjust", "reduce", "close"]


class Record(BaseModel):
    """Base of all rows: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Profile(Record):
    """A person's settings; `kill_switch` stops all new orders of that person."""

    id: UUID
    display_name: str | None
    tier: str
    settings: Json
    kill_switch: bool
    created_at: datetime
    updated_at: datetime


class NewStrategy(Record):
    """A strategy to store; `owner_id` None means built-in, `conditions` and `indicators` hold texts. `prompt` is the
    sentence that it was written from."""

    code: str
    name: str
    base_interval: str
    filter_code: str
    filter_hash: str
    owner_id: UUID | None = None
    description: str = ""
    prompt: str = ""
    language: Literal["filter", "python"] = "filter"
    direction: Direction = "long"
    evaluate: Literal["close", "minute"] = "close"
    reading: str = ""
    conditions: list[Any] = Field(default_factory=list)
    indicators: list[Any] = Field(default_factory=list)
    instructions: str = ""
    workspace: Json | None = None
    risk: Json = Field(default_factory=dict)
    analysis: Json = Field(default_factory=dict)
    controls: Json = Field(default_factory=dict)
    universe: Json = Field(default_factory=dict)
    visibility: Literal["private", "public"] = "private"
    tags: list[str] = Field(default_factory=list)
    category: str = ""
    difficulty: str = ""
    mode: Mode = "paper"
    enabled: bool = False


class StrategyChanges(Record):
    """Fields to change; those left unset keep their value. A new definition becomes a new version."""

    name: str | None = None
    description: str | None = None
    prompt: str | None = None
    direction: Direction | None = None
    base_interval: str | None = None
    evaluate: Literal["close", "minute"] | None = None
    filter_code: str | None = None
    filter_hash: str | None = None
    reading: str | None = None
    conditions: list[Any] | None = None
    indicators: list[Any] | None = None
    instructions: str | None = None
    workspace: Json | None = None
    risk: Json | None = None
    analysis: Json | None = None
    controls: Json | None = None
    universe: Json | None = None
    visibility: Literal["private", "public"] | None = None
    tags: list[str] | None = None
    category: str | None = None
    difficulty: str | None = None
    mode: Mode | None = None
    enabled: bool | None = None


class Strategy(NewStrategy):
    """A stored strategy. `watermark` is the close of the last screened candle; None: start at the newest. `enabled_at`
    is when it was last enabled (real time); None: never."""

    id: UUID
    built_in: bool
    access_tier: str
    default_enabled: bool
    admin_notes: str
    state: StrategyState
    watermark: datetime | None
    enabled_at: datetime | None
    error: Json | None
    failures: int
    version: int
    created_at: datetime
    updated_at: datetime


class StrategyVersion(Record):
    """One version of a strategy, never changed."""

    id: UUID
    strategy_id: UUID
    version: int
    author_id: UUID | None
    name: str
    direction: Direction
    base_interval: str
    evaluate: Literal["close", "minute"]
    filter_code: str
    filter_hash: str
    conditions: list[Any]
    instructions: str
    risk: Json
    analysis: Json
    controls: Json
    universe: Json
    created_at: datetime


class RunOutcome(Record):
    """What a screening run saw. `absent` holds `{"late": [...], "stale": [...], "missing": [...]}` symbols, `timings`
    milliseconds. Late symbols were screened after the others; `slowest_seconds` after the close the last one was.
    """

    symbols_fresh: int
    symbols_late: int = 0
    symbols_stale: int = 0
    symbols_missing: int = 0
    absent: Json = Field(default_factory=dict)
    seconds_after_close: float | None = None
    slowest_seconds: float | None = None
    strategies: int = 0
    matches: int = 0
    timings: Json = Field(default_factory=dict)


class ScreenRun(RunOutcome):
    """One pass over the market for one interval, candle close and shard."""

    id: UUID
    interval: str
    candle_close: datetime
    shard: int
    worker: str
    status: Literal["running", "done", "failed"]
    lease_until: datetime
    attempts: int
    error: Json | None
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime


class NewStrategyRun(Record):
    """What one strategy did on one candle."""

    strategy_id: UUID
    candle_close: datetime
    screen_run_id: UUID | None = None
    status: Literal["done", "failed"] = "done"
    symbols_checked: int = 0
    matched: int = 0
    duration_ms: float = 0.0
    error: Json | None = None


class StrategyRun(NewStrategyRun):
    """A stored strategy run."""

    id: UUID
    created_at: datetime
    updated_at: datetime


class NewSignal(Record):
    """A match to store; `conditions` are rows `{"text", "left", "right", "value"}`. `provisional`: its candle had not
    closed, and the filter was not (yet) true on the close. `late`: its candle came so many market seconds after its
    close, when the others had been screened.
    """

    strategy_id: UUID
    strategy_version: int
    symbol: str
    interval: str
    candle_close: datetime
    price: Decimal
    side: Direction
    conditions: list[Json] = Field(default_factory=list)
    indicators: Json = Field(default_factory=dict)
    candles: list[Any] = Field(default_factory=list)
    score: float | None = None
    provisional: bool = False
    late: bool = False
    late_seconds: float | None = None
    screen_run_id: UUID | None = None


class Signal(NewSignal):
    """A stored signal; `owner_id` None where the strategy is built-in. `watch` is how a signal that waits is watched
    (app.monitoring), None before it was.
    """

    id: UUID
    owner_id: UUID | None
    status: SignalStatus
    reason: str | None
    considered_until: datetime | None
    claim: UUID | None = None
    watch: Json | None = None
    created_at: datetime
    updated_at: datetime


class SignalView(Signal):
    """A signal as shown: with its strategy's name, its newest analysis and the reader's own answer, why nothing came of
    that, and whether the signal follows it; `state` is the reader's, by that answer.
    """

    strategy_name: str
    strategy_code: str
    analysis_id: UUID | None
    analysis_decision: AnalysisDecision | None
    analysis_confidence: int | None
    my_decision: Literal["approve", "decline"] | None
    my_refusal: str | None
    my_move: bool
    state: SignalStatus


class SignalCount(Record):
    """How many signals of a strategy are in a state, the reader's."""

    strategy_id: UUID
    strategy_name: str
    state: SignalStatus
    count: int


class SignalPage(Record):
    """A page of signals, newest candle first; `next` is the cursor of the following page or None."""

    items: list[SignalView]
    next: str | None


class SignalDecision(Record):
    """One person's answer to one signal. An approval is of one analysis, None where none said to enter; `refusal` says
    why no order followed it. `moves`: the signal follows this answer, and the order that comes of it.
    """

    id: UUID
    signal_id: UUID
    owner_id: UUID
    decision: Literal["approve", "decline"]
    note: str
    refusal: str | None
    analysis_id: UUID | None
    moves: bool
    created_at: datetime
    updated_at: datetime


class NewAnalysis(Record):
    """An analysis to store, of a signal or of a position. Latency in milliseconds, cost in US dollars, None where no
    price is known. `asked`: by a model, not by rules alone.

    `request_key` is what was asked, of which there is one analysis; `opinions` are the answers, where several were
    asked for; `decided_at` is the market time at which it stood.
    """

    decision: AnalysisDecision
    confidence: int = Field(ge=0, le=100)
    model: str
    signal_id: UUID | None = None
    position_id: UUID | None = None
    owner_id: UUID | None = None
    kind: Literal["signal", "position"] = "signal"
    reasoning: str = ""
    trade_plan: Json = Field(default_factory=dict)
    key_levels: Json = Field(default_factory=dict)
    indicators: Json = Field(default_factory=dict)
    grounding: Json = Field(default_factory=dict)
    refusals: list[Any] = Field(default_factory=list)
    snapshot: Json = Field(default_factory=dict)
    snapshot_hash: str | None = None
    raw_answer: str | None = None
    prompt_version: str | None = None
    latency_ms: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = Decimal(0)
    asked: bool = False
    trace_id: str | None = None
    request_key: str | None = None
    opinions: list[Any] = Field(default_factory=list)
    decided_at: datetime | None = None


class Analysis(NewAnalysis):
    """A stored analysis, never changed."""

    id: UUID
    created_at: datetime


class NewFailure(Record):
    """An analysis of a signal that came to no decision. Latency in milliseconds, cost in US dollars, None where no
    price is known.
    """

    signal_id: UUID
    model: str
    reason: str
    latency_ms: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = None


class NewGeneration(Record):
    """One call of a language model to write something. Latency in milliseconds, cost in US dollars, None where no price
    is known."""

    operation: str
    model: str
    input: Json = Field(default_factory=dict)
    output: Json | None = None
    owner_id: UUID | None = None
    strategy_id: UUID | None = None
    attempts: int = 1
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = Decimal(0)
    latency_ms: float = 0.0
    error: str | None = None
    trace_id: str | None = None


class Generation(NewGeneration):
    """A stored model call."""

    id: UUID
    created_at: datetime
    updated_at: datetime
