"""What the pages share within a browser session: the client, the last known status, messages that outlive
a rerun."""

import hmac
import os
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from api.schemas import Problem, StatusOut
from ui.caller import ApiError, ApiProblem
from ui.client import ApiClient
from ui.components import text

HERE = Path(__file__).resolve().parent


@st.cache_resource(show_spinner=False)
def api() -> ApiClient:
    """The one client of this process."""
    return ApiClient()


def market_symbols() -> tuple[str, ...]:
    """Names of the screened symbols, asked for once; empty while the API is away."""
    if not st.session_state.get("market_symbols"):
        try:
            st.session_state["market_symbols"] = api().market_symbols()
        except ApiError:
            return ()
    found: tuple[str, ...] = st.session_state["market_symbols"]
    return found


def refresh_status() -> tuple[StatusOut | None, ApiError | None]:
    """Ask for the status; on failure keep the last one and say why."""
    try:
        st.session_state["status"] = api().status()
    except ApiError as error:
        st.session_state["status_error"] = error
    else:
        st.session_state["status_error"] = None
        st.session_state["status_at"] = datetime.now(UTC)
    return st.session_state.get("status"), st.session_state["status_error"]


def status() -> StatusOut | None:
    """The last known status, asked for when there is none."""
    known: StatusOut | None = st.session_state.get("status")
    return known if known is not None else refresh_status()[0]


def market_now() -> datetime:
    """Market time, from the last status; the wall clock when none was received."""
    known: StatusOut | None = st.session_state.get("status")
    if known is None:
        return datetime.now(UTC)
    received: datetime = st.session_state.get("status_at", datetime.now(UTC))
    return text.utc(known.market_time) + (datetime.now(UTC) - received) * known.speed


def html(markup: str) -> None:
    """Markup with the style of the small parts; everything in it was escaped where it was made."""
    st.html(f'<div class="ss">{markup}</div>')


def tell(message: str, icon: str | None = None) -> None:
    """Leave a message for `show_told`; for callbacks, which may not draw."""
    st.session_state.setdefault("told", []).append((message, icon))


def show_told() -> None:
    """Show what callbacks left as toasts; called in the body of every fragment whose callbacks tell something."""
    for message, icon in st.session_state.pop("told", ()):
        st.toast(message, icon=icon)


def show_error(error: ApiError, keeps: str = "") -> None:
    """What failed, what still works, and when it is tried again."""
    if isinstance(error, ApiProblem):
        lines = "".join(f"<li>{text.esc(_field_line(item))}</li>" for item in problem_lines(error.problem))
        more = f"<ul>{lines}</ul>" if lines else ""
        html(text.banner("error", "error", error.problem.title + ".", error.problem.detail) + more)
        return
    seen: datetime | None = st.session_state.get("status_at")
    since = f" What you see is from {seen:%H:%M:%S} UTC." if seen else ""
    html(text.banner("error", "cloud_off", "Cannot reach the screener.", f"{error}.{since}"))
    st.caption(
        keeps or "Paper stops are checked again when the service is back. Stored strategies and signals are safe."
    )


def problem_lines(problem: Problem) -> list[tuple[str, str]]:
    """Pairs of message and hint of the single errors."""
    return [(item.message, item.hint) for item in problem.errors]


def _field_line(pair: tuple[str, str]) -> str:
    return " ".join(part for part in pair if part)


def page_link(name: str, label: str, icon: str) -> None:
    """A link to another page; nothing where a page is run without the shell."""
    page = st.session_state.get("pages", {}).get(name)
    if page is not None:
        st.page_link(page, label=label, icon=icon)


def admitted() -> bool:
    """True in personal mode (no `SCREENER_TOKEN`), and for whoever typed the token; otherwise draws the
    question."""
    token = os.environ.get("SCREENER_TOKEN", "")
    if not token or st.session_state.get("admitted"):
        return True
    st.title("Signal Screener")
    with st.form("token", width=420):
        given = st.text_input("Access token", type="password", help="The value of SCREENER_TOKEN on the server.")
        if st.form_submit_button("Open", type="primary"):
            if hmac.compare_digest(given.encode(), token.encode()):
                st.session_state["admitted"] = True
                st.rerun()
            st.error("That is not the token.")
    return False
