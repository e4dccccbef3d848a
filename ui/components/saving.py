"""Saving what New strategy shows: as a strategy, or as another version of the one that it is or was opened to edit.

A draft that was saved is that strategy from then on (`Draft.stored`): saving it again never makes a second one, which
only *Save as new* does.
"""

from dataclasses import replace

import streamlit as st

from api.schemas import StrategyDetail, StrategyIn, StrategyOut
from ui import session
from ui.caller import ApiError, ApiProblem
from ui.components import drafts, findings, kept, text
from ui.components.drafts import Draft

UNNAMED = "Unnamed strategy"
MAX_DESCRIPTION = 4_000
COMPARED = ("name", "prompt", "direction", "interval", "filter_code", "trigger", "evaluate")


def actions(draft: Draft) -> None:
    """The buttons, and what came of them."""
    compiles = draft.report is not None and not draft.report.errors and bool(draft.code)
    ready = compiles and draft.confirmed
    now = _as_it_is(draft)
    runs = now is not None and now.enabled
    if now is not None:
        _edited(draft, now)
    if not runs:
        _button("Enable on paper", "enable", ready, True, primary=True)
    _warned(runs)
    changed = draft.stored is None or is_changed(draft, draft.stored)
    if now is None:
        _button("Save draft", "save", compiles, False)
    else:
        _button("Save changes", "save", changed and (ready if runs else compiles), None, primary=runs)
        st.button("Save as new", width="stretch", disabled=not compiles, on_click=save_as_new, key="save_new")
    if told := st.session_state.get("saved"):
        session.html(text.banner(told[0], "check_circle" if told[0] == "info" else "error", "", told[1]))
        if doubts := st.session_state.get("doubts"):
            with st.container(border=True, key="doubts", gap="small"):
                session.html("<b>Mend this before you enable it.</b>" + findings.rows(doubts))
    elif runs and not changed:
        st.caption("Nothing is changed yet.")
    elif compiles and not ready:
        first = "minute" if draft.evaluated == "minute" else f"{draft.interval} close"
        what = "change what runs" if runs else "enable"
        st.caption(f"Answer “Is that what you meant?” to {what}. First check: the next {first}.")


def _button(label: str, key: str, on: bool, enabled: bool | None, *, primary: bool = False) -> None:
    st.button(
        label,
        type="primary" if primary else "secondary",
        icon=":material/play_arrow:" if enabled else None,
        width="stretch",
        disabled=not on,
        on_click=save,
        args=(enabled,),
        key=key,
    )


def _as_it_is(draft: Draft) -> StrategyOut | None:
    """The stored strategy as it is now, which may have been paused elsewhere; None where there is none any more."""
    if draft.stored is None:
        return None
    try:
        return session.api().strategy(draft.stored.id)
    except ApiProblem:
        drafts.learn(replace(draft, stored=None, editing=False))
        return None
    except ApiError:
        return draft.stored


def _edited(draft: Draft, now: StrategyOut) -> None:
    words, kind = kept.tag(now)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="edited"):
        what = "Editing" if draft.editing else "Saved as"
        version = f'<span class="cap">version {now.version}</span>'
        name = f"{what} <b>“{text.esc(now.name)}”</b> {text.tag(words, kind)} {version}"
        st.html(f'<div class="ss">{name}</div>', width="content")
        session.page_link("strategies", "Strategies", ":material/tune:")
        if draft.editing:
            st.button("Stop editing", key="stop_editing", on_click=_stop)
    if draft.name == now.name and (draft.code, draft.direction) != (now.filter_code, now.direction):
        st.caption("Its name is as before. Does it still say what it does?")
    if draft.stored is not None and draft.stored.version != now.version:
        told = f"Version {now.version} was stored since this was opened: save this as new, or open it again."
        session.html(text.banner("warn", "warning", "It was changed elsewhere.", told))


def _stop() -> None:
    drafts.store(drafts.fresh(editing=False, stored=None))
    st.session_state["sentence"] = ""


def _warned(runs: bool) -> None:
    if warned := st.session_state.get("warned"):
        enabled, found = warned
        with st.container(border=True, key="warned", gap="small"):
            what, label = ("Change it", "Save anyway") if runs else ("Enable it", "Enable anyway")
            session.html(f"<b>{what} all the same?</b>{findings.rows(found)}")
            st.button(label, width="stretch", on_click=save, args=(enabled, True), key="enable_anyway")


def is_changed(draft: Draft, stored: StrategyOut) -> bool:
    """Whether it says anything else than what is stored."""
    now, then = _body(draft), kept.definition(stored)
    return any(getattr(now, name) != getattr(then, name) for name in COMPARED)


def _body(draft: Draft) -> StrategyIn:
    """What is shown, not enabled; what the page does not show is as it is stored."""
    made, stored = draft.generated, draft.stored
    fields = {} if stored is None else kept.definition(stored).model_dump()
    if made is not None:
        fields |= {name: getattr(made, name) for name in ("instructions", "indicators", "risk")}
    shown = {
        "name": draft.name or UNNAMED,
        "description": _description(draft),
        "direction": "short" if draft.direction == "short" else "long",
        "interval": draft.interval,
        "filter_code": draft.code,
        "conditions": draft.conditions,
        "prompt": draft.sentence,
        "trigger": "level" if draft.trigger == "level" else "edge",
        "evaluate": draft.evaluated,
    }
    return StrategyIn.model_validate({**fields, **shown})


def _description(draft: Draft) -> str:
    """What was told of the filter; of one that was changed since, its read-back."""
    told = draft.generated or draft.stored
    if told is None or draft.shown is None:
        return ""
    same = (draft.code, draft.interval, draft.direction) == (told.filter_code, told.interval, told.direction)
    return told.description if same else draft.shown.reading[:MAX_DESCRIPTION]


def _forget() -> None:
    for name in ("warned", "saved", "doubts"):
        st.session_state.pop(name, None)


def save(enabled: bool | None, confirm: bool = False) -> None:
    """Store what is shown, to run or not, or as the strategy that it is does now (None); for callbacks."""
    _forget()
    draft = drafts.current()
    before = draft.stored
    try:
        if before is None:
            made = session.api().create_strategy(_sent(draft, enabled=bool(enabled), confirm=confirm))
        else:
            runs = session.api().strategy(before.id).enabled if enabled is None else enabled
            # Settings of the analysis are changed elsewhere: what is not named stays.
            body = _sent(draft, enabled=runs, confirm=confirm, version=before.version, analysis=None)
            made = session.api().change_strategy(before.id, body)
    except ApiError as error:
        _refused(error, enabled)
        return
    _kept(draft, made, "is enabled on paper" if enabled else "runs with the changes")


def save_as_new() -> None:
    """Store what is shown as another strategy, a draft; for callbacks."""
    _forget()
    draft = drafts.current()
    try:
        taken = {s.name for s in session.api().strategies()}
        name = kept.copy_name(draft.name or UNNAMED, taken) if draft.name in taken else draft.name
        made = session.api().create_strategy(_sent(draft, name=name or UNNAMED))
    except ApiError as error:
        _refused(error, False)
        return
    drafts.show_settings(replace(draft, name=made.name))
    _kept(replace(draft, name=made.name), made)


def _sent(draft: Draft, **changes: object) -> StrategyIn:
    return StrategyIn.model_validate({**_body(draft).model_dump(), **changes})


def _refused(error: ApiError, enabled: bool | None) -> None:
    grave = findings.grave(error.problem.findings) if isinstance(error, ApiProblem) else ()
    if grave and all(f.severity == "warns" for f in grave):
        st.session_state["warned"] = (enabled, grave)
    else:
        hints = " ".join(f.hint for f in grave if f.severity == "blocks")
        st.session_state["saved"] = ("error", f"{error} {hints}".strip())


def _kept(draft: Draft, made: StrategyDetail, running: str = "") -> None:
    drafts.learn(replace(draft, stored=made))
    if not made.enabled and made.check is not None:
        st.session_state["doubts"] = findings.grave(made.check.findings)
    what = f"{running}. Its signals appear under Signals." if made.enabled else "is saved, not enabled."
    st.session_state["saved"] = ("info", f"“{made.name}” {what}")
