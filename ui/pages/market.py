"""Market: whether every symbol's candle was there in time, and how the feed is that brings them.

Two timed parts: the picture with the worst symbols, and the feed's health. Both keep the last answer while the API is
away.
"""

import streamlit as st

from api.schemas import CoverageOut, FeedOut
from ui import session
from ui.caller import ApiError
from ui.components import coverage, feed_parts

SPANS = {60: "1 hour", 240: "4 hours"}
WORST = 12


def main() -> None:
    """Draw the page."""
    with st.container(horizontal=True, vertical_alignment="center", key="title-row", gap="small"):
        st.markdown("# Market", width="content")
        span = st.segmented_control(
            "Show",
            list(SPANS),
            default=60,
            required=True,
            key="coverage_span",
            label_visibility="collapsed",
            format_func=lambda minutes: SPANS[minutes],
        )
    left, right = st.columns([2.4, 1])
    with left:
        coverage_panel(span or 60)
    with right:
        feed_panel()


@st.fragment(run_every=3)
def coverage_panel(span: int) -> None:
    """Every minute, and the symbols that were not there."""
    try:
        minutes = session.api().coverage(limit=max(SPANS))
    except ApiError as error:
        session.show_error(error, "What was seen last is shown below, if there is any.")
        minutes = st.session_state.get("coverage_kept", ())
    else:
        st.session_state["coverage_kept"] = minutes
    with st.container(border=True, key="coverage", gap="small"):
        session.html(
            '<div class="row nw"><h2>Was every candle there?</h2><span class="sp cap">one column a minute, newest at '
            f'the right</span></div><div class="row" style="gap:4px 18px;padding-top:6px">{coverage.legend()}</div>'
        )
        if not minutes:
            _empty()
        else:
            coverage.draw(minutes, span)
    _worst(minutes[:span])


def _empty() -> None:
    session.html(
        '<div class="empty" style="border:0"><b>No minute has closed yet</b>History is fetched first; the first column '
        "appears when a minute ends.</div>"
    )


def _worst(minutes: tuple[CoverageOut, ...]) -> None:
    with st.container(border=True, key="worst", gap="small"):
        session.html(
            '<div class="row nw"><h2>Symbols that were not there in time</h2><span class="sp cap">of the minutes '
            f"above, worst first</span></div>{feed_parts.worst_table(coverage.worst(minutes, WORST))}"
        )


@st.fragment(run_every=3)
def feed_panel() -> None:
    """The newest minute, connections, and what the feed repairs."""
    try:
        feed: FeedOut | None = session.api().feed()
    except ApiError:
        feed = st.session_state.get("feed_kept")
    else:
        st.session_state["feed_kept"] = feed
    status = session.status()
    with st.container(border=True, key="newest", gap="small"):
        session.html(feed_parts.now_card(status.coverage if status else None, feed))
    if feed is None:
        return
    with st.container(border=True, key="connections", gap="small"):
        session.html(f"<h2>Connections to the exchange</h2>{feed_parts.connections_table(feed)}")
    with st.container(border=True, key="care", gap="small"):
        session.html(f"<h2>Repaired, refused, checked</h2>{feed_parts.care_table(feed)}")
    if line := feed_parts.universe_line(feed):
        st.caption(line)


if __name__ == "__main__":
    main()
