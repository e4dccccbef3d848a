"""Where a filter would have fired: figures, chart with outcomes, matches per day, near misses."""

from datetime import date, timedelta

import streamlit as st

from api.schemas import ConditionRow, FillingOut, HistoryMatch, HistoryOut, MatchDayOut, NearMiss
from ui import session
from ui.caller import ApiError
from ui.components import chart, drafts, text, why
from ui.components.drafts import Draft
from ui.components.strip import INTERVAL_MS

CHART_CANDLES = 500
NEAR_SHOWN = 5
NEEDS = {
    "<": "below ",
    "<=": "at most ",
    ">": "above ",
    ">=": "at least ",
    "!=": "other than ",
    "crosses above": "to cross above ",
    "crosses below": "to cross below ",
    "crosses": "to cross ",
}
MATCHES_SHOWN = 5
CLUSTERED_DAYS = 8
"""Of fewer days one has a quarter of the matches anyway."""
# Words, colour token, and a shape of its own, so that colour never speaks alone.
OUTCOMES: dict[str, tuple[str, chart.Tone, chart.Shape, str]] = {
    "target": ("reached +1 R first", "up", "arrowUp", "▲"),
    "stop": ("stopped first", "down", "circle", "●"),
    "open": ("still open", "acc", "square", "■"),
}


def past_panel(draft: Draft) -> None:
    """Both cards, or why there is nothing to show."""
    history = draft.history
    if history is None:
        if draft.failure:
            session.html(text.banner("warn", "history", "No look back.", draft.failure))
        return
    left, right = st.columns([1.83, 1])
    with left, st.container(border=True, key="past", gap="small"):
        _past(draft, history)
    with right, st.container(border=True, key="near", gap="small"):
        session.html(_near(history))
        why.picker(draft)


def looked_back(draft: Draft) -> Draft:
    """The draft with its past matches; while candles are fetched for them it is shown how far that is."""
    with st.container(border=True, key="looking", gap="small"):
        session.html("<h2>Where it would have fired</h2>")
        bar = st.progress(0.0, "Looking back over the candles held")

        def told(filling: FillingOut) -> None:
            words = f"Fetching {filling.interval} candles: {filling.done} of {filling.of} symbols"
            bar.progress(filling.done / max(1, filling.of), words)

        return drafts.looked_back(draft, told)


def _past(draft: Draft, history: HistoryOut) -> None:
    counts = history.by_symbol
    days = (history.until - history.since).days if history.since and history.until else 0
    span = f"last {days} days" if days >= 2 else f"last {history.candles:,} candles"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(
            '<div class="ss row nw"><h2 style="white-space:nowrap">Where it would have fired</h2>'
            f'<span class="cap hidem">{span}, stop 1 R against target 1 R</span></div>'
        )
        if counts:
            symbol = st.selectbox(
                "Symbol",
                list(counts),
                format_func=lambda name: f"{name} · {counts[name]}",
                label_visibility="collapsed",
                width=150,
                key=draft.key("past_symbol"),
            )
    if not counts:
        warnings = " ".join(history.warnings)
        session.html(
            f'<div class="empty"><b>No match on {history.symbols} symbols</b>in the {history.candles:,} '
            "candles held. "
            f"It may still fire. {text.esc(warnings)}</div>"
        )
        return
    session.html(_figures(history))
    _chart(draft, history, symbol)
    session.html(_per_day(history) + _legend(history) + _clusters(history) + _newest(history))
    if history.warnings:
        st.caption(" ".join(history.warnings))


def _figures(history: HistoryOut) -> str:
    won = sum(day.target for day in history.days)
    ended = won + sum(day.stop for day in history.days)
    share = f' <span style="font-weight:400">{won / ended * 100:.0f} %</span>' if ended else ""
    busiest = _busiest(history)
    day = f'{_count(busiest):,} <span style="font-weight:400">{busiest.day:%d %b}</span>' if busiest else "·"
    figures = (
        ("Matches", f"{history.total:,}"),
        ("A day", _rate(history.per_day)),
        ("Symbols", f"{len(history.by_symbol)} of {history.symbols}"),
        ("+1 R before −1 R", f"{won:,} of {ended:,}{share}"),
        ("Busiest day", day),
    )
    cells = "".join(
        f'<div class="met" style="padding-left:0;flex:0 0 auto"><span>{name}</span><b>{value}</b></div>'
        for name, value in figures
    )
    return f'<div class="row" style="gap:22px">{cells}</div>'


def _rate(per_day: float | None) -> str:
    """Matches a day: `2.4`, `86`; below one in ten days the days between two."""
    if per_day is None:
        return "·"
    if 0 < per_day < 0.1:
        return f'1 <span style="font-weight:400">in {1 / per_day:,.0f} days</span>'
    return f"{per_day:,.1f}" if per_day < 10 else f"{per_day:,.0f}"


def _newest(history: HistoryOut) -> str:
    """The latest matches with what each condition's sides were."""
    rows = "".join(_match_row(match) for match in history.matches[:MATCHES_SHOWN])
    return f'<h3 style="padding-top:8px">Latest matches</h3><table class="kv">{rows}</table>'


def _match_row(match: HistoryMatch) -> str:
    words, tone, _, glyph = OUTCOMES[match.outcome]
    values = "; ".join(_values(row) for row in match.conditions if row.left is not None)
    return (
        f'<tr><td style="width:168px"><b>{text.esc(match.symbol)}</b> <span class="faint">'
        f"{text.day_and_time(match.candle_close)}</span></td>"
        f'<td class="n" style="width:84px">{text.price(match.price)}</td>'
        f'<td class="mut">{values}</td>'
        f'<td class="n" style="width:22px"><span class="{tone}" title="{words}">{glyph}</span></td></tr>'
    )


def _values(row: ConditionRow) -> str:
    """`RSI(14) of the close is below 30: 23.2`: a condition's left side, and the right one where it moves."""
    left = text.plain(row.left) if row.left is not None else "unknown"
    right = f" against {text.plain(row.right)}" if row.right is not None else ""
    said = row.reading or row.name or row.text
    return (
        f'<span title="{text.esc(row.text)}">{text.esc(said)}</span> '
        f'<span class="num" style="white-space:nowrap;color:var(--text)">{left}{right}</span>'
    )


def _count(day: MatchDayOut) -> int:
    return day.target + day.stop + day.open


def _busiest(history: HistoryOut) -> MatchDayOut | None:
    return max(history.days, key=_count, default=None)


def _chart(draft: Draft, history: HistoryOut, symbol: str) -> None:
    try:
        candles = session.api().candles(symbol, draft.interval, CHART_CANDLES)
    except ApiError as error:
        session.show_error(error)
        return
    step = INTERVAL_MS.get(draft.interval, 900_000) // 1000
    above = draft.direction == "short"
    marks = []
    for match in _matches_of(draft, history, symbol):
        _, tone, shape, _ = OUTCOMES[match.outcome]
        turned: chart.Shape = "arrowDown" if above and shape == "arrowUp" else shape
        opened = int(match.candle_close.timestamp()) - step
        marks.append(chart.Marker(opened, tone, above=above, shape=turned))
    label = f"{symbol}, {draft.interval} candles, with {len(marks)} past matches marked"
    chart.draw("past_chart", label, candles, markers=marks, height=200)


def _matches_of(draft: Draft, history: HistoryOut, symbol: str) -> tuple[HistoryMatch, ...]:
    """The matches of one symbol; asked for where the newest of all leave some of them out."""
    listed = tuple(match for match in history.matches if match.symbol == symbol)
    if len(listed) == history.by_symbol[symbol]:
        return listed
    asked = (*draft.asked, history.until, symbol)
    kept: tuple[object, tuple[HistoryMatch, ...]] | None = st.session_state.get("past_of")
    if kept is not None and kept[0] == asked:
        return kept[1]
    try:
        for item in session.api().scan(draft.code, draft.interval, draft.direction, draft.trigger, (symbol,)):
            if isinstance(item, HistoryOut):
                listed = item.matches
    except ApiError as error:
        session.show_error(error)
        return listed
    st.session_state["past_of"] = (asked, listed)
    return listed


def _per_day(history: HistoryOut) -> str:
    """Matches per day as stacked bars, a column a day."""
    if not history.since or not history.until:
        return ""
    first, last = text.utc(history.since).date(), text.utc(history.until).date()
    total = (last - first).days + 1
    if total < 2:
        return ""
    days = {day.day: day for day in history.days}
    top = max((_count(day) for day in history.days), default=1)
    columns = "".join(_day(days.get(first + timedelta(days=i)), top) for i in range(total))
    return (
        f'<div role="img" aria-label="matches per day, at most {top}" style="display:flex;'
        "align-items:flex-end;height:46px;"
        f'gap:1px;border-bottom:1px solid var(--line)">{columns}</div>'
        f'<div class="row cap"><span>{_short(first)}</span><span class="sp">{_short(last)}</span></div>'
    )


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"


def _day(day: MatchDayOut | None, top: int) -> str:
    if day is None:
        return '<span style="flex:1 1 0"></span>'
    bars = "".join(
        f'<i style="display:block;height:{getattr(day, outcome) / top * 28:.1f}px;background:var(--{token})"></i>'
        for outcome, (_, token, _, _) in OUTCOMES.items()
    )
    return (
        f'<span style="flex:1 1 0;min-width:0;text-align:center" title="{_short(day.day)}: {_count(day):,}">'
        f'<span class="cap" style="display:block;line-height:14px">{text.brief(_count(day))}</span>'
        f'<span style="display:block;max-width:28px;margin:0 auto">{bars}</span></span>'
    )


def _legend(history: HistoryOut) -> str:
    parts = [
        f'<span><span class="{token}">{glyph}</span> {words} '
        f"({sum(getattr(day, outcome) for day in history.days):,})</span>"
        for outcome, (words, token, _, glyph) in OUTCOMES.items()
    ]
    return f'<div class="row cap" style="gap:14px;padding-top:4px">{"".join(parts)}</div>'


def _clusters(history: HistoryOut) -> str:
    """A warning where a quarter of the matches are of one day."""
    busiest = _busiest(history)
    days = (history.until - history.since).days if history.since and history.until else 0
    if busiest is None or days < CLUSTERED_DAYS or not _count(busiest) * 4 > history.total > 8:
        return ""
    return (
        f'<div class="warn row nw" style="gap:6px;padding-top:6px">{text.icon("warning")}'
        f"<span>Clusters: {_count(busiest):,} of {history.total:,} on one day.</span></div>"
    )


def _near(history: HistoryOut) -> str:
    misses = history.near_misses[:NEAR_SHOWN]
    alone = bool(misses) and misses[0].of == 1
    what = "the condition nearly true" if alone else "all but one condition true"
    head = f'<h2>Near misses</h2><span class="cap">{what}, newest candles</span>'
    if not misses:
        return head + '<p class="mut" style="padding-top:8px">None: no symbol is one condition away from a match.</p>'
    return f'{head}<table class="kv">{"".join(_near_row(miss) for miss in misses)}</table>'


def _near_row(miss: NearMiss) -> str:
    off = miss.distance_percent
    # Full where nothing is missing, empty from two usual differences of the two sides on.
    filled = max(4.0, 100 - abs(miss.distance) * 50) if miss.distance is not None else 50.0
    values = ""
    if miss.left is not None and miss.right is not None:
        values = f"{text.plain(miss.left)}, needs {NEEDS.get(miss.op or '', '')}{text.plain(miss.right)}"
    distance = f"{text.number(abs(off), 2 if abs(off) < 1 else 1)} % off" if off is not None else ""
    return (
        f'<tr><td><b>{text.esc(miss.symbol)}</b> <span class="faint">'
        f"{text.clock_time(miss.candle_close)}</span><br>"
        f'<span class="mut" title="{text.esc(miss.failing)}">{text.esc(miss.reading or miss.failing)}'
        f'{": " if values else ""}<span style="white-space:nowrap">{values}</span></span></td>'
        f'<td class="n" style="width:70px"><span class="bar" style="width:64px;margin:6px 0 3px">'
        f'<i style="width:{filled:.0f}%"></i></span><br><span class="mut">{distance}</span></td></tr>'
    )
