"""Strategies: those there are and what they are at; one of them opened, with what can be done with it."""

from typing import Any

import streamlit as st

from api.schemas import MeOut, StrategyActivityOut, StrategyDetail, StrategyOut
from ui import session
from ui.caller import ApiError, ApiProblem
from ui.components import analysis_form, kept, strategy_card, tables, text

Found = tuple[StrategyOut, ...]
Activity = dict[str, StrategyActivityOut]
REFRESH_S = 5


def main() -> None:
    """Draw the page."""
    found, at_work = _fetched(tell=True)
    view, wanted = _title_row(found)
    _orphans()
    left, right = st.columns([1, 1.12])
    with left:
        strategy_card.deleted()
        if not found:
            _empty()
            return
        st.session_state["strategy_drawn"] = next(_looks(s) for s in found if s.id == chosen_id(found))
        list_panel(view, wanted)
        if all(s.built_in for s in found):
            _none_of_ones_own()
    strategy = _opened(found)
    if strategy is None:
        return
    st.query_params["strategy"] = strategy.id
    with right:
        me = _me()
        strategy_card.card(strategy, at_work.get(strategy.id), me, {s.name for s in found})
        analysis_form.card(strategy, me)


def _fetched(*, tell: bool) -> tuple[Found, Activity]:
    """All strategies and what they are at; the last known ones while the API is away."""
    try:
        found = session.api().strategies(), session.api().activity()
    except ApiError as error:
        if tell:
            session.show_error(error)
        kept_ones: tuple[Found, Activity] = st.session_state.get("strategies_kept", ((), {}))
        return kept_ones
    st.session_state["strategies_kept"] = found
    return found


def _title_row(found: Found) -> tuple[str, str]:
    """The filter's state and the words searched for."""
    counts = {name: sum(kept.state(s) == name for s in found) for name in kept.STATES}
    names = {"all": f"All {len(found)}"} | {name: f"{kept.STATES[name][0]} {count}" for name, count in counts.items()}
    # Without a failed one the word would only worry.
    views = [name for name in names if name != "failed" or counts[name]]
    with st.container(horizontal=True, vertical_alignment="center", key="title-row", gap="small"):
        st.markdown("# Strategies", width="content")
        view = st.segmented_control(
            "Show",
            views,
            default="all",
            required=True,
            key="strategy_view",
            label_visibility="collapsed",
            format_func=names.__getitem__,
        )
        wanted = st.text_input(
            "Search strategies",
            key="strategy_search",
            placeholder="Search name, sentence, code",
            label_visibility="collapsed",
            icon=":material/search:",
            width=230,
        )
        session.page_link("new_strategy", "New strategy", ":material/edit_note:")
    return view or "all", wanted.strip().lower()


def _orphans() -> None:
    """Open positions whose strategy was deleted."""
    try:
        held = [p for p in session.api().positions("open") if p.strategy_id is None]
    except ApiError:
        return
    if held:
        names = ", ".join(sorted(p.symbol for p in held))
        what = "position is of a strategy that was" if len(held) == 1 else "positions are of strategies that were"
        told = f"{names}: stop and target work, the filter’s own exit and decisions do not. Close it under Positions."
        session.html(text.banner("warn", "warning", f"{len(held)} open {what} deleted.", told))


@st.fragment(run_every=REFRESH_S)
def list_panel(view: str, wanted: str) -> None:
    """The list, asked for again now and then; the page is drawn anew where the opened one came to another state."""
    found, at_work = _fetched(tell=False)
    chosen = [s for s in found if view in ("all", kept.state(s)) and wanted in _words(s)]
    if not chosen:
        session.html('<div class="empty"><b>None in this view</b>Choose another filter, or search for less.</div>')
        return
    tables.strategy_list([_row(s, at_work.get(s.id)) for s in chosen], chosen_id(found), _picked)
    now = next(_looks(s) for s in found if s.id == chosen_id(found))
    drawn = st.session_state.get("strategy_drawn", now)
    if st.session_state.pop("strategy_picked", False) or (drawn[0] == now[0] and drawn != now):
        st.rerun()


def _looks(strategy: StrategyOut) -> tuple[str, str, int]:
    """What of it the card shows and another may change."""
    return strategy.id, strategy.state, strategy.version


def _words(strategy: StrategyOut) -> str:
    """All that is searched of it."""
    parts = (strategy.name, kept.says(strategy), strategy.reading, strategy.filter_code, kept.shared(strategy))
    return " ".join((*parts, strategy.interval, strategy.direction, *strategy.conditions)).lower()


def _row(strategy: StrategyOut, at: StrategyActivityOut | None) -> dict[str, Any]:
    words, kind = kept.tag(strategy)
    last, moment = kept.age(at)
    today = at.signals_today if at is not None else None
    return {
        "id": strategy.id,
        "name": strategy.name,
        "says": kept.says(strategy),
        "shared": kept.shared(strategy),
        "interval": strategy.interval,
        "direction": strategy.direction,
        "arrow": "▲" if strategy.direction == "long" else "▼",
        "tag": words,
        "kind": kind,
        "today": "·" if today is None else f"{today:,}",
        "last": last,
        "at": moment,
    }


def chosen_id(found: Found) -> str:
    """Id of the opened strategy: the one chosen, or in the address, or the first there is."""
    ids = [s.id for s in found]
    wanted: str = st.session_state.get("strategy_id") or st.query_params.get("strategy", "")
    return wanted if wanted in ids else ids[0]


def _picked() -> None:
    strategy_id = st.session_state["strategy_list"].get("selected")
    if strategy_id and strategy_id != st.session_state.get("strategy_id"):
        strategy_card.forget()
        st.session_state["strategy_id"] = strategy_id
        st.session_state["strategy_picked"] = True


def _opened(found: Found) -> StrategyDetail | None:
    try:
        strategy = session.api().strategy(chosen_id(found))
    except ApiProblem as problem:
        # It was deleted elsewhere.
        session.show_error(problem)
        return None
    except ApiError:
        return None
    return strategy


def _me() -> MeOut | None:
    """Whose settings they are; None while the API is away."""
    try:
        return session.api().me()
    except ApiError:
        return None


def _empty() -> None:
    session.html(
        f'<div class="empty">{text.icon("edit_note", 28)}<b>No strategies yet</b>Write a sentence, and it becomes one.'
        "</div>"
    )
    with st.container(horizontal=True, horizontal_alignment="center"):
        session.page_link("new_strategy", "Write a strategy", ":material/edit_note:")


def _none_of_ones_own() -> None:
    session.html(
        '<div class="empty"><b>None of your own yet</b>These are built in. Write a sentence, and it becomes one.</div>'
    )
    with st.container(horizontal=True, horizontal_alignment="center"):
        session.page_link("new_strategy", "Write a strategy", ":material/edit_note:")


if __name__ == "__main__":
    main()
