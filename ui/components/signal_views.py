"""Which signals the list shows: those of one view, a page at a time, that stay where they are while somebody reads.

A view is a filter by state and a strategy. Its page is asked for once and its ids kept; from then on the API is asked
for the states of these, and whatever is newer only counts until it is shown.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import streamlit as st

from api.schemas import SignalCount, SignalOut
from ui import session
from ui.components import text

PAGE = 25
# How many newer signals a page bears before its own states are not asked for any more.
NEWER = 50
FILTERS: dict[str, tuple[str, frozenset[str]]] = {
    "all": ("All", frozenset()),
    "decide": ("To decide", text.TO_DECIDE),
    "waiting": ("Waiting", text.WAITING),
    "position": ("In position", text.IN_POSITION),
}
COUNTED_AGAIN_S = 10.0


@dataclass(frozen=True)
class View:
    """A filter's name, and a strategy's id or nothing for all of them."""

    wanted: str = "all"
    strategy_id: str = ""

    @property
    def states(self) -> frozenset[str]:
        """States of its signals; none means any."""
        return FILTERS[self.wanted][1]


@dataclass
class Page:
    """What is on the screen: rows by id in their order. `cursor` is where it begins, "" at the newest signal; `older`
    where the next page does; `fresh` how many newer ones there are, of `NEWER` on perhaps more.
    """

    view: View
    cursor: str
    rows: dict[str, SignalOut]
    older: str | None
    before: tuple[str, ...] = ()
    fresh: int = 0


@dataclass
class Counts:
    """How many signals there are, and when and beside which rows that was asked."""

    items: tuple[SignalCount, ...] = ()
    asked: datetime | None = None
    rows: list[tuple[str, str]] = field(default_factory=list)

    def of(self, view: View) -> int:
        """How many signals a view has."""
        return sum(
            c.count
            for c in self.items
            if (not view.states or c.state in view.states) and view.strategy_id in ("", c.strategy_id)
        )

    def strategies(self) -> dict[str, str]:
        """Names of those that have signals, by id in the order of names."""
        return {c.strategy_id: c.strategy for c in sorted(self.items, key=lambda c: (c.strategy, c.strategy_id))}


def page(view: View) -> Page:
    """The view's page as it is now. Raises ApiError."""
    kept: Page | None = st.session_state.get("signals_page")
    if kept is None or kept.view != view:
        return _first(view)
    if not kept.rows:
        return _first(view, kept.cursor, kept.before)
    limit = PAGE + (0 if kept.cursor else NEWER)
    now = session.api().signals(limit, kept.cursor, view.strategy_id, view.states).items
    found = {item.id: item for item in now}
    # What is older than all that came is still there; what should have come and did not is in the view no more.
    reach = _place(now[-1]) if len(now) == limit else None
    rows = {
        i: found.get(i, row)
        for i, row in kept.rows.items()
        if i in found or (reach is not None and _place(row) < reach)
    }
    if not rows:
        return _first(view, kept.cursor, kept.before)
    last = _place(list(kept.rows.values())[-1]) if kept.older else None
    kept.fresh = sum(1 for item in now if item.id not in kept.rows and (last is None or _place(item) > last))
    kept.rows = rows
    return kept


def newest() -> None:
    """Show what came since."""
    st.session_state.pop("signals_page", None)


def older() -> None:
    """Go to the page after the one on the screen."""
    at: Page = st.session_state["signals_page"]
    st.session_state["signals_page"] = Page(at.view, at.older or "", {}, None, (*at.before, at.cursor))


def newer() -> None:
    """Go back to the page before."""
    at: Page = st.session_state["signals_page"]
    cursor = at.before[-1] if at.before else ""
    st.session_state["signals_page"] = Page(at.view, cursor, {}, None, at.before[:-1])


def counts() -> Counts:
    """How many signals there are; asked again when rows on the screen change, and now and then. Raises ApiError."""
    kept: Counts = st.session_state.get("signal_counts", Counts())
    at: Page | None = st.session_state.get("signals_page")
    rows = [(row.id, row.state) for row in at.rows.values()] + [("", str(at.fresh))] if at else []
    now = datetime.now(UTC)
    if kept.asked is None or kept.rows != rows or (now - kept.asked).total_seconds() > COUNTED_AGAIN_S:
        kept = Counts(session.api().signal_counts(), now, rows)
        st.session_state["signal_counts"] = kept
    return kept


def _first(view: View, cursor: str = "", before: tuple[str, ...] = ()) -> Page:
    got = session.api().signals(PAGE, cursor, view.strategy_id, view.states)
    made = Page(view, cursor, {item.id: item for item in got.items}, got.next, before)
    st.session_state["signals_page"] = made
    return made


def _place(row: SignalOut) -> tuple[datetime, str]:
    return row.candle_close, row.id
