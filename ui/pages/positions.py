"""Positions: the paper account, its positions with price between stop and target, why each is held, the log, risk."""

from decimal import Decimal
from functools import partial
from typing import Any

import streamlit as st

from api.schemas import EventOut, PositionOut, StatusOut
from ui import session
from ui.caller import ApiError
from ui.components import position_detail, strip, tables, text

LEVEL_TONE = {"warning": "warn", "error": "down", "critical": "down"}
CLOSED_SHOWN = 50
CLOSED_BY = {"exit": "Filter's exit", "managed": "By decision"}


def main() -> None:
    """Draw the page."""
    with st.container(horizontal=True, vertical_alignment="center", key="title-row", gap="small"):
        st.markdown("# Positions", width="content")
        view = st.segmented_control(
            "Show",
            ["open", "closed"],
            default="open",
            required=True,
            key="position_view",
            label_visibility="collapsed",
            format_func=lambda name: name.capitalize(),
        )
    left, right = st.columns([3.05, 1])
    with left:
        account_panel(view or "open")
        position_detail.panel(view or "open")
        event_panel()
    with right:
        risk_panel()


@st.fragment(run_every=2)
def account_panel(view: str) -> None:
    """The dashed section of the paper account."""
    session.show_told()
    try:
        positions = session.api().positions(view)
    except ApiError as error:
        session.show_error(error)
        positions = st.session_state.get(f"positions_{view}", ())
    else:
        st.session_state[f"positions_{view}"] = positions
    with st.container(key="paper-account", gap=None):
        session.html(_account_head(st.session_state.get("positions_open", ())))
        if not positions:
            session.html(_empty(view))
            return
        rows = [_row(position) for position in positions[:CLOSED_SHOWN]]
        stale = strip.is_stale(session.status())
        key = f"positions_{view}_list"
        tables.position_list(
            key,
            rows,
            position_detail.chosen(positions),
            view == "closed",
            stale,
            _close_pressed,
            partial(_why_pressed, key),
        )


def _why_pressed(key: str) -> None:
    chosen = st.session_state[key].get("selected")
    if chosen:
        st.session_state["position_id"] = chosen
        st.rerun("held")


def _close_pressed() -> None:
    position_id = st.session_state["positions_open_list"].get("close")
    if not position_id:
        return
    try:
        closed = session.api().close_position(position_id)
    except ApiError as error:
        session.tell(f"Not closed: {error}", ":material/error:")
        return
    if closed.state == "closed":
        session.tell(f"Closed {closed.symbol} at {text.price(closed.exit_price)}: {text.signed(closed.profit)} USDT.")
    else:
        session.tell(f"Closing {closed.symbol} at market.")


def _account_head(positions: tuple[PositionOut, ...]) -> str:
    status = session.status()
    opened = sum((p.profit for p in positions), Decimal(0))
    figures = ""
    if status:
        day = status.day_profit
        figures = (
            '<span class="sp row nw hidem" style="gap:18px">'
            '<span class="num mut">Balance <b style="color:var(--text)">'
            f"{text.number(status.equity, 2)}</b></span>"
            f'<span class="num mut">Open <b class="{text.tone(opened)}">{text.signed(opened)}</b></span>'
            '<span class="num mut" title="closed today and open now">Today, open included '
            f'<b class="{text.tone(day)}">{text.signed(day)}</b></span></span>'
        )
    return (
        '<div class="row nw" style="background:var(--surf);padding:8px 14px;border-bottom:1px dashed '
        'var(--line)">'
        f'<span class="bdg paper">Paper · no money moves</span><span>Practice account</span>{figures}</div>'
    )


def _empty(view: str) -> str:
    hint = (
        "Approve a signal and its position appears here, with its stop and target."
        if view == "open"
        else "Positions that hit stop or target, or that you closed, are kept here."
    )
    title = "No open positions" if view == "open" else "Nothing closed yet"
    return f'<div style="padding:26px 14px;text-align:center" class="mut"><b>{title}</b><br>{hint}</div>'


def _ladder(position: PositionOut) -> dict[str, float] | None:
    """Entry and price as shares of the way from stop to target."""
    if position.stop is None or not position.targets:
        return None
    stop, target = float(position.stop), float(position.targets[0])
    now = position.exit_price if position.exit_price is not None else position.current_price
    if stop == target or now is None:
        return None
    entry = (float(position.entry_price) - stop) / (target - stop)
    return {"entry": min(1.0, max(0.0, entry)), "now": (float(now) - stop) / (target - stop)}


def _row(position: PositionOut) -> dict[str, Any]:
    closed = position.state == "closed"
    arrow = "▲ Long" if position.side == "long" else "▼ Short"
    end = text.utc(position.closed_at) if position.closed_at else session.market_now()
    held = text.age((end - text.utc(position.opened_at)).total_seconds())
    now = position.exit_price if closed else position.current_price
    like = position.entry_price
    target = position.targets[0] if position.targets else None
    if closed:
        reason = (
            CLOSED_BY.get(position.close_reason) or (position.close_reason or "closed").replace("_", " ").capitalize()
        )
        protection, detail, icon, tone = reason, text.day_and_time(end), "flag", "mut"
    elif position.stop is None:
        protection, detail, icon, tone = "No stop", "close it yourself", "gpp_bad", "warn"
    else:
        protection, detail, icon, tone = "Stop watched here", "on each price", "verified_user", "up"
    return {
        "id": position.id,
        "symbol": position.symbol,
        "line": f"{arrow} {text.quantity(position.quantity)} · {held}",
        "entry": text.price(position.entry_price),
        "now": text.price(now, like),
        "profit": text.signed(position.profit),
        "tone": text.tone(position.profit),
        "r": f"{text.signed(position.r_multiple)} R" if position.r_multiple is not None else "",
        "stop": text.price(position.stop, like),
        "target": text.price(target, like),
        "ladder": _ladder(position),
        "ladder_label": (
            f"stop {text.price(position.stop, like)}, entry {text.price(position.entry_price)}, "
            f"price {text.price(now, like)}, target {text.price(target, like)}"
        ),
        "protection": protection,
        "protection_tone": tone,
        "icon": icon,
        "detail": detail,
        "strategy": position.strategy if position.strategy_id else "deleted: its exit does not work",
        "closing": position.state == "closing",
    }


@st.fragment(run_every=5)
def event_panel() -> None:
    """What happened, newest first."""
    try:
        events = tuple(e for e in session.api().events(limit=40) if not e.kind.startswith("STRATEGY_"))[:12]
    except ApiError:
        events = st.session_state.get("events", ())
    st.session_state["events"] = events
    with st.container(border=True, key="happened", gap=None):
        session.html(
            '<div class="row nw" style="padding-bottom:6px"><h2>What happened</h2>'
            '<span class="sp cap">every trigger and fill, newest first</span></div>'
        )
        if not events:
            session.html('<span class="mut">Nothing yet.</span>')
            return
        session.html(f'<table class="kv">{"".join(_event(event) for event in events)}</table>')


def _event(event: EventOut) -> str:
    symbol = str(event.detail.get("symbol", ""))
    message = event.message
    # The symbol has its own column.
    message = message.removeprefix(symbol).lstrip(" :") if symbol and message.startswith(symbol) else message
    message = message[:1].upper() + message[1:]
    tone = LEVEL_TONE.get(event.level, "")
    moment = text.utc(event.time)
    return (
        f'<tr><td class="mut num" style="width:66px;text-align:left" title="{moment:%Y-%m-%d} UTC">'
        f"{moment:%H:%M:%S}</td>"
        f'<td style="width:64px"><span class="bdg paper">Paper</span></td>'
        f'<td style="width:104px">{text.esc(symbol)}</td><td class="{tone}">{text.esc(message)}</td></tr>'
    )


@st.fragment(run_every=2)
def risk_panel() -> None:
    """Loss today against its limit, loss if every stop is hit, and the pause button."""
    session.show_told()
    status = session.status()
    positions: tuple[PositionOut, ...] = st.session_state.get("positions_open", ())
    with st.container(border=True, key="risk", gap="small"):
        session.html("<h2>Risk today, paper</h2>")
        if status is None:
            session.html('<span class="mut">Not known while the screener is away.</span>')
            return
        at_stops = sum((_loss_at_stop(p) for p in positions), Decimal(0))
        unprotected = sum(1 for p in positions if p.stop is None)
        session.html(
            f'{_day_loss(status)}<table class="kv" style="margin-top:6px">'
            '<tr><td class="mut">Realised today, after fees</td>'
            f'<td class="n">{text.signed(status.realised_today)}</td></tr>'
            f'<tr><td class="mut">Open now, not counted</td><td class="n">{text.signed(status.open_profit)}</td></tr>'
            f'<tr><td class="mut">If every stop is hit</td><td class="n">{text.signed(at_stops)}</td></tr>'
            f'<tr><td class="mut">Without a stop</td><td class="n">{unprotected}</td></tr>'
            f'<tr><td class="mut">Positions</td><td class="n">{len(positions)}</td></tr>'
            f'<tr><td class="mut">Cash</td><td class="n">{text.number(status.cash, 2)}</td></tr></table>'
        )
    with st.container(border=True, key="pause", gap="small"):
        session.html(
            '<h2>Stop</h2><div style="padding-top:6px"><b>Pause entries</b><br><span class="mut">No new '
            "orders. Stops and "
            "targets keep working.</span></div>"
        )
        paused = status.entries_paused
        label = "Resume entries" if paused else "Pause entries"
        icon = ":material/play_arrow:" if paused else ":material/pause_circle:"
        st.button(label, icon=icon, on_click=_pause, args=(not paused,), width="stretch", key="pause_entries")
        session.html('<span class="cap">Also <code>screener kill-switch on</code>.</span>')


def _day_loss(status: StatusOut) -> str:
    """The day's loss as the rule that stops entries counts it."""
    lost, limit = status.lost_today, status.max_daily_loss
    tone = "down" if lost else ""
    if limit is None:
        return (
            f'<div class="row nw"><span>Realised loss</span><b class="num sp {tone}">{text.number(lost, 2)}</b></div>'
            '<div class="cap">No limit is set.</div>'
        )
    share = float(min(Decimal(1), lost / limit) * 100) if limit > 0 else 100.0
    said = (
        "New entries are stopped until 00:00 UTC."
        if status.loss_stops_entries
        else f"At {text.number(limit, 2)} new entries stop until 00:00 UTC. Only positions closed today count."
    )
    return (
        f'<div class="row nw"><span>Realised loss</span><b class="num sp {tone}">{text.number(lost, 2)} of '
        f'{text.number(limit, 2)}</b></div><span class="bar" style="width:100%"><i style="width:{share:.0f}%;'
        f'background:var(--down)"></i></span><div class="cap">{said}</div>'
    )


def _loss_at_stop(position: PositionOut) -> Decimal:
    """Profit (negative for a loss) if the stop fills at its price, fees so far included."""
    if position.stop is None:
        return Decimal(0)
    move = position.stop - position.entry_price
    return (move if position.side == "long" else -move) * position.quantity - position.fees


def _pause(on: bool) -> None:
    try:
        session.api().set_kill_switch(on)
    except ApiError as error:
        session.tell(str(error), ":material/error:")
        return
    session.refresh_status()


if __name__ == "__main__":
    main()
