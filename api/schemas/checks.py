"""What of a sentence a filter does not say, what it adds, and what the sentence left open."""

from typing import Literal

from pydantic import Field

from api.schemas.base import Shape


class UnusedOut(Shape):
    """Words of the sentence of which nothing is in the filter; `start` and `end` are offsets into the sentence."""

    kind: Literal["indicator", "number", "interval", "symbol", "condition", "exit", "stop", "target"]
    words: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class DisagreementOut(Shape):
    """Words of the sentence that seem to say something else than the filter, and what each of them says."""

    words: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    asked: str
    said: str


class ChoiceOut(Shape):
    """One answer to a question: the code, evaluation, direction or interval it would change. One of them is taken."""

    label: str
    filter_code: str | None = None
    evaluate: Literal["close", "minute"] | None = None
    direction: Literal["long", "short"] | None = None
    interval: str | None = None
    taken: bool = False


class QuestionOut(Shape):
    """What a sentence left open, how it was read, and the other ways to read it."""

    id: str
    text: str
    assumption: str
    choices: tuple[ChoiceOut, ...] = ()


class SentenceCheckOut(Shape):
    """The checks that no compiler makes: a filter against its sentence.

    `unheld` are words of the sentence that could not be held against the filter, all of it where none could be.
    """

    unused: tuple[UnusedOut, ...] = ()
    disagreements: tuple[DisagreementOut, ...] = ()
    invented: tuple[str, ...] = ()
    questions: tuple[QuestionOut, ...] = ()
    contradictions: tuple[str, ...] = ()
    unheld: tuple[str, ...] = ()
