"""One analysis whole: levels on the chart, what it says, how code checked it, what it could cite, the looks before.

1. `main` lets a signal be chosen; the same choice as on the signals page.
2. `panel` (timed, keyed) follows it: the newest look, or an earlier one that was picked.
3. What could be cited never changes, so it is asked for once an analysis.
"""

from datetime import timedelta

import streamlit as st

from api.schemas import AnalysisOut, SignalDetail, SignalOut, SnapshotOut
from ui import session
from ui.caller import ApiError, ApiProblem
from ui.components import chart, report_parts, signal_detail, signal_parts, snapshot_view, strip, text
from ui.components.signal_parts import Levels

LIMIT = 60
NEWEST = ""
KEPT = 40


def main() -> None:
    """Draw the page."""
    with st.container(horizontal=True, vertical_alignment="center", key="title-row", gap="small"):
        st.markdown("# Analysis", width="content")
        _choice()
    panel()


def _choice() -> None:
    """Signals to choose from; the one that is looked at stays, whatever comes in."""
    try:
        items = session.api().signals(limit=LIMIT).items
    except ApiError:
        items = st.session_state.get("analysis_signals", ())
    st.session_state["analysis_signals"] = items
    by_id = {item.id: item for item in items}
    chosen = signal_detail.chosen_id()
    if not chosen and items:
        chosen = next((s for s in items if s.decision), items[0]).id
        st.session_state["signal_id"] = chosen
    if not chosen:
        return
    if chosen not in by_id:
        # A link, or one that is no longer among the newest.
        try:
            by_id[chosen] = session.api().signal(chosen)
        except ApiError as error:
            session.show_error(error)
    ids = [chosen, *(i for i in by_id if i != chosen)]
    st.session_state["analysis_signal"] = chosen
    st.selectbox(
        "Signal",
        ids,
        format_func=lambda i: _named(by_id[i]) if i in by_id else "No such signal",
        key="analysis_signal",
        label_visibility="collapsed",
        width=430,
        on_change=_chosen,
    )
    session.page_link("signals", "All signals", ":material/notifications_active:")


def _named(signal: SignalOut) -> str:
    words, _ = text.decision_tag(signal.state, signal.decision)
    arrow = "▲" if signal.side == "long" else "▼"
    return f"{arrow} {signal.symbol} · {text.day_and_time(signal.candle_close)} · {words} · {signal.strategy}"


def _chosen() -> None:
    st.session_state["signal_id"] = st.session_state["analysis_signal"]


@st.fragment(run_every=3, key="analysis")
def panel() -> None:
    """The chosen signal's analyses."""
    session.show_told()
    signal_id = signal_detail.chosen_id()
    if not signal_id:
        session.html(
            f'<div class="empty">{text.icon("query_stats", 28)}<b>Nothing to analyse yet</b>'
            "The first analysis comes with the first signal.</div>"
        )
        return
    found = _load(signal_id)
    if found is None:
        return
    signal, looks = found
    shown = _look(signal, looks)
    snapshot = _snapshot(shown) if shown else None
    quote = st.session_state.get("analysis_quote")
    left, right = st.columns([1.3, 1])
    with left:
        session.html(signal_parts.header(signal, quote, strip.is_stale(session.status())))
        levels = signal_parts.levels_of(shown, snapshot.price if snapshot else signal.price)
        _chart(signal, levels, snapshot)
        if levels.entry is not None:
            session.html(signal_parts.levels_row(levels, signal.side, shown.decision if shown else ""))
        if shown:
            session.html(report_parts.plan(shown))
            session.html(report_parts.meta(shown))
    with right:
        _right(signal, looks, shown)
    if snapshot is not None:
        _cited(snapshot)


def _load(signal_id: str) -> tuple[SignalDetail, tuple[AnalysisOut, ...]] | None:
    """The signal and its looks, the last known ones while the API is away."""
    kept: tuple[SignalDetail, tuple[AnalysisOut, ...]] | None = st.session_state.get("analysis_kept")
    try:
        signal = session.api().signal(signal_id)
        newest = signal.analysis.id if signal.analysis else None
        if kept and kept[0].id == signal_id and kept[1] and kept[1][0].id == newest:
            looks = kept[1]
        else:
            looks = tuple(a for a in session.api().analyses(signal_id) if a.kind == "signal")
        quote = session.api().quotes([signal.symbol]).get(signal.symbol)
        st.session_state["analysis_quote"] = quote.price if quote else None
    except ApiError as error:
        session.show_error(error)
        return kept if kept and kept[0].id == signal_id else None
    st.session_state["analysis_kept"] = (signal, looks)
    return signal, looks


def _look(signal: SignalDetail, looks: tuple[AnalysisOut, ...]) -> AnalysisOut | None:
    """The look that is shown; the newest unless an earlier one is picked."""
    by_id = {look.id: look for look in looks}
    if len(looks) < 2:
        return looks[0] if looks else None
    picked = st.selectbox(
        "Look",
        [NEWEST, *list(by_id)[1:]],
        format_func=lambda i: "Newest look" if i == NEWEST else _look_named(by_id[i]),
        key=f"look_{signal.id}",
        label_visibility="collapsed",
        width=260,
    )
    return by_id.get(picked or NEWEST, looks[0])


def _look_named(look: AnalysisOut) -> str:
    moment = look.decided_at or look.created_at
    return f"{text.day_and_time(moment)} · {report_parts.words(look.decision)} · {look.confidence:.0f}"


def _snapshot(shown: AnalysisOut) -> SnapshotOut | None:
    cache: dict[str, SnapshotOut | None] = st.session_state.setdefault("snapshots", {})
    if shown.id not in cache:
        try:
            found: SnapshotOut | None = session.api().snapshot(shown.id)
        except ApiProblem as problem:
            if problem.status != 404:
                session.show_error(problem)
                return None
            found = None
        except ApiError:
            return None
        while len(cache) >= KEPT:
            cache.pop(next(iter(cache)))
        cache[shown.id] = found
    return cache[shown.id]


def _chart(signal: SignalDetail, levels: Levels, snapshot: SnapshotOut | None) -> None:
    if not signal.candles:
        session.html('<div class="empty"><b>No candles stored</b>with this signal.</div>')
        return
    drawn = st.pills(
        "Levels on the chart",
        list(snapshot_view.LAYERS),
        selection_mode="multi",
        default=["plan", "structure"],
        format_func=snapshot_view.LAYERS.__getitem__,
        key="levels_drawn",
        label_visibility="collapsed",
    )
    lines = levels.lines() if "plan" in drawn else []
    if snapshot is not None:
        lines = [*snapshot_view.lines(snapshot, drawn), *lines]
    opened = text.utc(signal.candle_close).timestamp() - strip.INTERVAL_MS.get(signal.interval, 60_000) // 1000
    own = max((c.time for c in signal.candles if c.time <= opened), default=signal.candles[-1].time)
    long = signal.side == "long"
    chart.draw(
        "analysis_chart",
        f"{signal.symbol} {signal.interval} candles with {len(lines)} levels",
        signal.candles,
        markers=[chart.Marker(own, "acc", above=not long, shape="arrowUp" if long else "arrowDown")],
        levels=lines,
        zone_from=own,
        ema=20,
        bars=72,
        height=340,
    )


def _right(signal: SignalDetail, looks: tuple[AnalysisOut, ...], shown: AnalysisOut | None) -> None:
    if shown is None:
        _none_yet(signal)
        return
    with st.container(border=True, key="card-report", gap=None):
        session.html(report_parts.report(shown))
    if signal.watch is not None and signal.status in text.WAITING:
        with st.container(border=True, key="card-watch", gap=None):
            session.html(report_parts.watching(signal.watch, session.market_now()))
    elif signal.status == "wait":
        with st.container(border=True, key="card-watch", gap=None):
            session.html('<h2>Waiting</h2><p class="mut">Its conditions are looked at from the next close on.</p>')
    if shown.opinions:
        with st.container(border=True, key="card-opinions", gap=None):
            session.html(report_parts.opinions(shown))
    with st.container(border=True, key="card-history", gap=None):
        session.html(report_parts.history(looks, signal.watch, shown.id))
    _outcome(signal)


def _none_yet(signal: SignalDetail) -> None:
    words, _ = text.decision_tag(signal.status, signal.decision)
    said = signal.error or {
        "new": "It has not been analysed. It may be queued, or wait for you to ask.",
        "analysing": "The analysis is under way.",
    }.get(signal.status, "No analysis was stored.")
    session.html(f'<div class="empty">{text.icon("query_stats", 28)}<b>{text.esc(words)}</b>{text.esc(said)}</div>')
    if signal.status in ("new", "error"):
        with st.container(horizontal=True, horizontal_alignment="center"):
            st.button("Analyse now", on_click=signal_detail.analyse, args=(signal.id,), icon=":material/query_stats:")


def _outcome(signal: SignalDetail) -> None:
    """What became of it; asked for again a few times a minute, since a plan ends only with a candle."""
    now = session.market_now()
    kept = st.session_state.get("outcome_kept")
    if kept is None or kept[0] != signal.id or now - kept[1] > timedelta(seconds=30) or now < kept[1]:
        try:
            kept = (signal.id, now, session.api().signal_outcome(signal.id))
        except ApiError:
            return
        st.session_state["outcome_kept"] = kept
    markup = report_parts.outcome(kept[2])
    if markup:
        with st.container(border=True, key="card-outcome", gap=None):
            session.html(markup)


def _cited(snapshot: SnapshotOut) -> None:
    """Everything that could be cited."""
    session.html(
        '<div class="row" style="padding-top:6px"><h2>What it could cite</h2><span class="cap">as of the '
        f"{text.clock_time(snapshot.candle_close)} close, with {snapshot.candles} candles; a price or value in the "
        "text that is neither here nor the plan's own fails the check</span></div>"
    )
    first, second, third = st.columns([1.25, 1, 1])
    for column, key, markup in (
        (first, "card-indicators", snapshot_view.indicators(snapshot)),
        (second, "card-levels", snapshot_view.levels(snapshot)),
        (third, "card-market", snapshot_view.market(snapshot)),
    ):
        with column, st.container(border=True, key=key, gap=None):
            session.html(markup)


if __name__ == "__main__":
    main()
