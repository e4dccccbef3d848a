"""Why a position is held: its thesis, every decision on it with what code refused, how stop and targets moved."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import streamlit as st

from api.schemas import AnalysisOut, PositionDetail, PositionOut
from ui import session
from ui.caller import ApiError
from ui.components import report_parts, text

DECISIONS_SHOWN = 40


def chosen(positions: Sequence[PositionOut]) -> str:
    """Id of the position whose reasons are shown: the chosen one, a link's, else the first."""
    wanted: str = st.session_state.get("position_id") or st.query_params.get("position", "")
    ids = [p.id for p in positions]
    return wanted if wanted in ids else ids[0] if ids else ""


@st.fragment(run_every=5, key="held")
def panel(view: str) -> None:
    """The card under the list; nothing without a position."""
    position_id = chosen(st.session_state.get(f"positions_{view}", ()))
    if not position_id:
        return
    kept: PositionDetail | None = st.session_state.get("position_kept")
    try:
        found: PositionDetail | None = session.api().position(position_id)
    except ApiError:
        found = kept if kept is not None and kept.id == position_id else None
    if found is None:
        return
    st.session_state["position_kept"] = found
    with st.container(border=True, key="card-held", gap="small"):
        session.html(_head(found))
        left, right = st.columns([1, 1.5])
        with left:
            session.html(thesis(found, session.market_now()))
        with right:
            session.html(decisions(found))


def _head(found: PositionDetail) -> str:
    side = "▲ Long" if found.side == "long" else "▼ Short"
    held = "was held" if found.state == "closed" else "is held"
    return (
        f'<div class="row nw"><h2>Why {text.esc(found.symbol)} {held}</h2>'
        f'<span class="bdg">{side}</span><span class="sp cap">{text.esc(found.strategy)}</span></div>'
    )


def thesis(found: PositionDetail, now: datetime) -> str:
    """What it is held for, when that is wrong, and what the risk was at first."""
    held = found.thesis
    said = (held.text if held else "") or (found.entry.reasoning if found.entry else "")
    quote = (
        f'<div class="model"><span style="color:var(--text)">“{text.esc(said)}”</span></div>'
        if said
        else '<p class="mut">No reason was stored with it: it was not entered on an analysis.</p>'
    )
    rows = []
    if held and held.invalidation:
        rows.append(("Wrong when", f'<code class="filter">{text.esc(held.invalidation)}</code>{_checked(found, now)}'))
    if held and held.looked_at:
        ago = text.age((now - text.utc(held.looked_at)).total_seconds())
        rows.append(("Looked at", f'{text.clock_time(held.looked_at)} close <span class="mut">{ago} ago</span>'))
    like = found.entry_price
    if found.initial_stop is not None:
        rows.append(("Stop", _moved(found.initial_stop, found.stop, like)))
    if found.initial_quantity is not None:
        first, left = text.quantity(found.initial_quantity), text.quantity(found.quantity)
        rows.append(
            ("Quantity", first if found.initial_quantity == found.quantity else f"{first} at first, {left} now")
        )
    if found.targets:
        first = '<br><span class="mut">all is closed at the first</span>' if len(found.targets) > 1 else ""
        rows.append(("Targets", ", ".join(text.price(t, like) for t in found.targets) + first))
    body = "".join(f'<tr><th style="width:84px">{name}</th><td>{value}</td></tr>' for name, value in rows)
    return f'{quote}<table class="kv" style="margin-top:6px">{body}</table>'


def _checked(found: PositionDetail, now: datetime) -> str:
    checks = found.thesis.checks if found.thesis else ()
    if not checks:
        return '<br><span class="mut">looked at with the next close</span>'
    newest = max(checks, key=lambda c: text.utc(c.at))
    ago = text.age((now - text.utc(newest.at)).total_seconds())
    known: dict[bool | None, tuple[str, str]] = {True: ("it is so", "down"), False: ("not so", "up")}
    word, tone = known.get(newest.invalidation, ("unknown", "warn"))
    closes = "1 close" if len(checks) == 1 else f"{len(checks)} closes"
    return f'<br><span class="{tone}">{word}</span> <span class="mut">{ago} ago, {closes} looked at</span>'


def _moved(first: Decimal, now: Decimal | None, like: Decimal) -> str:
    if now is None or now == first:
        return f'{text.price(first, like)} <span class="mut">as at first</span>'
    return f'{text.price(now, like)} <span class="mut">from {text.price(first, like)} at first</span>'


def decisions(found: PositionDetail) -> str:
    """Every decision, newest first: what was said, what code refused, what moved."""
    count = len(found.decisions)
    spent = sum(d.cost or 0 for d in found.decisions)
    cost = f", {report_parts.dollars(spent)}" if spent else ""
    most = found.asks_a_day if found.state != "closed" else None
    asked = f", the model asked {found.asked_today} of {most} times today" if most is not None else ""
    head = (
        f'<div class="row nw"><h3>Decisions</h3><span class="sp cap">{count} so far{cost}{asked}; a stop never moves '
        "away</span></div>"
    )
    if most is not None and found.asked_today >= most:
        head += text.banner(
            "warn", "schedule", "Rules decide until 00:00 UTC.", "The model was asked as often as it may be."
        )
    if not count:
        return (
            f'{head}<p class="mut" style="padding-top:6px">None yet: nothing tripped. It is looked at on each close of '
            "its candle.</p>"
        )
    older = [*found.decisions[1:], None]
    pairs = list(zip(found.decisions, older, strict=True))[:DECISIONS_SHOWN]
    lines = "".join(_line(one, before, found) for one, before in pairs)
    return f'{head}<table class="kv">{lines}</table>'


def _line(one: AnalysisOut, before: AnalysisOut | None, found: PositionDetail) -> str:
    moment = one.decided_at or one.created_at
    refused = "".join(
        f'<br><span class="down">{text.icon("block", 14)} Refused: {text.esc(reason)}</span>' for reason in one.refusals
    )
    why = one.trade_plan.get("why") or one.grounding.get("why")
    asked = f'<span class="mut">{text.esc(report_parts.WHYS.get(str(why), str(why)))}. </span>' if why else ""
    return (
        f'<tr><td class="num" style="width:46px;text-align:left" title="{text.day_and_time(moment)} UTC">'
        f'{text.clock_time(moment)}</td><td style="width:74px">{report_parts.tag(one.decision)}</td>'
        f'<td class="n" style="width:28px">{one.confidence:.0f}</td><td>{asked}{text.esc(one.reasoning)}{refused}'
        f'{_moves(one, before, found)}<br><span class="faint">{text.esc(one.model)}</span></td></tr>'
    )


def _moves(one: AnalysisOut, before: AnalysisOut | None, found: PositionDetail) -> str:
    """Stop and first target where this decision moved them, against the decision before or the first stop."""
    like = found.entry_price
    moved = []
    stop = report_parts.number(one.key_levels.get("stop_loss"))
    former = report_parts.number(before.key_levels.get("stop_loss")) if before else _float(found.initial_stop)
    if stop is not None and former is not None and not _same(stop, former):
        moved.append(f"stop {text.price(former, like)} → {text.price(stop, like)}")
    target, last = _target(one), _target(before) if before else None
    if target is not None and last is not None and not _same(target, last):
        moved.append(f"target {text.price(last, like)} → {text.price(target, like)}")
    return f'<br><span class="num acc">{", ".join(moved)}</span>' if moved else ""


def _target(one: AnalysisOut) -> float | None:
    targets = one.key_levels.get("take_profit") or ()
    return report_parts.number(targets[0]) if targets else None


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-9 * max(abs(a), abs(b))
