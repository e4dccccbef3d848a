"""Sentences in, strategies out."""

from typing import Any

from pydantic import Field

from api.schemas.base import Input, Interval, Shape
from api.schemas.checks import SentenceCheckOut
from api.schemas.problem import FieldError


class PromptIn(Input):
    """Body of `/generate/*`. `interval` overrides the default, not an interval named in the sentence."""

    prompt: str = Field(min_length=1, max_length=4000)
    interval: Interval | None = None
    model: str | None = None


class ReadingRow(Shape):
    """One condition of the compiled filter beside the words of the sentence it came from."""

    text: str
    reading: str
    interval: str = ""
    words: str = ""


class GeneratedStrategyOut(Shape):
    """The answer of `/generate/strategy` and `screener generate --json`."""

    name: str
    description: str
    direction: str
    interval: str
    conditions: tuple[str, ...]
    instructions: str
    indicators: tuple[str, ...]
    risk: dict[str, Any]
    filter_code: str
    reading: str
    assumptions: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()
    model: str
    attempts: int = 1
    rows: tuple[ReadingRow, ...] = ()
    checks: SentenceCheckOut = SentenceCheckOut()


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
