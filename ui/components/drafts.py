"""The strategy being written: one frozen value in the session."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from textwrap import shorten
from typing import Any, Literal

import streamlit as st

from api.schemas import (
    CheckOut,
    ChoiceOut,
    ExplanationOut,
    FieldError,
    FillingOut,
    FilterReport,
    GeneratedFilterOut,
    GeneratedStrategyOut,
    HistoryOut,
    Problem,
    ReadingRow,
    SentenceCheckOut,
    StrategyOut,
)
from api.schemas.base import PEEKED
from ui import session
from ui.caller import ApiError, ApiProblem

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
MAX_UNDO = 20
MAX_NAME = 120
SETTINGS = ("name", "interval", "direction", "trigger", "evaluate")


@dataclass(frozen=True)
class Draft:
    """`shown` is the last report that compiled; `version` grows when the editor's text is to be replaced.

    `serial` counts the drafts written. `undo` are the drafts before each change made by a click, newest last, each with
    what the change was. `read` are the rows of the filter beside the words they came from, `refused` says why edited
    conditions gave no filter. `pending`: the code compiles, and was not yet looked back at and checked. `corrections`
    are the lines that were corrected, `unmended` says why they were not. `auto_name` is the name it has unless a person
    gives another; `said` are the edited conditions that it is held against in place of the sentence. `stored` is the
    strategy it was saved as, or was opened to edit (`editing`).
    """

    sentence: str = ""
    generated: GeneratedStrategyOut | None = None
    code: str = ""
    interval: str = "15m"
    direction: str = "long"
    name: str = ""
    conditions: tuple[str, ...] = ()
    steps: tuple[tuple[str, float], ...] = ()
    version: int = 0
    report: FilterReport | None = None
    shown: FilterReport | None = None
    history: HistoryOut | None = None
    check: CheckOut | None = None
    explanation: ExplanationOut | None = None
    changes: tuple[str, ...] = ()
    trigger: str = "edge"
    evaluate: str = "close"
    failure: str = ""
    pending: bool = False
    problem: Problem | None = None
    confirmed: bool = False
    undo: tuple[tuple[str, "Draft"], ...] = ()
    read: tuple[ReadingRow, ...] = ()
    refused: Problem | None = None
    corrections: tuple[str, ...] = ()
    unmended: Problem | None = None
    serial: int = 0
    auto_name: str = ""
    said: str = ""
    stored: StrategyOut | None = None
    editing: bool = False

    def key(self, name: str) -> str:
        """The key of a widget that shows one of its settings; no two drafts share one.

        A browser sends the values of all widgets it still shows, also while the next draft is being written.
        """
        return f"draft_{name}_{self.serial}"

    @property
    def evaluated(self) -> Literal["close", "minute"]:
        """When it is evaluated, as far as its candles allow."""
        return "minute" if self.evaluate == "minute" and self.interval in PEEKED else "close"

    @property
    def followed(self) -> str:
        """The interval whose closes matter while it is written; empty before there is a filter."""
        return self.interval if self.code else ""

    @property
    def checks(self) -> SentenceCheckOut:
        """The filter that is shown, held against the sentence."""
        return self.shown.checks if self.shown else SentenceCheckOut()

    def edited(self, code: str) -> "Draft":
        """With other code; it has to be confirmed again."""
        fresh = replace(self, code=code, confirmed=False, explanation=None, changes=(), refused=None)
        return replace(fresh, corrections=(), unmended=None)

    def named(self, name: str, interval: str, direction: str, trigger: str) -> "Draft":
        """With other settings; any but another name has to be confirmed again."""
        changed = replace(self, name=name, interval=interval, direction=direction, trigger=trigger)
        return replace(changed, confirmed=self.confirmed and changed.asked == self.asked)

    def chosen(self, choice: ChoiceOut, what: str) -> "Draft":
        """With another answer to a question; `what` names the change, for taking it back."""
        code = self.code if choice.filter_code is None else choice.filter_code
        return replace(
            self.edited(code),
            interval=choice.interval or self.interval,
            direction=choice.direction or self.direction,
            evaluate=choice.evaluate or self.evaluate,
            version=self.version + 1,
            undo=(*self.undo, (what, replace(self, undo=())))[-MAX_UNDO:],
        )

    def corrected(self, made: GeneratedFilterOut) -> "Draft":
        """With the filter that compiles in the place of one that did not."""
        before = ("The code was corrected", replace(self, undo=(), unmended=None))
        return replace(
            self.edited(made.filter_code),
            corrections=made.changes,
            version=self.version + 1,
            undo=(*self.undo, before)[-MAX_UNDO:],
        )

    def rewritten(self, made: GeneratedFilterOut, conditions: tuple[str, ...]) -> "Draft":
        """With the filter that was written for edited conditions."""
        before = ("The conditions were edited", replace(self, undo=()))
        told = self.generated
        if told is not None:
            missed = tuple(dict.fromkeys((*told.not_understood, *made.not_understood)))
            told = told.model_copy(update={"not_understood": missed, "assumptions": made.assumptions})
        return replace(
            self.edited(made.filter_code),
            generated=told,
            conditions=conditions,
            said=". ".join(line.rstrip(". ") for line in conditions),
            read=made.rows,
            changes=made.changes,
            interval=made.interval,
            version=self.version + 1,
            undo=(*self.undo, before)[-MAX_UNDO:],
        )

    def taken_back(self) -> "Draft":
        """As it was before the last change made by a click."""
        if not self.undo:
            return self
        *rest, (_, before) = self.undo
        was = replace(before, stored=self.stored, editing=self.editing)
        return replace(was, undo=tuple(rest), version=self.version + 1, confirmed=False)

    def follows(self) -> "Draft":
        """With a name that says what it does now, where nobody gave it another."""
        made = self.generated
        if made is None or self.name != self.auto_name:
            return self
        name = made.name
        if (self.code, self.direction) != (made.filter_code, made.direction):
            parts = [row.condition or row.reading for row in self.rows() if row.kind == "condition"]
            short = " (short)" if self.direction == "short" else ""
            name = f"{shorten(', '.join(parts), MAX_NAME - len(short), placeholder=' …')}{short}"
        return replace(self, name=name, auto_name=name)

    @property
    def asked(self) -> tuple[str, str, str, str]:
        """What the look back and the check depend on."""
        return self.code, self.interval, self.direction, self.trigger

    def rows(self) -> tuple[ReadingRow, ...]:
        """The read-back's rows, each beside the words of the sentence that it came from, where they are known."""
        return (self.read or self.shown.rows) if self.shown else ()

    def compiled(self, report: FilterReport) -> "Draft":
        """With the report of its code; the conditions in words follow what the code says now."""
        before = {row.name or row.text: row for row in self.read}
        rows = tuple(_follows(row, before.get(row.name or row.text)) for row in report.rows)
        said = {row.condition: row for row in self.read if row.condition}
        now = {row.name or row.text: row for row in rows}
        lines = []
        for line in self.conditions:
            old = said.get(line)
            new = now.get(old.name or old.text) if old else None
            if old is None:
                lines.append(line)
            elif new is not None:
                lines.append(line if new.text == old.text else new.condition)
        kept = tuple(dict.fromkeys(lines))
        return replace(self, report=report, shown=report, read=rows, conditions=kept, failure="", problem=None)


def _follows(row: ReadingRow, old: ReadingRow | None) -> ReadingRow:
    """A row with the words that its former self came from; its condition in words is the reading where it changed."""
    if old is None:
        return row
    condition = old.condition if row.text == old.text or not old.condition else row.reading
    return row.model_copy(update={"words": old.words or row.words, "condition": condition})


def current() -> Draft:
    """The draft of this session."""
    draft: Draft = st.session_state.get("draft") or Draft()
    return draft


def store(draft: Draft) -> None:
    """Keep the draft; what was said about the former one is dropped."""
    st.session_state["draft"] = draft
    st.session_state.pop("saved", None)
    st.session_state.pop("warned", None)


def fresh(**said: Any) -> Draft:
    """A draft in the place of the present one. Where that was opened to edit a strategy, this is to change it too; what
    was merely saved as one is done with."""
    now = current()
    kept = {"stored": now.stored, "editing": True} if now.editing else {}
    return Draft(**{**kept, "version": now.version + 1, "serial": now.serial + 1, **said})


def learn(draft: Draft) -> None:
    """Keep what was found out about the draft; what was said about it stays."""
    st.session_state["draft"] = draft


def confirm(answer: bool) -> None:
    """The answer to “Is that what you meant?”."""
    st.session_state["draft"] = replace(current(), confirmed=answer)


def explain(told: ExplanationOut) -> None:
    """Keep what the model told of the filter as it is."""
    st.session_state["draft"] = replace(current(), explanation=told)


def show_settings(draft: Draft) -> None:
    """Let the widgets of the settings show the draft's; for callbacks, before anything is drawn."""
    for name in SETTINGS:
        st.session_state[draft.key(name)] = getattr(draft, name)


def examined(draft: Draft) -> Draft:
    """Compiled and held against its sentence; where that succeeds, `looked_back` and `checked` are to follow."""
    draft = replace(draft, pending=False)
    if not draft.code.strip():
        return replace(draft, report=None, shown=None, history=None, check=None)
    api = session.api()
    try:
        report = api.compile(
            draft.code,
            draft.interval,
            sentence=(draft.said or draft.sentence) if draft.generated else "",
            not_understood=draft.generated.not_understood if draft.generated else (),
            direction=draft.direction,
            evaluate=draft.evaluated,
        )
    except ApiProblem as problem:
        errors = problem.problem.errors or (FieldError(message=str(problem)),)
        report = FilterReport(ok=False, errors=errors)
    except ApiError as error:
        return replace(draft, failure=str(error))
    if not report.ok:
        return replace(draft, report=report, failure="")
    return replace(draft.compiled(report).follows(), history=None, check=None, pending=True)


def looked_back(draft: Draft, told: Callable[[FillingOut], None]) -> Draft:
    """Scanned over the candles held; while these are fetched it is `told` how far that is."""
    try:
        for item in session.api().scan(draft.code, draft.interval, draft.direction, draft.trigger):
            if isinstance(item, HistoryOut):
                return replace(draft, history=item)
            told(item)
    except ApiError as error:
        return replace(draft, pending=False, failure=str(error))
    return replace(draft, pending=False, failure="The look back ended without an answer.")


def checked(draft: Draft) -> Draft:
    """With what the save gate finds."""
    try:
        found = session.api().check(draft.code, draft.interval, draft.direction, draft.trigger)
    except ApiError:
        # Enabling checks again and tells what is wrong.
        found = None
    return replace(draft, check=found, pending=False)
