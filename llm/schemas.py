"""What the generation steps ask a model for, and what they give back to callers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from llm.checks.shapes import SentenceCheck

PUBLIC = (
    "name", "description", "direction", "interval", "conditions", "instructions", "indicators", "risk", "filter_code",
    "reading", "assumptions", "not_understood", "model", "attempts",
)  # fmt: skip
"""The fields of `screener generate --json`."""

Direction = Literal["long", "short"]
CategoryName = Literal[
    "breakout", "mean reversion", "momentum", "pullback", "trend", "volatility", "volume", "pattern", "other"
]
DifficultyName = Literal["beginner", "intermediate", "advanced"]


def _category(value: object) -> object:
    """The category however it is spelled ("Mean-Reversion"); "other" for a word that is none."""
    word = " ".join(str(value or "").lower().replace("_", " ").replace("-", " ").split())
    return word if word in get_args(CategoryName) else "other"


def _difficulty(value: object) -> object:
    """The difficulty however it is spelled; "intermediate" for a word that is none."""
    word = str(value or "").strip().lower()
    return word if word in get_args(DifficultyName) else "intermediate"


Category = Annotated[CategoryName, BeforeValidator(_category)]
Difficulty = Annotated[DifficultyName, BeforeValidator(_difficulty)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class Risk(BaseModel):
    """The plan with which the track record follows each signal of the bare filter: distances in multiples of ATR(14),
    holding time in base candles. No trade is held to it: that has the filter's own levels, or the analysis'.
    """

    model_config = ConfigDict(extra="ignore")

    stop_atr: float = Field(1.5, gt=0, le=20, description="stop distance from entry, in ATR(14)")
    target_atr: float = Field(3.0, gt=0, le=50, description="first target's distance from entry, in ATR(14)")
    max_hold_candles: int = Field(default=48, ge=1, le=10_000, description="followed for so many base candles")


class Source(BaseModel):
    """Which words of the sentence a condition came from; `name` is its variable in the filter, where
    known."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field("", max_length=80)
    condition: Line
    words: str = Field("", max_length=400)


def _cut_at(most: int) -> Callable[[object], object]:
    """Cuts a text at a word: a title that is too long is no reason to ask again."""

    def cut(value: object) -> object:
        if not isinstance(value, str) or len(value.strip()) <= most:
            return value
        kept = value.strip()[: most - 1]
        return f"{kept.rpartition(' ')[0] or kept}…"

    return cut


class StrategyMetadata(BaseModel):
    """Everything about a strategy except its code: the answer of the metadata step."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), BeforeValidator(_cut_at(80))
    ]
    description: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=1_000), BeforeValidator(_cut_at(1_000))
    ] = ""
    direction: Direction = "long"
    interval: str = Field(default="1h", description="the base interval: the finest one the sentence names")
    conditions: list[Line] = Field(default_factory=list, max_length=30, description="one sentence each")
    instructions: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] = ""
    indicators: list[Line] = Field(default_factory=list, max_length=30)
    risk: Risk = Field(default_factory=lambda: Risk.model_validate({}))
    category: Category = Field(default="other", description="what sort of strategy it is")
    difficulty: Difficulty = Field(default="intermediate", description="how much a trader must know to use it")
    assumptions: list[Line] = Field(default_factory=list, max_length=40, description="every default chosen")
    not_understood: list[Line] = Field(default_factory=list, max_length=40, description="words not used")
    sources: list[Source] = Field(default_factory=list, max_length=30)


class FilterDraft(BaseModel):
    """The answer of the steps that write a program: the program in the filter language, and which condition
    each of its names stands for."""

    model_config = ConfigDict(extra="ignore")

    filter_code: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    assumptions: list[Line] = Field(default_factory=list, max_length=40)
    not_understood: list[Line] = Field(default_factory=list, max_length=40)
    sources: list[Source] = Field(default_factory=list, max_length=30)


class NamedText(BaseModel):
    """A condition of a program by its name, in plain words."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field("", max_length=80)
    text: Line


class Explanation(BaseModel):
    """The answer of the explain step: a program in plain words."""

    model_config = ConfigDict(extra="ignore")

    summary: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
    conditions: list[NamedText] = Field(default_factory=list, max_length=60)
    fires_when: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] = ""
    weaknesses: list[Line] = Field(default_factory=list, max_length=20)


class GeneratedStrategy(BaseModel):
    """A strategy made from a sentence. `public()` has exactly the fields of `screener generate --json`.

    `attempts` are the drafts of the filter, `first_try` whether the first one compiled, `calls` the provider's calls,
    retries included. `cost` is in US dollars, None where the price of a call is not known. `spans` say which condition
    of the filter each condition in words is, and from which words of the sentence it came.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    direction: Direction
    interval: str
    conditions: list[str]
    instructions: str
    indicators: list[str]
    risk: Risk
    filter_code: str
    reading: str
    assumptions: list[str]
    not_understood: list[str]
    model: str
    attempts: int
    category: Category = "other"
    difficulty: Difficulty = "intermediate"
    spans: list[Source] = Field(default_factory=list)
    checks: SentenceCheck = Field(default_factory=SentenceCheck)
    first_try: bool = True
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None

    def public(self) -> dict[str, object]:
        """The JSON object people and programs rely on; all else stays inside."""
        return self.model_dump(mode="json", include=set(PUBLIC))
