"""The strategy being written: one frozen value in the session."""

from dataclasses import dataclass, field, replace
from typing import Literal

import streamlit as st

from api.schemas import CheckOut, FieldError, FilterReport, GeneratedStrategyOut, HistoryOut, Problem, ReadingRow
from api.schemas.base import PEEKED
from ui import session
from ui.client import ApiError, ApiProblem

INTERVAL_NAMES = {
    "1m": "1 minute",
    "3m": "3 minutes",
    "5m": "5 minutes",
    "15m": "15 minutes",
    "30m": "30 minutes",
    "1h": "1 hour",
    "2h": "2 hours",
    "4h": "4 hours",
    "6h": "6 hours",
    "8h": "8 hours",
    "12h": "12 hours",
    "1d": "1 day",
    "3d": "3 days",
    "1w": "1 week",
}


@dataclass(frozen=True)
class Draft:
    """`shown` is the last report that compiled; `version` grows when the editor's text is to be replaced."""

    sentence: str = ""
    generated: GeneratedStrategyOut | None = None
    code: str = ""
    interval: str = "15m"
    direction: str = "long"
    name: str = ""
    steps: tuple[tuple[str, float], ...] = ()
    version: int = 0
    report: FilterReport | None = None
    shown: FilterReport | None = None
    history: HistoryOut | None = None
    check: CheckOut | None = None
    trigger: str = "edge"
    evaluate: str = "close"
    failure: str = ""
    problem: Problem | None = None
    confirmed: bool = False
    words: dict[str, str] = field(default_factory=dict)

    @property
    def evaluated(self) -> Literal["close", "minute"]:
        """When it is evaluated, as far as its candles allow."""
        return "minute" if self.evaluate == "minute" and self.interval in PEEKED else "close"

    @property
    def followed(self) -> str:
        """The interval whose closes matter while it is written; empty before there is a filter."""
        return self.interval if self.code else ""

    def edited(self, code: str) -> "Draft":
        """With code typed by hand; it has to be confirmed again."""
        return replace(self, code=code, confirmed=False)

    def named(self, name: str, interval: str, direction: str, trigger: str) -> "Draft":
        """With other settings; any but another name has to be confirmed again."""
        changed = replace(self, name=name, interval=interval, direction=direction, trigger=trigger)
        return replace(changed, confirmed=self.confirmed and changed.asked == self.asked)

    @property
    def asked(self) -> tuple[str, str, str, str]:
        """What the look back and the check depend on."""
        return self.code, self.interval, self.direction, self.trigger

    def rows(self) -> tuple[ReadingRow, ...]:
        """The read-back's rows; the user's words are known for code the sentence was turned into."""
        if self.generated and self.generated.rows and self.code == self.generated.filter_code:
            return self.generated.rows
        return self.shown.rows if self.shown else ()


def current() -> Draft:
    """The draft of this session."""
    draft: Draft = st.session_state.get("draft") or Draft()
    return draft


def store(draft: Draft) -> None:
    """Keep the draft; what was said about the former one is dropped."""
    st.session_state["draft"] = draft
    st.session_state.pop("saved", None)
    st.session_state.pop("warned", None)


def confirm(answer: bool) -> None:
    """The answer to “Is that what you meant?”."""
    st.session_state["draft"] = replace(current(), confirmed=answer)


def examined(draft: Draft) -> Draft:
    """Compiled and, where that succeeds, scanned over the candles held."""
    if not draft.code.strip():
        return replace(draft, report=None, shown=None, history=None, check=None)
    api = session.api()
    try:
        report = api.compile(draft.code, draft.interval)
    except ApiProblem as problem:
        errors = problem.problem.errors or (FieldError(message=str(problem)),)
        report = FilterReport(ok=False, errors=errors)
    except ApiError as error:
        return replace(draft, failure=str(error))
    if not report.ok:
        return replace(draft, report=report, failure="")
    draft = replace(draft, report=report, shown=report, failure="", problem=None)
    try:
        draft = replace(draft, history=api.scan(draft.code, draft.interval, draft.direction, draft.trigger))
    except ApiError as error:
        return replace(draft, history=None, check=None, failure=str(error))
    try:
        return replace(draft, check=api.check(draft.code, draft.interval, draft.trigger))
    except ApiError:
        # Enabling checks again and tells what is wrong.
        return replace(draft, check=None)
