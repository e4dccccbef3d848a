"""The right side of the signals page: header, chart, levels, approve card, reasons."""

import streamlit as st

from api.schemas import SignalDetail
from ui import session
from ui.caller import ApiError, ApiProblem
from ui.components import chart, report_parts, signal_parts, strip, text


def chosen_id() -> str:
    """Id of the chosen signal; a link may carry it."""
    chosen: str = st.session_state.get("signal_id") or st.query_params.get("signal", "")
    return chosen


@st.fragment(run_every=3, key="detail")
def detail_panel() -> None:
    """The chosen signal; what does not change is not sent again."""
    session.show_told()
    signal_id = chosen_id()
    if not signal_id:
        return
    try:
        signal = session.api().signal(signal_id)
        quote = session.api().quotes([signal.symbol]).get(signal.symbol)
    except ApiError as error:
        kept: SignalDetail | None = st.session_state.get("detail")
        if kept is None or kept.id != signal_id:
            session.show_error(error)
            return
        signal, quote = kept, None
    st.session_state["detail"] = signal
    now = quote.price if quote else None
    if now is not None:
        st.session_state["price_seen"] = (signal.id, now)
    session.html(signal_parts.header(signal, now, strip.is_stale(session.status())))
    _stale_banner()
    levels = signal_parts.levels_of(signal.analysis, signal.price)
    _chart(signal, levels)
    if levels.entry is not None:
        session.html(signal_parts.levels_row(levels, signal.side, signal.decision or ""))
    _decision_card(signal)
    why, checked, waits = st.tabs(["Why and how sure", "Checks", "Plan and wait"])
    with why:
        left, right = st.columns([1.42, 1])
        with left:
            session.html(signal_parts.condition_table(signal))
        with right:
            if signal.analysis:
                session.html(signal_parts.grounding_table(signal.analysis))
        if signal.analysis and not _said_above(signal, signal.analysis.reasoning):
            session.html(signal_parts.quotation(signal.analysis))
    with checked:
        _checked(signal)
    with waits:
        _plan_and_wait(signal)
    if signal.analysis:
        looks = f"{signal.analyses} looks, " if signal.analyses > 1 else ""
        session.page_link("analysis", f"Analysis in full: {looks}levels, what it could cite", ":material/query_stats:")


def _stale_banner() -> None:
    status = session.status()
    if strip.is_stale(status) and status is not None:
        when = f" The last candle was {text.clock_time(status.coverage.candle_close)} UTC." if status.coverage else ""
        note = f"{when} Approving is off until they are fresh. Paper stops wait."
        session.html(text.banner("warn", "schedule", "Prices are not fresh.", note))


def _chart(signal: SignalDetail, levels: signal_parts.Levels) -> None:
    if not signal.candles:
        session.html('<div class="empty"><b>No candles stored</b>with this signal.</div>')
        return
    last = signal.candles[-1].time
    long = signal.side == "long"
    mark = chart.Marker(last, "acc", above=not long, shape="arrowUp" if long else "arrowDown")
    label = f"{signal.symbol} {signal.interval} candles with entry, stop and targets"
    chart.draw(
        "signal_chart",
        label,
        signal.candles,
        markers=[mark],
        levels=levels.lines(),
        zone_from=last,
        ema=20,
        bars=64,
    )


def _decision_card(signal: SignalDetail) -> None:
    """Cost first, then the button; a plain line when there is nothing to decide."""
    failed: tuple[str, str, list[str]] | None = st.session_state.get("approve_failed")
    with st.container(border=True, key="approve", gap="small"):
        if failed and failed[0] == signal.id:
            session.html(text.banner("error", "block", "Not sent.", failed[1]))
            for line in failed[2]:
                session.html(f"<p>{text.esc(line)}</p>")
        if signal.state in text.IN_POSITION or signal.position_id:
            session.html("<b>This signal has a paper position.</b>")
            session.page_link("positions", "Open that position", ":material/account_balance_wallet:")
        elif signal.state == "enter" and signal.preview is not None:
            _approve(signal)
        elif signal.state in text.SETTLED:
            words, _ = text.decision_tag(signal.state, signal.decision)
            reason = signal.refusal or signal.error or _reason(signal)
            session.html(f"<b>{text.esc(words)}.</b> <span class='mut'>{text.esc(reason)}</span>")
        elif signal.state == "analysing":
            session.html(f'{text.icon("hourglass_top")} <b>Analysing.</b> <span class="mut">Levels follow.</span>')
        else:
            said = {"new": "Not analysed yet.", "wait": "It waits."}.get(signal.state, "No entry proposed.")
            session.html(f"<b>{said}</b> <span class='mut'>{text.esc(_waits_for(signal))}</span>")
            with st.container(horizontal=True):
                st.button("Analyse now", on_click=analyse, args=(signal.id,), icon=":material/query_stats:")
                st.button("Decline", on_click=_decline, args=(signal.id,), shortcut="Shift+D")


def _waits_for(signal: SignalDetail) -> str:
    """What comes next for a signal that is new or waits."""
    watch = signal.watch
    if signal.state != "wait" or watch is None:
        return signal.error or ""
    conditions = [name for name, code in (("trigger", watch.trigger), ("invalidation", watch.invalidation)) if code]
    looked = f"Its {' and '.join(conditions)} looked at on each close" if conditions else "Watched"
    again = f", asked again at {text.clock_time(watch.recheck_at)} the latest" if watch.recheck_at else ""
    until = f", given up at {text.day_and_time(watch.until)}" if watch.until else ""
    waits = f"{looked}{again}{until}."
    return f"{waits} {signal.error}" if signal.error else waits


def _reason(signal: SignalDetail) -> str:
    reasons = signal.analysis.grounding.get("reasons") if signal.analysis else None
    return str(reasons[0]) if reasons else ""


def _said_above(signal: SignalDetail, reasoning: str) -> bool:
    """Whether the card of what was decided gives the analysis' words already."""
    return signal.state in text.SETTLED and reasoning.strip() in (signal.error or _reason(signal))


def _approve(signal: SignalDetail) -> None:
    preview = signal.preview
    if preview is None:
        return
    session.html(signal_parts.preview_lines(signal, preview))
    if preview.refusals:
        session.html(signal_parts.refusals(preview))
    stale = strip.is_stale(session.status())
    away = st.session_state.get("status_error") is not None
    blocked = bool(preview.refusals) or stale or away
    label = "Approve when fresh" if stale or away else "Approve paper trade"
    with st.container(horizontal=True, gap="small"):
        st.button(
            label,
            type="primary",
            icon=":material/check:",
            shortcut="Shift+A",
            disabled=blocked,
            on_click=_approve_now,
            args=(signal.id, signal.price, signal.analysis.id if signal.analysis else None),
            key="approve_button",
        )
        st.button("Decline", shortcut="Shift+D", on_click=_decline, args=(signal.id,), key="decline_button")


def _approve_now(signal_id: str, fallback: float, analysis_id: str | None) -> None:
    """Approve with the signal's id, and the price and the analysis that were on the screen."""
    seen: tuple[str, float] | None = st.session_state.get("price_seen")
    price = seen[1] if seen and seen[0] == signal_id else fallback
    st.session_state.pop("approve_failed", None)
    try:
        position = session.api().approve(signal_id, price, analysis_id)
    except ApiProblem as problem:
        details = [message for message, _ in session.problem_lines(problem.problem)]
        st.session_state["approve_failed"] = (signal_id, str(problem), details)
        return
    except ApiError as error:
        st.session_state["approve_failed"] = (signal_id, str(error), [])
        return
    verb = "Bought" if position.side == "long" else "Sold short"
    session.tell(
        f"{verb} {text.quantity(position.quantity)} {position.symbol} at {text.price(position.entry_price)}, on paper.",
        ":material/check:",
    )


def _decline(signal_id: str) -> None:
    try:
        session.api().decline(signal_id)
    except ApiError as error:
        session.tell(str(error), ":material/error:")
        return
    session.tell("Declined. It is followed on, so that you can see what it would have earned.")


def analyse(signal_id: str) -> None:
    """Have it analysed; what stands against it is told."""
    try:
        session.api().analyse(signal_id)
    except ApiError as error:
        session.tell(str(error), ":material/error:")


def _checked(signal: SignalDetail) -> None:
    if signal.analysis is None:
        session.html('<span class="mut">No analysis yet.</span>')
        return
    session.html(report_parts.report(signal.analysis))
    session.html(report_parts.opinions(signal.analysis))


def _plan_and_wait(signal: SignalDetail) -> None:
    if signal.analysis is None:
        session.html('<span class="mut">No analysis yet.</span>')
        return
    if signal.watch is not None and signal.state in text.WAITING:
        session.html(report_parts.watching(signal.watch, session.market_now()))
    session.html(report_parts.plan(signal.analysis))
    session.html(report_parts.meta(signal.analysis))
