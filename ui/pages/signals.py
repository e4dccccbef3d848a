"""Signals: the list on the left, the chosen one on the right.

1. `list_panel` (timed) asks for signals and prices; the order stays as first shown until "n new signals,
show".
2. Choosing a row stores the signal's id in the session; nothing acts on a position in the list.
3. `detail` (timed, keyed) follows the chosen signal; choosing a row runs it at once.
"""

from typing import Any

import streamlit as st

from api.schemas import PositionOut, QuoteOut, SignalOut
from ui import session
from ui.caller import ApiError
from ui.components import signal_detail, signal_parts, strip, tables, text

LIMIT = 60
ROWS = 16
FILTERS = {
    "all": ("All", frozenset[str]()),
    "decide": ("To decide", text.TO_DECIDE),
    "waiting": ("Waiting", text.WAITING),
    "position": ("In position", text.IN_POSITION),
}
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
    try:
        items = session.api().signals(limit=LIMIT).items
        quotes = session.api().quotes(sorted({item.symbol for item in items}))
        positions = [*session.api().positions("open"), *session.api().positions("closed")]
    except ApiError as error:
        kept = st.session_state.get("signals_kept")
        session.show_error(error)
        if kept is None:
            return
        items, quotes, positions = kept
    else:
        st.session_state["signals_kept"] = (items, quotes, positions)
    by_id = {item.id: item for item in items}
    shown = [by_id[i] for i in _frozen_order(items) if i in by_id]
    wanted, strategy = _title_row(shown, len(items) - len(shown))
    if not items:
        _empty()
        return
    chosen = [s for s in shown if not FILTERS[wanted][1] or s.state in FILTERS[wanted][1]]
    chosen = [s for s in chosen if strategy in ("", s.strategy)]
    _table(chosen, quotes, {p.signal_id: p for p in positions if p.signal_id})


def _frozen_order(items: tuple[SignalOut, ...]) -> list[str]:
    order: list[str] = st.session_state.get("signals_order", [])
    if not order:
        order = [item.id for item in items]
        st.session_state["signals_order"] = order
    return order


def _title_row(shown: list[SignalOut], fresh: int) -> tuple[str, str]:
    counts = {name: sum(not states or s.state in states for s in shown) for name, (_, states) in FILTERS.items()}
    with st.container(horizontal=True, vertical_alignment="center", key="title-row", gap="small"):
        st.markdown("# Signals", width="content")
        wanted = st.segmented_control(
            "Show",
            list(FILTERS),
            default="all",
            required=True,
            key="signal_filter",
            label_visibility="collapsed",
            format_func=lambda name: f"{FILTERS[name][0]} {counts[name]}",
        )
        names = sorted({s.strategy for s in shown})
        if len(names) > 1:
            strategy = st.selectbox(
                "Strategy",
                ["", *names],
                format_func=lambda name: name or "All strategies",
                label_visibility="collapsed",
                width=148,
                key="signal_strategy",
            )
        else:
            strategy = ""
        if fresh > 0:
            label = f"{fresh} new signal{'s' if fresh > 1 else ''}, show"
            st.button(label, icon=":material/arrow_upward:", on_click=_show_new, key="show_new")
    return wanted or "all", strategy or ""


def _show_new() -> None:
    st.session_state["signals_order"] = []


def _table(chosen: list[SignalOut], quotes: dict[str, QuoteOut], positions: dict[str, PositionOut]) -> None:
    if not chosen:
        session.html('<div class="empty"><b>None in this view</b>Choose another filter to see the others.</div>')
        return
    selected = st.session_state.get("signal_id") or st.query_params.get("signal", "")
    if not selected:
        selected = next((s for s in chosen if s.state in text.TO_DECIDE), chosen[0]).id
        st.session_state["signal_id"] = selected
    visible = chosen[:ROWS]
    if all(s.id != selected for s in visible):
        visible = [*visible[: ROWS - 1], *[s for s in chosen if s.id == selected]] or visible
    fetched = 0
    rows = []
    for signal in visible:
        levels, fetched = _levels_of(signal, fetched)
        rows.append(_row(signal, quotes.get(signal.symbol), positions.get(signal.id), levels))
    status = session.status()
    tables.signal_table(rows, selected, strip.is_stale(status), _selected)
    session.html(f'<div class="row cap">{_run_line(len(chosen), len(visible))}</div>')


def _run_line(total: int, visible: int) -> str:
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
    more = f"{visible} of {total} shown · " if total > visible else ""
    right = f"{more}Order stays still while you read"
    return f'<span>{text.esc(", ".join(parts))}</span><span class="sp">{right}</span>'


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
