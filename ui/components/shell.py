"""The frame of every page: style, navigation, the account at the sidebar's foot, the status strip.

`Home.py` names this file as the script to run. The strip is a timed fragment of its own, so that no page
is run again for a clock.
"""

import streamlit as st

from ui import session
from ui.caller import ApiError
from ui.components import drafts, strip, text
from ui.components.loader import page_css

PAGES = session.HERE / "pages"


def main() -> None:
    """Draw the frame, then the page."""
    st.set_page_config(
        page_title="Signal Screener",
        page_icon=str(session.HERE / "static" / "icon.svg"),
        layout="wide",
        initial_sidebar_state=216,
    )
    # A style alone would go to the container of toasts, and be gone with the first one.
    st.html(f"<style>{page_css()}</style><span hidden></span>")
    st.logo(logo(), size="medium")
    if not session.admitted():
        return
    pages = {
        "signals": st.Page(PAGES / "signals.py", title="Signals", icon=":material/notifications_active:", default=True),
        "analysis": st.Page(PAGES / "analysis.py", title="Analysis", icon=":material/query_stats:"),
        "new_strategy": st.Page(PAGES / "new_strategy.py", title="New strategy", icon=":material/edit_note:"),
        "strategies": st.Page(PAGES / "strategies.py", title="Strategies", icon=":material/tune:"),
        "market": st.Page(PAGES / "market.py", title="Market", icon=":material/monitoring:"),
        "positions": st.Page(PAGES / "positions.py", title="Positions", icon=":material/account_balance_wallet:"),
        "track_record": st.Page(PAGES / "track_record.py", title="Track record", icon=":material/fact_check:"),
    }
    st.session_state["pages"] = pages
    page = st.navigation(list(pages.values()))
    st.session_state["followed"] = drafts.current().followed if page is pages["new_strategy"] else ""
    status_strip()
    with st.sidebar:
        account()
    page.run()


def logo() -> str:
    """The name as a picture, in the colours of the viewer's theme."""
    light = st.context.theme.type == "light"
    accent, ink = ("#3B51C5", "#171C23") if light else ("#8FA5FF", "#E6EAF0")
    drawing = (session.HERE / "static" / "logo.svg").read_text(encoding="utf-8")
    return drawing.replace("#8FA5FF", accent).replace("#E6EAF0", ink)


@st.fragment(run_every=2)
def status_strip() -> None:
    """The first line, asked for every two seconds; the page hears only of a lost or regained connection."""
    before = st.session_state.get("status_error") is not None
    known = st.session_state.get("status") is not None
    status, error = session.refresh_status()
    session.show_told()
    # A page about one strategy counts down to that one's close.
    strip.draw(strip.strip_data(status, error is not None, st.session_state.get("followed", "")), _pause_pressed)
    if known and before != (error is not None):
        st.rerun()


def _pause_pressed() -> None:
    wanted = st.session_state["strip"].get("pause")
    if wanted not in ("on", "off"):
        return
    try:
        session.api().set_kill_switch(wanted == "on")
    except ApiError as error:
        session.tell(str(error), ":material/error:")
        return
    session.tell("Entries paused. Stops and targets keep working." if wanted == "on" else "Entries go on.")


@st.fragment(run_every=2)
def account() -> None:
    """Balance of the paper account; live trading is not part of this version."""
    status = session.status()
    balance = text.number(status.equity, 2) if status else "·"
    with st.container(key="accounts"):
        session.html(
            '<div class="cap" style="padding:0 8px 4px">Trading account</div>'
            '<div style="border:1px solid var(--line);border-radius:8px;padding:8px 10px">'
            f'<div class="row nw"><span class="bdg paper">Paper</span><b class="num sp">{balance}</b>'
            "</div></div>"
        )


main()
