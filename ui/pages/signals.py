"""Signals: the list on the left, the chosen one on the right.

1. `list_panel` (timed) asks for the view's signals, how many there are, and prices; the order stays as first shown
until "n new signals, show".
2. Choosing a row stores the signal's id in the session; nothing acts on a position in the list.
3. `detail` (timed, keyed) follows the chosen signal; choosing a row runs it at once.
"""

from typing import Any

import streamlit as st

from api.schemas import PositionOut, QuoteOut, SignalOut
from ui import session
from ui.caller import ApiError
from ui.components import signal_detail, signal_parts, signal_views, strip, tables, text
from ui.components.signal_views import FILTERS, Counts, Page, View

DETAILS_PER_ROUND = 3


def main() -> None:
    """Draw the page."""
    left, right = st.columns([1.06, 1])
    with left:
        list_panel()
    with right:
        signal_detail.detail_panel()


@st.fragment(run_every=2)
def list_panel() -> None:
    """Filters and table."""
    view = View(st.session_state.get("signal_filter") or "all", st.session_state.get("signal_strategy") or "")
    try:
        page = signal_views.page(view)
        counts = signal_views.counts()
        quotes = session.api().quotes(sorted({row.symbol for row in page.rows.values()}))
        positions = [*session.api().positions("open"), *session.api().positions("closed")]
    except ApiError as error:
        kept = st.session_state.get("signals_kept")
        session.show_error(error)
        if kept is None:
            return
        page, counts, quotes, positions = kept
    else:
        st.session_state["signals_kept"] = (page, counts, quotes, positions)
    _title_row(page, counts)
    if not counts.of(View()):
        _empty()
        return
    _table(page, quotes, {p.signal_id: p for p in positions if p.signal_id})
    _foot(page, counts.of(page.view))


def _title_row(page: Page, counts: Counts) -> None:
    names = counts.strategies()
    of_strategy = {name: counts.of(View(name, page.view.strategy_id)) for name in FILTERS}
    with st.container(horizontal=True, vertical_alignment="center", key="title-row", gap="small"):
        st.markdown("# Signals", width="content")
        st.segmented_control(
            "Show",
            list(FILTERS),
            default="all",
            required=True,
            key="signal_filter",
            label_visibility="collapsed",
            format_func=lambda name: f"{FILTERS[name][0]} {of_strategy[name]:,}",
        )
        if len(names) > 1 or page.view.strategy_id:
            st.selectbox(
                "Strategy",
                list(dict.fromkeys(["", *names, page.view.strategy_id])),
                format_func=lambda chosen: names.get(chosen, "None of this strategy") if chosen else "All strategies",
                label_visibility="collapsed",
                width=148,
                key="signal_strategy",
            )
        if page.fresh > 0 and not page.cursor:
            many = str(page.fresh) if page.fresh < signal_views.NEWER else f"{signal_views.NEWER}+"
            label = f"{many} new signal{'s' if page.fresh > 1 else ''}, show"
            st.button(label, icon=":material/arrow_upward:", on_click=signal_views.newest, key="show_new")


def _table(page: Page, quotes: dict[str, QuoteOut], positions: dict[str, PositionOut]) -> None:
    rows = list(page.rows.values())
    if not rows:
        session.html('<div class="empty"><b>None in this view</b>Choose another filter to see the others.</div>')
        return
    selected = st.session_state.get("signal_id") or st.query_params.get("signal", "")
    if not selected:
        selected = next((s for s in rows if s.state in text.TO_DECIDE), rows[0]).id
        st.session_state["signal_id"] = selected
    fetched = 0
    drawn = []
    for signal in rows:
        levels, fetched = _levels_of(signal, fetched)
        drawn.append(_row(signal, quotes.get(signal.symbol), positions.get(signal.id), levels))
    tables.signal_table(drawn, selected, strip.is_stale(session.status()), _selected)


def _foot(page: Page, total: int) -> None:
    if page.older or page.before:
        first = len(page.before) * signal_views.PAGE + 1
        with st.container(horizontal=True, vertical_alignment="center", key="signal_pages", gap="small"):
            shown = f"{first:,} to {first + len(page.rows) - 1:,} of {total:,}"
            session.html(f'<span class="mut">{shown}, newest first</span>')
            st.button(
                "Newer",
                icon=":material/chevron_left:",
                on_click=signal_views.newer,
                disabled=not page.before,
                key="newer_signals",
            )
            st.button(
                "Older",
                icon=":material/chevron_right:",
                on_click=signal_views.older,
                disabled=not page.older,
                key="older_signals",
            )
    session.html(f'<div class="row cap">{_run_line()}</div>')


def _run_line() -> str:
    status = session.status()
    parts = []
    if status and status.coverage:
        parts.append(
            f"Candle {text.clock_time(status.coverage.candle_close)}: {status.coverage.fresh} of "
            f"{status.symbols} "
            f"symbols, {status.strategies} strategies"
        )
        if status.last_run_ms is not None:
            parts.append(f"{status.last_run_ms:.0f} ms, {status.last_run_matches or 0} matches")
    return f'<span>{text.esc(", ".join(parts))}</span><span class="sp">Order stays still while you read</span>'


def _levels_of(signal: SignalOut, fetched: int) -> tuple[signal_parts.Levels | None, int]:
    """Levels of a decided signal, asked for once and at most a few a round, so that the list stays quick."""
    cache: dict[tuple[str, str | None], signal_parts.Levels] = st.session_state.setdefault("levels", {})
    key = (signal.id, signal.decision)
    if signal.decision is None or key in cache or fetched >= DETAILS_PER_ROUND:
        return cache.get(key), fetched
    try:
        detail = session.api().signal(signal.id)
    except ApiError:
        return None, fetched + 1
    cache[key] = signal_parts.levels_of(detail.analysis, signal.price)
    return cache[key], fetched + 1


def _row(
    signal: SignalOut,
    quote: QuoteOut | None,
    position: PositionOut | None,
    levels: signal_parts.Levels | None,
) -> dict[str, Any]:
    words, kind = text.decision_tag(signal.state, signal.decision)
    now = quote.price if quote else None
    since = (now / signal.price - 1) * 100 if now is not None and signal.price else None
    r: float | None = None
    note = ""
    if position is not None:
        r = position.r_multiple
        note = f" {position.close_reason.split('_')[0]}" if position.state == "closed" and position.close_reason else ""
    elif levels is not None and now is not None:
        r = levels.r_of(now, signal.side)
    seconds = (session.market_now() - text.utc(signal.candle_close)).total_seconds()
    return {
        "id": signal.id,
        "symbol": signal.symbol,
        "arrow": "▲" if signal.side == "long" else "▼",
        "side": signal.side,
        "strategy": signal.strategy,
        "age": text.age(seconds),
        "at": f"{text.day_and_time(signal.candle_close)} UTC{', forming' if signal.provisional else ''}"
        f"{', late' if signal.late else ''}",
        "since": f"{text.signed(since)} %" if since is not None else "·",
        "tag": words,
        "kind": kind,
        "confidence": f"{signal.confidence:.0f}" if signal.confidence is not None else "·",
        "r": text.signed(r) + note if r is not None else "·",
        "r_tone": text.tone(r) if r is not None else "faint",
        "settled": signal.state in text.SETTLED,
    }


def _selected() -> None:
    signal_id = st.session_state["signal_table"].get("selected")
    if signal_id:
        st.session_state["signal_id"] = signal_id
        st.rerun("detail")


def _empty() -> None:
    status = session.status()
    watching = f"{status.strategies} strategies are watching {status.symbols} symbols. " if status else ""
    session.html(
        f'<div class="empty">{text.icon("radar", 28)}<b>No signals yet</b>{text.esc(watching)}<br>'
        "The first ones come when a candle closes and a filter becomes true.</div>"
    )
    with st.container(horizontal=True, horizontal_alignment="center"):
        session.page_link("new_strategy", "Write a strategy", ":material/edit_note:")


if __name__ == "__main__":
    main()
