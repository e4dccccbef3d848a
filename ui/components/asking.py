"""What to check before trusting a filter: words it lacks, words it added, and questions with one-click answers."""

from collections.abc import Sequence

import streamlit as st

from api.schemas import QuestionOut
from ui import session
from ui.components import drafts, text
from ui.components.drafts import Draft

SHOWN_AT_ONCE = 4
ASSUMED_AT_ONCE = 2
LONGEST_SHOWN = 120
UNHELD_SHOWN = 4
_NOUNS = {
    "indicator": "Not in the filter",
    "number": "This number is not in the filter",
    "interval": "This interval is not in the filter",
    "symbol": "This symbol is not in the filter",
    "condition": "This condition is not in the filter",
    "stop": "The filter has no stop",
    "target": "The filter has no target",
    "exit": "The filter has no exit",
}


def card(draft: Draft) -> None:
    """The whole card; nothing before a sentence was read."""
    if draft.generated is None:
        return
    with st.container(border=True, key="checks", gap="small"):
        session.html(f'<h3 style="padding-bottom:2px">Check these</h3>{"".join(_lines(draft))}')
        _undo(draft)
        questions = draft.checks.questions
        for question in questions[:SHOWN_AT_ONCE]:
            _question(draft, question)
        if more := questions[SHOWN_AT_ONCE:]:
            with st.expander(f"{len(more)} more question{'s' if len(more) > 1 else ''}"):
                for question in more:
                    _question(draft, question)
        if len(draft.generated.assumptions) > ASSUMED_AT_ONCE:
            with st.expander(f"{len(draft.generated.assumptions)} assumptions of {draft.generated.model}"):
                session.html("".join(_assumed(words) for words in draft.generated.assumptions))


def _lines(draft: Draft) -> list[str]:
    """Gravest first: what can never be, what is said otherwise, what is left out, what was added, what was assumed."""
    made, checks = draft.generated, draft.checks
    if made is None:
        return []
    never = draft.history.never if draft.history else ()
    lines = [_line("block", "down", "Can never be true", text.esc(words)) for words in checks.contradictions]
    lines += [
        _line(
            "error", "down", "Not understood", f"I could not read <b>“{text.esc(words)}”</b>. It is not in the filter."
        )
        for words in made.not_understood
    ]
    lines += [
        _line(
            "error",
            "down",
            "Says otherwise",
            f"<b>“{text.esc(row.words)}”</b> seems to say: {text.esc(row.asked)}. "
            f"The filter says: {text.esc(row.said)}.",
        )
        for row in checks.disagreements
    ]
    lines += [
        _line("warning", "warn", "Not used", f"<b>“{text.esc(row.words)}”</b>: {_NOUNS[row.kind].lower()}.")
        for row in checks.unused
    ]
    lines += [
        _line("warning", "warn", "Added", f"The filter has <b>{text.esc(words)}</b>; your sentence does not.")
        for words in checks.invented
        # What a person chose by a click was not added behind their back.
        if not draft.undo or words in made.checks.invented
    ]
    lines += [_line("history", "warn", "Never so far", text.esc(words)) for words in never]
    if len(made.assumptions) <= ASSUMED_AT_ONCE:
        lines += [_assumed(words) for words in made.assumptions]
    if checks.unheld:
        lines.append(_not_held(checks.unheld))
    if not (made.not_understood or checks.unused or checks.invented or checks.disagreements or checks.unheld):
        lines.append(_line("check_circle", "up", "All used", "Every word that says something is in the filter."))
    return lines


def _not_held(unheld: Sequence[str]) -> str:
    """Words of which nobody knows whether the filter says them."""
    cut = [words if len(words) <= LONGEST_SHOWN else f"{words[:LONGEST_SHOWN].rstrip()}…" for words in unheld]
    shown = ", ".join(f"<b>“{text.esc(words)}”</b>" for words in cut[:UNHELD_SHOWN])
    more = f" and {len(cut) - UNHELD_SHOWN} more" if len(cut) > UNHELD_SHOWN else ""
    told = f"{shown}{more} could not be held against the filter. Look at the matches below before you save."
    return _line("help", "warn", "Not compared", told)


def _assumed(words: str) -> str:
    return _line("help", "mut", "Assumed", text.esc(words))


def _line(symbol: str, tone: str, word: str, markup: str) -> str:
    return (
        '<div class="row nw" style="align-items:flex-start;gap:8px;padding-top:4px">'
        f'<span class="{tone}" title="{word}">{text.icon(symbol)}</span><div>{markup}</div></div>'
    )


def _question(draft: Draft, question: QuestionOut) -> None:
    """One question: how it was read, and the other ways, each one click away."""
    taken = next((choice.label for choice in question.choices if choice.taken), None)
    key = f"ask-{question.id}-{draft.version}"
    session.html(
        f'<div style="padding-top:6px"><b>{text.esc(question.text)}</b> '
        f'<span class="mut">{text.esc(question.assumption)}</span></div>'
    )
    st.pills(
        question.text,
        [choice.label for choice in question.choices],
        default=taken,
        required=True,
        key=key,
        on_change=_answered,
        args=(question, key),
        label_visibility="collapsed",
    )


def _answered(question: QuestionOut, key: str) -> None:
    draft = drafts.current()
    label = st.session_state.get(key)
    choice = next((c for c in question.choices if c.label == label), None)
    if choice is None or choice.taken:
        return
    before = next((c.label for c in question.choices if c.taken), "")
    subject = question.text.rstrip("?")
    changed = draft.chosen(choice, f"{subject}: {before} became {choice.label}")
    drafts.store(drafts.examined(changed))
    drafts.show_settings(drafts.current())


def _undo(draft: Draft) -> None:
    if not draft.undo:
        return
    what, _ = draft.undo[-1]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="undo_row"):
        st.html(
            f'<div class="ss"><span class="acc" style="padding-right:8px">{text.icon("edit")}</span>'
            f"{'Changed before' if draft.refused else 'Changed'}. {text.esc(what)}.</div>"
        )
        st.button("Undo", key="undo", icon=":material/undo:", on_click=_take_back)


def _take_back() -> None:
    drafts.store(drafts.current().taken_back())
    drafts.show_settings(drafts.current())
