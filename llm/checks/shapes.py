"""The answer of `check_sentence`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Ending = Literal["exit", "stop", "target"]
Kind = Literal["indicator", "number", "interval", "symbol", "condition", "exit", "stop", "target"]


class Unused(BaseModel):
    """Words of the sentence of which nothing is in the graph; `start` and `end` are offsets into the sentence."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    words: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class Disagreement(BaseModel):
    """Words of the sentence that seem to say something else than the program: `asked` is what they seem to say,
    `said` what the program says instead, both in words."""

    model_config = ConfigDict(frozen=True)

    words: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    asked: str
    said: str


class Choice(BaseModel):
    """One answer to a question: what it changes, of code, evaluation and direction. `taken` is how it is now."""

    model_config = ConfigDict(frozen=True)

    label: str
    filter_code: str | None = None
    evaluate: Literal["close", "minute"] | None = None
    direction: Literal["long", "short"] | None = None
    interval: str | None = None
    taken: bool = False


class Question(BaseModel):
    """Something that the sentence left open; `assumption` says in words how it was read. One choice is taken."""

    model_config = ConfigDict(frozen=True)

    id: str
    text: str
    assumption: str
    choices: list[Choice]


class SentenceCheck(BaseModel):
    """What a program leaves out of its sentence, says otherwise, adds, had to assume, and can never satisfy.

    `unheld` are words of the sentence that could not be held against the program: nobody knows whether it says them.
    """

    model_config = ConfigDict(frozen=True)

    unused: list[Unused] = Field(default_factory=list)
    disagreements: list[Disagreement] = Field(default_factory=list)
    invented: list[str] = Field(default_factory=list)
    questions: list[Question] = Field(default_factory=list)
    contradictions: list[str] = Field(default_factory=list)
    unheld: list[str] = Field(default_factory=list)
