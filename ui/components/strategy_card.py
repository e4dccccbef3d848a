"""A stored strategy opened: what it does, whether it runs, and what can be done with it.

Callbacks ask the API and leave what came of it in the session; the next drawing of the page shows it (`_came_of_it`).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from api.schemas import FindingOut, MeOut, StrategyActivityOut, StrategyDetail, StrategyIn, StrategyOut
from ui import session
from ui.caller import ApiError, ApiProblem
from ui.components import drafts, findings, kept, readback, text
from ui.components.drafts import Draft

FIRES = {"edge": "when it becomes true", "level": "on every candle it is true"}
LOOKS = {"close": "when the candle closes", "minute": "every minute, on the forming candle"}
PLAN = {"stop_atr": "stop {:g} ATR", "target_atr": "target {:g} ATR", "max_hold_candles": "{:g} candles at most"}


def card(strategy: StrategyDetail, at: StrategyActivityOut | None, me: MeOut | None, taken: set[str]) -> None:
    """The whole card; `taken` are the names there are."""
    with st.container(border=True, key="card-strategy", gap="small"):
        session.html(_head(strategy))
        _buttons(strategy, me, taken)
        _asked(strategy, at)
        _came_of_it(strategy)
        if strategy.error:
            told = str(strategy.error.get("message", "")) or "no reason is stored"
            session.html(
                text.banner(
                    "error", "error", "It was switched off:", f"{told.rstrip('.')}. Edit it, then enable it again."
                )
            )
        if not strategy.enabled and (lines := kept.goes_on(at)):
            session.html(text.banner("warn", "pause_circle", "Not running.", " ".join(lines)))
            with st.container(horizontal=True, gap="small"):
                session.page_link("positions", "Positions", ":material/account_balance_wallet:")
                session.page_link("signals", "Signals", ":material/notifications_active:")
        shown = _read(strategy)
        session.html(readback.markup(shown) if shown.shown else f"<p>{text.esc(strategy.reading)}</p>")
        if not strategy.enabled and strategy.check and (grave := findings.grave(strategy.check.findings)):
            session.html("<h3>Found when it was last checked</h3>" + findings.rows(grave))
        with st.expander("Code and settings"):
            st.code(strategy.filter_code, language=None, wrap_lines=True)
            session.html(_settings(strategy))


def _read(strategy: StrategyDetail) -> Draft:
    """Its read-back, asked for once for each version."""
    known: dict[tuple[str, int], Draft] = st.session_state.setdefault("strategies_read", {})
    key = (strategy.id, strategy.version)
    if key not in known:
        read = kept.read_back(strategy)
        if read.report is None:
            return read
        known.clear()
        known[key] = read
    return known[key]


def _head(strategy: StrategyDetail) -> str:
    words, kind = kept.tag(strategy)
    arrow = "▲" if strategy.direction == "long" else "▼"
    facts = f"{arrow} {strategy.interval} {strategy.direction} · version {strategy.version}"
    owner = f'<span class="bdg">{kept.shared(strategy)}</span>' if strategy.built_in else ""
    about = f"<p>{text.esc(strategy.description)}</p>"
    if strategy.prompt:
        # What it does now stands below; it may have been edited since.
        about = f'<p style="padding-top:4px">Written from <span class="q">“{text.esc(strategy.prompt)}”</span></p>'
    return (
        f'<div class="row"><h2 class="under">{text.esc(strategy.name)}</h2>{text.tag(words, kind)}{owner}'
        f'<span class="sp cap">{text.esc(facts)}</span></div>{about}'
    )


def _buttons(strategy: StrategyDetail, me: MeOut | None, taken: set[str]) -> None:
    own = not strategy.built_in
    may_run = own or (me is not None and me.administrator)
    with st.container(horizontal=True, gap="small", key="strategy-actions"):
        if strategy.enabled:
            st.button(
                "Pause",
                icon=":material/pause:",
                key="pause_strategy",
                disabled=not may_run,
                on_click=_pause,
                args=(strategy,),
            )
        else:
            st.button(
                "Enable on paper",
                icon=":material/play_arrow:",
                type="primary",
                key="enable_strategy",
                disabled=not may_run,
                on_click=_enable,
                args=(strategy,),
            )
        if own and st.button("Edit", icon=":material/edit:", key="edit_strategy"):
            _edit(strategy)
        st.button(
            "Duplicate",
            icon=":material/content_copy:",
            key="duplicate_strategy",
            on_click=_duplicate,
            args=(strategy, taken),
        )
        if own:
            st.button(
                "Rename…", icon=":material/label:", key="rename_strategy", on_click=_ask, args=("rename", strategy)
            )
            st.button(
                "Delete…", icon=":material/delete:", key="delete_strategy", on_click=_ask, args=("delete", strategy)
            )
    if not own:
        whose = "you" if may_run else "the operator alone"
        st.caption(f"Shared by everybody here: {whose} can enable and pause it. Duplicate it to change it.")


def _asked(strategy: StrategyDetail, at: StrategyActivityOut | None) -> None:
    """The question that a button with an ellipsis left open."""
    what, of = st.session_state.get("strategy_asked", ("", ""))
    if of != strategy.id:
        return
    if what == "rename":
        with st.form("rename_form", border=True, enter_to_submit=True):
            name = st.text_input("New name", strategy.name, max_chars=drafts.MAX_NAME)
            with st.container(horizontal=True, gap="small"):
                sent = st.form_submit_button("Save name")
                kept_it = st.form_submit_button("Keep the old one")
        if kept_it or (sent and name.strip() in ("", strategy.name)):
            forget()
            st.rerun()
        if sent:
            _did(strategy, lambda: session.api().rename(strategy.id, name.strip()), f"It is “{name.strip()}” now.")
            st.rerun()
    elif what == "delete":
        with st.container(border=True, key="card-delete", gap="small"):
            lines = "".join(f"<p>{text.esc(line)}</p>" for line in kept.lost(at))
            session.html(f"<b>Delete “{text.esc(strategy.name)}”?</b>{lines}")
            with st.container(horizontal=True, gap="small"):
                st.button("Delete it", icon=":material/delete:", key="delete_yes", on_click=_delete, args=(strategy,))
                if strategy.enabled:
                    st.button("Pause it instead", key="delete_pause", on_click=_pause, args=(strategy,))
                st.button("Keep it", key="delete_no", on_click=forget)


def _came_of_it(strategy: StrategyDetail) -> None:
    of, found = st.session_state.get("strategy_warned", ("", ()))
    if of == strategy.id:
        warned: tuple[FindingOut, ...] = found
        with st.container(border=True, key="warned", gap="small"):
            session.html("<b>Enable it all the same?</b>" + findings.rows(warned))
            with st.container(horizontal=True, gap="small"):
                st.button("Enable anyway", key="enable_anyway", on_click=_enable, args=(strategy, True))
                st.button("Leave it off", key="enable_not", on_click=forget)
    of, kind, told, blocking = st.session_state.get("strategy_said", ("", "", "", ()))
    if of == strategy.id:
        session.html(
            text.banner(kind, "check_circle" if kind == "info" else "error", "", told) + findings.rows(blocking)
        )


def forget() -> None:
    """Drop what was asked and told; for callbacks."""
    for name in ("strategy_asked", "strategy_warned", "strategy_said", "strategy_deleted"):
        st.session_state.pop(name, None)


def _ask(what: str, strategy: StrategyOut) -> None:
    forget()
    st.session_state["strategy_asked"] = (what, strategy.id)


def _say(strategy_id: str, told: str, kind: str = "info", found: tuple[FindingOut, ...] = ()) -> None:
    st.session_state["strategy_said"] = (strategy_id, kind, told, found)


def _did(strategy: StrategyOut, act: Callable[[], Any], told: str) -> bool:
    """Whether it could be done; it is `told`, or why it could not."""
    forget()
    try:
        act()
    except ApiError as error:
        _say(strategy.id, str(error), "error")
        return False
    _say(strategy.id, told)
    return True


def _pause(strategy: StrategyOut) -> None:
    _did(strategy, lambda: session.api().pause(strategy.id), "It is paused: no new signals from the next candle on.")


def _enable(strategy: StrategyOut, confirm: bool = False) -> None:
    forget()
    try:
        session.api().enable(strategy.id, confirm=confirm)
    except ApiProblem as problem:
        grave = findings.grave(problem.problem.findings)
        if grave and all(f.severity == "warns" for f in grave):
            st.session_state["strategy_warned"] = (strategy.id, grave)
        else:
            _say(strategy.id, "It was not enabled." if grave else str(problem), "error", grave)
    except ApiError as error:
        _say(strategy.id, str(error), "error")
    else:
        _say(strategy.id, "It is enabled on paper. Its signals appear under Signals.")


def _duplicate(strategy: StrategyOut, taken: set[str]) -> None:
    made = _create(strategy.id, kept.definition(strategy, name=kept.copy_name(strategy.name, taken)))
    if made is not None:
        _say(made.id, f"This is the copy of “{strategy.name}”, a draft: edit it, then enable it.")


def _create(of: str, body: StrategyIn) -> StrategyDetail | None:
    """The draft that was made, then the chosen one; what went wrong is told of the strategy `of`."""
    forget()
    try:
        made = session.api().create_strategy(body)
    except ApiError as error:
        _say(of, str(error), "error")
        return None
    st.session_state["strategy_id"] = made.id
    return made


def _delete(strategy: StrategyOut) -> None:
    if _did(strategy, lambda: session.api().delete_strategy(strategy.id), ""):
        st.session_state["strategy_deleted"] = kept.definition(strategy)
        st.session_state.pop("strategy_id", None)


def deleted() -> None:
    """What was deleted last, and the way back; nothing otherwise."""
    body: StrategyIn | None = st.session_state.get("strategy_deleted")
    if body is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="deleted"):
        told = text.banner(
            "info", "delete", f"“{body.name}” is deleted.", "Put back, it is a draft without its signals."
        )
        session.html(told)
        st.button("Put it back", icon=":material/undo:", key="undo_delete", on_click=_put_back, args=(body,))


def _put_back(body: StrategyIn) -> None:
    made = _create("", body)
    if made is None:
        st.session_state["strategy_deleted"] = body
    else:
        _say(made.id, "It is back, as a draft.")


def _edit(strategy: StrategyOut) -> None:
    opened = kept.draft(strategy)
    serial, version = drafts.current().serial + 1, drafts.current().version + 1
    opened = replace(opened, stored=strategy, editing=True, serial=serial, version=version)
    drafts.store(drafts.examined(opened))
    st.session_state["sentence"] = strategy.prompt
    if (page := st.session_state.get("pages", {}).get("new_strategy")) is not None:
        st.switch_page(page)


def _settings(strategy: StrategyOut) -> str:
    symbols = ", ".join(strategy.symbols) or "the whole market"
    plan = ", ".join(
        words.format(strategy.risk[name])
        for name, words in PLAN.items()
        if isinstance(strategy.risk.get(name), int | float)
    )
    rows = [
        ("Fires", FIRES.get(strategy.trigger, strategy.trigger)),
        ("Looks", LOOKS.get(strategy.evaluate, strategy.evaluate)),
        ("Symbols", symbols),
        ("Followed in the track record with", plan),
        ("Told to the analysis", strategy.instructions),
        ("Last enabled", f"{text.day_and_time(strategy.enabled_at)} UTC" if strategy.enabled_at else "never"),
        ("Written", f"{text.day_and_time(strategy.created_at)} UTC"),
    ]
    lines = "".join(
        f'<tr><td class="mut" style="width:150px">{name}</td><td class="under">{text.esc(value)}</td></tr>'
        for name, value in rows
        if value
    )
    return f'<table class="kv tight">{lines}</table>'
