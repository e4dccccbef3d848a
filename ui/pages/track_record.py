"""Track record: what became of every signal, traded or not, and what the decisions on them were worth.

The panel is timed; a change of period or strategy runs it at once. While the API is away the last figures stay.
"""

from datetime import datetime, timedelta

import streamlit as st

from api.schemas import CostsOut, OutcomeSummary
from ui import session
from ui.caller import ApiError
from ui.components import record_parts, text

PERIODS = {"7": "7 days", "30": "30 days", "90": "90 days", "all": "All"}
VIEWS = {"strategy": "By strategy", "decision": "By decision", "model": "By model", "prompt": "By prompt version"}
HEADS = {"strategy": "Strategy", "decision": "Decision", "model": "Model", "prompt": "Prompt version"}


def main() -> None:
    """Draw the page."""
    with st.container(horizontal=True, vertical_alignment="center", key="title-row", gap="small"):
        st.markdown("# Track record", width="content")
        period = st.segmented_control(
            "Period",
            list(PERIODS),
            default="30",
            required=True,
            key="record_period",
            label_visibility="collapsed",
            format_func=PERIODS.__getitem__,
        )
        strategy = _strategy()
    panel(period or "30", strategy)


def _strategy() -> str:
    try:
        names = {s.id: s.name for s in session.api().strategies()}
    except ApiError:
        names = st.session_state.get("record_names", {})
    st.session_state["record_names"] = names
    if len(names) < 2:
        return ""
    return (
        st.selectbox(
            "Strategy",
            ["", *sorted(names, key=lambda i: names[i])],
            format_func=lambda i: names.get(i, "All strategies"),
            key="record_strategy",
            label_visibility="collapsed",
            width=190,
        )
        or ""
    )


@st.fragment(run_every=10, key="record")
def panel(period: str, strategy: str) -> None:
    """Everything below the title."""
    found = _load(period, strategy)
    if found is None:
        return
    record, costs = found
    if not record.signals:
        session.html(
            f'<div class="empty">{text.icon("fact_check", 28)}<b>No signal is followed in this period</b>'
            "Every signal is followed from its candle on to stop, target or timeout, traded or not.<br>Choose a longer "
            "period, or wait for the first signals.</div>"
        )
        with st.container(horizontal=True, horizontal_alignment="center"):
            session.page_link("signals", "Signals", ":material/notifications_active:")
    else:
        _record(record)
    with st.container(border=True, key="card-costs", gap=None):
        session.html(record_parts.costs(costs, record.all.entered))


def _load(period: str, strategy: str) -> tuple[OutcomeSummary, CostsOut] | None:
    """The figures, the last known ones of the same choice while the API is away.

    Outcomes are cut by market time, costs by the world's: dollars are real in a demo too.
    """
    kept: tuple[tuple[str, str], tuple[OutcomeSummary, CostsOut]] | None = st.session_state.get("record_kept")
    days = None if period == "all" else timedelta(days=int(period))
    try:
        found = (
            session.api().outcomes(session.market_now() - days if days else None, strategy),
            session.api().costs(datetime.now().astimezone() - days if days else None, strategy),
        )
    except ApiError as error:
        session.show_error(error)
        return kept[1] if kept and kept[0] == (period, strategy) else None
    st.session_state["record_kept"] = ((period, strategy), found)
    return found


def _record(record: OutcomeSummary) -> None:
    session.html(record_parts.figures(record))
    if record.limited:
        session.html(
            text.banner("info", "info", "Only the newest signals are counted.", "There are more in this period.")
        )
    left, right = st.columns([1.1, 1])
    with left, st.container(border=True, key="card-calibration", gap=None):
        session.html(record_parts.calibration(record.calibration))
    with right, st.container(border=True, key="card-lift", gap=None):
        session.html(record_parts.lift(record.lift))
    with st.container(border=True, key="card-groups", gap="small"):
        view = st.segmented_control(
            "Groups",
            list(VIEWS),
            default="strategy",
            required=True,
            key="record_view",
            label_visibility="collapsed",
            format_func=VIEWS.__getitem__,
        )
        rows = {
            "strategy": record.by_strategy,
            "decision": record.by_decision,
            "model": record.by_model,
            "prompt": record.by_prompt_version,
        }[view or "strategy"]
        session.html(record_parts.groups(rows, HEADS[view or "strategy"]))
    session.html(f'<p class="cap">{record_parts.terms(record)}</p>')


if __name__ == "__main__":
    main()
