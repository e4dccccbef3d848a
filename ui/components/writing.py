"""Asking a model and showing its progress: steps as they end, its text as it comes, what it cost."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import streamlit as st
from pydantic import BaseModel

from api.schemas import FieldError, Problem
from api.schemas.generation import Spent
from ui import session
from ui.caller import ApiError, ApiProblem, Progress
from ui.components import drafts, text
from ui.components.drafts import Draft

ShapeT = TypeVar("ShapeT", bound=BaseModel)
MAX_LINES = 30
MAX_LINE = 400
"""What the API takes of edited conditions."""
MAX_ERROR = 4_000
OFFLINE = "offline translator"
TEXT_SHOWN = 1_200
Steps = tuple[tuple[str, float], ...]


def followed(
    items: Iterator[Progress | ShapeT], label: str, failed: str
) -> tuple[ShapeT | None, Steps, Problem | None]:
    """The answer of a stream whose steps are shown as they come; where there is none, the problem that says why.

    `label` says what is being done, `failed` that nothing came of it.
    """
    steps: list[tuple[str, float]] = []
    answer: ShapeT | None = None
    with st.status(label, expanded=True) as state:
        written, place = "", st.empty()
        try:
            for item in items:
                if not isinstance(item, Progress):
                    answer = item
                elif item.kind == "text":
                    written = written + item.text if item.text else ""
                    place.code(written[-TEXT_SHOWN:] or "…", language=None, wrap_lines=True)
                else:
                    steps.append((item.step, item.seconds))
                    session.html(steps_table(steps[-1:]))
        except ApiProblem as problem:
            state.update(label=failed, state="error")
            return None, tuple(steps), problem.problem
        except ApiError as error:
            state.update(label="No answer", state="error")
            session.show_error(error, "What you wrote is kept; try again when the service is back.")
            return None, tuple(steps), None
    return answer, tuple(steps), None


def steps_table(steps: Steps | list[tuple[str, float]]) -> str:
    """The steps with their seconds."""
    rows = "".join(f'<tr><td>{text.esc(name)}</td><td class="n mut">{s:.1f} s</td></tr>' for name, s in steps)
    return f'<table class="kv">{rows}</table>'


def spent(answer: Spent) -> str:
    """Who answered, and what it took: `anthropic/x · 2 calls · 3,120 tokens · $0.0041`."""
    if answer.model == OFFLINE:
        return answer.model
    parts = [answer.model]
    tokens = answer.input_tokens + answer.output_tokens
    if answer.calls:
        parts.append(f"{answer.calls} call{'s' if answer.calls > 1 else ''}")
        parts.append(f"{tokens:,} tokens")
        parts.append(f"${answer.cost:.4f}" if answer.cost is not None else "price not known")
    else:
        parts.append("kept answer, no cost")
    return " · ".join(parts)


def advice(problem: Problem) -> str:
    """What to do about a failure, by its kind."""
    if problem.status == 429:
        return "Wait until the cap is lifted, raise it, or let the offline translator read it: that costs nothing."
    if problem.status >= 500:
        return "Your sentence is kept. Write it again, or let the offline translator read it: it asks no model."
    return "Change those words, or leave them out. The examples show what can be said."


def conditions(draft: Draft) -> None:
    """The conditions in words, to be edited; the filter is then written anew from them."""
    now = draft.conditions
    if not now:
        return
    with st.expander("Change the conditions in words", expanded=draft.refused is not None):
        st.text_area(
            "One condition a line",
            "\n".join(now),
            key=f"conditions-{draft.version}",
            height=34 + 24 * min(8, len(now) + 1),
        )
        if draft.changes:
            session.html(f'<p class="mut">{text.esc(" ".join(draft.changes))}</p>')
        if missed := [line for line in now if draft.generated and line in draft.generated.not_understood]:
            words = ", ".join(f"“{text.esc(line)}”" for line in missed)
            session.html(f'<p class="down">{text.icon("error")} Not in the filter: {words}.</p>')
        if draft.refused is not None:
            session.html(refusal(draft.refused, "The filter is as it was."))
        st.button("Write the code from these", key="rewrite", icon=":material/bolt:", on_click=_ask, args=("rewrite",))


def explanation(draft: Draft) -> None:
    """The filter in the model's words, asked for by a button, and marked as the model's."""
    told = draft.explanation
    if told is None:
        st.button("Explain it", key="explain", icon=":material/notes:", on_click=_ask, args=("explain",))
        return
    notes = "".join(f'<li style="font-size:12.25px">{text.esc(line)}</li>' for line in told.weaknesses)
    parts = [f"<p>{text.esc(told.summary)}</p>"]
    if told.fires_when:
        parts.append(f"<p>{text.esc(told.fires_when)}</p>")
    if notes:
        parts.append(f'<p class="mut">Mind:</p><ul style="margin:0;padding-left:18px;font-size:inherit">{notes}</ul>')
    whose = f"the {OFFLINE}" if told.model == OFFLINE else spent(told)
    session.html(
        '<div style="border-left:2px dashed var(--line);padding:2px 0 2px 10px">'
        f'<div class="cap">in the words of {text.esc(whose)}</div>{"".join(parts)}</div>'
    )


def _ask(what: str) -> None:
    st.session_state["asked_for"] = what


def answer_asked() -> None:
    """Do what a button asked for; called in the page's body, where progress can be drawn."""
    match st.session_state.pop("asked_for", None):
        case "rewrite":
            _rewrite(drafts.current())
        case "explain":
            _explain(drafts.current())
        case "mend":
            _mend(drafts.current())


def _rewrite(draft: Draft) -> None:
    typed = str(st.session_state.get(f"conditions-{draft.version}") or "\n".join(draft.conditions))
    lines = tuple(line.strip() for line in typed.splitlines() if line.strip())
    if len(lines) > MAX_LINES or any(len(line) > MAX_LINE for line in lines):
        most = f"{MAX_LINES} lines of {MAX_LINE} characters are the most."
        session.html(text.banner("warn", "help", "Too long.", f"{most} Nothing was cut."))
        return
    if not lines:
        session.html(text.banner("warn", "help", "No condition is left.", "Write at least one line."))
        return
    items = session.api().regenerate(lines, draft.code, draft.interval, draft.direction, draft.sentence)
    made, _, problem = followed(items, "Writing the filter from the conditions", "No filter was written")
    if problem is not None:
        # What was typed stays in its field, which has the draft's number.
        drafts.store(replace(draft, refused=problem))
        st.rerun()
    if made is not None:
        drafts.store(drafts.examined(draft.rewritten(made, lines)))
        st.rerun()


def mending(draft: Draft, errors: Sequence[FieldError]) -> None:
    """The button that has code corrected which does not compile; which lines were, or why none was."""
    if draft.corrections:
        lines = "".join(f"<li>{text.esc(line)}</li>" for line in draft.corrections)
        session.html(f'<b>Corrected</b><ul class="mut" style="margin:4px 0 0;padding-left:18px">{lines}</ul>')
    if not errors:
        return
    if draft.unmended is not None:
        session.html(refusal(draft.unmended, "Your code is as it was."))
    hint = "Without a model only what is certain is corrected. Every change is shown, and can be undone."
    st.button("Correct it", key="mend", icon=":material/build:", on_click=_ask, args=("mend",), help=hint)


def _mend(draft: Draft) -> None:
    errors = draft.report.errors if draft.report else ()
    said = "\n".join(f"line {e.line}: {e.message}" for e in errors)[:MAX_ERROR]
    sentence = draft.sentence if draft.generated else ""
    items = session.api().mend(draft.code, said or "It does not compile.", draft.interval, draft.direction, sentence)
    made, _, problem = followed(items, "Correcting the code", "Nothing was corrected")
    if problem is not None:
        drafts.store(replace(draft, unmended=problem))
        st.rerun()
    if made is not None:
        drafts.store(drafts.examined(draft.corrected(made)))
        st.rerun()


def _explain(draft: Draft) -> None:
    items = session.api().explain_filter(draft.code, draft.interval, draft.direction, draft.sentence)
    told, _, problem = followed(items, "Explaining the filter", "No explanation")
    if problem is not None:
        session.html(text.banner("warn", "help", f"{problem.title}.", problem.detail))
    if told is not None:
        drafts.explain(told)
        st.rerun()


def refusal(problem: Problem, after: str) -> str:
    """Why nothing was written: what failed, each reason that the title and detail do not say, and `after`."""
    rows = [(row.message, row.hint) for row in problem.errors]
    said = f"{problem.title} {problem.detail}"
    left = [f"{message} {hint}".strip() if message.rstrip(".") not in said else hint for message, hint in rows]
    lines = "".join(f"<li>{text.esc(line)}</li>" for line in dict.fromkeys(left) if line)
    more = f'<ul class="mut" style="margin:6px 0 0;padding-left:18px">{lines}</ul>' if lines else ""
    note = f'<p class="mut" style="padding-top:6px">{text.esc(after)}</p>' if after else ""
    return text.banner("warn", "help", f"{problem.title}.", problem.detail) + more + note
