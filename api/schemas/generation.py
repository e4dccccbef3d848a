"""Sentences in, strategies out."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from api.schemas.base import Input, Interval, Shape
from api.schemas.checks import SentenceCheckOut
from api.schemas.problem import FieldError

MAX_SENTENCE = 4_000
Direction = Literal["long", "short"]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class AskIn(Input):
    """What every body of `/generate/*` may say: which of the configured models is asked, and whether it is asked anew
    though the same question was answered before."""

    model: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = None
    fresh: bool = False


class PromptIn(AskIn):
    """Body of `/generate/metadata` and `/generate/strategy`. `interval` overrides the default, not an interval named in
    the sentence."""

    prompt: str = Field(min_length=1, max_length=MAX_SENTENCE)
    interval: Interval | None = None


class FilterPromptIn(PromptIn):
    """Body of `/generate/filter`: the sentence and, where they are known, its conditions in words."""

    direction: Direction | None = None
    conditions: tuple[Line, ...] = Field((), max_length=30)


class RegenerateIn(AskIn):
    """Body of `/generate/regenerate`: conditions after a person has edited them; interval and direction are kept.

    `filter_code` is the program before the edit, `prompt` the sentence that it began with.
    """

    conditions: tuple[Line, ...] = Field(min_length=1, max_length=30)
    interval: Interval
    direction: Direction = "long"
    filter_code: str = Field("", max_length=20_000)
    prompt: str = Field("", max_length=MAX_SENTENCE)


class ExplainFilterIn(AskIn):
    """Body of `/generate/explain`: a program; `prompt` is the sentence it was made from, whose language is answered."""

    filter_code: str = Field(min_length=1, max_length=20_000)
    interval: Interval
    direction: Direction = "long"
    prompt: str = Field("", max_length=MAX_SENTENCE)


class MendIn(AskIn):
    """Body of `/generate/mend`: a stored strategy with its stored error, or a program with the error it ran into."""

    strategy_id: UUID | None = None
    filter_code: str = Field("", max_length=20_000)
    interval: Interval | None = None
    direction: Direction = "long"
    error: str = Field("", max_length=4_000)
    prompt: str = Field("", max_length=MAX_SENTENCE)

    @model_validator(mode="after")
    def _one_of_both(self) -> "MendIn":
        if self.strategy_id is None and not (self.filter_code and self.interval and self.error):
            raise ValueError("give strategy_id, or filter_code, interval and error")
        return self


class ReadingRow(Shape):
    """One condition of the compiled filter, or its exit, stop or target, beside the words of the sentence it came from.

    `name` is its variable in the filter, `condition` the sentence of the description that it stands for.
    """

    kind: Literal["condition", "exit", "stop", "target"] = "condition"
    text: str
    reading: str
    interval: str = ""
    words: str = ""
    name: str = ""
    condition: str = ""


class Spent(Shape):
    """What an answer took. `cost` is in US dollars, null where the price of a call is not known; `calls` counts the
    provider's, retries included; a cached answer takes none."""

    model: str
    attempts: int = 1
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None


class MetadataOut(Spent):
    """The answer of `/generate/metadata`: all of a strategy but its filter."""

    name: str
    description: str
    direction: str
    interval: str
    conditions: tuple[str, ...]
    instructions: str
    indicators: tuple[str, ...]
    risk: dict[str, Any]
    category: str = "other"
    difficulty: str = "intermediate"
    assumptions: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()


class GeneratedStrategyOut(MetadataOut):
    """The answer of `/generate/strategy`; `screener generate --json` prints some of its fields.

    `first_try` is whether the first draft of the filter compiled.
    """

    filter_code: str
    reading: str
    rows: tuple[ReadingRow, ...] = ()
    checks: SentenceCheckOut = SentenceCheckOut()
    first_try: bool = True


class GeneratedFilterOut(Spent):
    """The answer of `/generate/filter`, `/regenerate` and `/mend`.

    `changes` say, after an edit or a repair, which conditions are new and which are gone.
    """

    filter_code: str
    hash: str
    interval: str
    direction: str
    conditions: tuple[str, ...]
    reading: str
    rows: tuple[ReadingRow, ...] = ()
    changes: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()
    checks: SentenceCheckOut = SentenceCheckOut()
    first_try: bool = True


class ExplainedCondition(Shape):
    """A condition of a program, by its name, in plain words."""

    name: str
    text: str


class ExplanationOut(Spent):
    """The answer of `/generate/explain`. `reading` is made from the program by code, all else by the model."""

    summary: str
    conditions: tuple[ExplainedCondition, ...] = ()
    fires_when: str = ""
    weaknesses: tuple[str, ...] = ()
    reading: str


class StepOut(Shape):
    """Data of a `progress` event: a step that ended, with its seconds, or (`kind` text) a piece of the model's answer.

    An empty piece says that the answer begins anew.
    """

    step: str
    seconds: float = 0.0
    kind: Literal["step", "text"] = "step"
    text: str = ""


class FillingOut(Shape):
    """Data of a `progress` event of a look back: the candles of an interval are being fetched, and those of `done`
    symbols of `of` came."""

    interval: str
    done: int
    of: int


class FilterReport(Shape):
    """The answer of `/filters/compile` and `screener compile --json`."""

    ok: bool
    hash: str = ""
    intervals: tuple[str, ...] = ()
    reach: dict[str, int] = Field(default_factory=dict)
    cost: int = 0
    conditions: tuple[str, ...] = ()
    reading: str = ""
    canonical: str = ""
    warnings: tuple[FieldError, ...] = ()
    errors: tuple[FieldError, ...] = ()
    rows: tuple[ReadingRow, ...] = ()
    checks: SentenceCheckOut = SentenceCheckOut()
