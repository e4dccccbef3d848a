"""The feed's health as markup: the newest minute, connections, what was repaired and refused."""

from collections.abc import Sequence

from api.schemas import ConnectionOut, CoverageOut, FeedOut
from ui.components import text
from ui.components.coverage import Absent

SILENT_S = 30.0
REFUSED_SHOWN = 4


def now_card(minute: CoverageOut | None, feed: FeedOut | None) -> str:
    """The newest minute in large figures."""
    if minute is None:
        return '<h2>Now</h2><div class="mut" style="padding-top:6px">The first minute has not closed yet.</div>'
    rows = [
        ("Fresh", minute.fresh, "up" if minute.fresh == minute.expected else ""),
        ("Late", minute.late, "acc" if minute.late else "mut"),
        ("Stale", minute.stale, "warn" if minute.stale else "mut"),
        ("Missing", minute.missing, "down" if minute.missing else "mut"),
    ]
    body = "".join(
        f'<tr><td class="mut">{name}</td><td class="n"><b class="{tone}">{number:,}</b></td></tr>'
        for name, number, tone in rows
    )
    waits = ""
    if feed is not None and feed.failure:
        waits = (
            f'<div style="padding-top:8px">{text.banner("warn", "sync_problem", "Repair waits.", feed.failure)}</div>'
        )
    return (
        f'<div class="row nw"><h2>Minute {text.clock_time(minute.candle_close)}</h2>'
        f'<span class="sp cap">of {minute.expected:,} symbols</span></div>'
        f'<table class="kv" style="margin-top:4px">{body}'
        f'<tr><td class="mut">Screened after</td><td class="n">{minute.seconds_after_close:.1f} s</td></tr>'
        f'<tr><td class="mut">Last symbol after</td><td class="n">{minute.slowest_seconds:.1f} s</td></tr></table>'
        f"{waits}"
    )


def worst_table(rows: Sequence[Absent]) -> str:
    """Symbols that were not fresh, with how often."""
    if not rows:
        return (
            f'<div class="empty" style="border:0;padding:22px 14px">{text.icon("check_circle", 26)}'
            "<b>Every symbol was there in time</b>A symbol that comes late, or not at all, is listed here.</div>"
        )
    lines = "".join(
        f'<tr><td><b>{text.esc(row.symbol)}</b></td><td class="n">{_count(row.late, "acc")}</td>'
        f'<td class="n">{_count(row.stale, "warn")}</td><td class="n">{_count(row.missing, "down")}</td>'
        f'<td class="n mut">{text.clock_time(row.last)}</td></tr>'
        for row in rows
    )
    return (
        '<table class="kv"><thead><tr><th>Symbol</th><th class="n">Minutes late</th><th class="n">stale</th>'
        f'<th class="n">missing</th><th class="n">Last</th></tr></thead><tbody>{lines}</tbody></table>'
    )


def _count(number: int, tone: str) -> str:
    return f'<span class="{tone}">{number:,}</span>' if number else '<span class="faint">·</span>'


def connections_table(feed: FeedOut) -> str:
    """Each connection to the exchange: open, for how long, when it last spoke."""
    if not feed.streams.connections:
        return '<div class="mut" style="padding-top:6px">No connection has been opened yet.</div>'
    lines = "".join(_connection(one) for one in feed.streams.connections)
    clock = feed.streams.clock
    notes = []
    if feed.streams.reconnects:
        notes.append(f"{feed.streams.reconnects:,} opened again")
    if clock.set_ago_s is not None:
        notes.append(f"clock set {text.age(clock.set_ago_s)} ago")
    if clock.machine_ahead_ms is not None and abs(clock.machine_ahead_ms) >= 1000:
        side = "ahead" if clock.machine_ahead_ms > 0 else "behind"
        notes.append(f"this machine is {abs(clock.machine_ahead_ms) / 1000:,.0f} s {side}")
    tail = f'<div class="cap" style="padding-top:6px">{text.esc(", ".join(notes))}</div>' if notes else ""
    return f'<table class="kv">{lines}</table>{tail}'


def _connection(one: ConnectionOut) -> str:
    lively = one.open and (one.silent_for_s is None or one.silent_for_s < SILENT_S)
    mark, tone = ("check_circle", "up") if lively else ("hourglass_top", "warn") if one.open else ("cancel", "down")
    if not one.open:
        state = one.reason or "closed"
    elif lively:
        state = f"open {text.age(one.open_for_s or 0)}"
    else:
        state = f"silent for {text.age(one.silent_for_s or 0)}"
    what = f"{one.symbols:,} symbols" if one.symbols else "last prices"
    lost = f' · <span class="down">{one.lost:,} lost</span>' if one.lost else ""
    bad = f' · <span class="warn">{one.unreadable:,} unreadable</span>' if one.unreadable else ""
    return (
        f'<tr><td class="{tone}" style="width:22px">{text.icon(mark)}</td>'
        f'<td>{text.esc(one.name)}<br><span class="mut">{what}, {text.esc(state)}</span></td>'
        f'<td class="n"><span class="num">{one.messages:,}</span><br>'
        f'<span class="mut">messages{lost}{bad}</span></td></tr>'
    )


def care_table(feed: FeedOut) -> str:
    """What is repaired, refused and checked."""
    fixed, audit, cache = feed.corrections, feed.audit, feed.cache
    rows = [("Holes being filled", f"{feed.holes:,}", "warn" if feed.holes else "")]
    rows.append(("Candles corrected", f"{fixed.corrected:,}", ""))
    rows.append(("Candles filled in", f"{fixed.filled:,}", ""))
    refused = sum(feed.refused.by_reason.values())
    rows.append(("Candles refused", f"{refused:,}", "warn" if refused else ""))
    for reason, count in sorted(feed.refused.by_reason.items(), key=lambda item: -item[1])[:REFUSED_SHOWN]:
        rows.append((f"· {reason}", f"{count:,}", "mut"))
    if feed.skipped_minutes:
        rows.append(("Minutes not screened", f"{feed.skipped_minutes:,}", "warn"))
    if audit is not None:
        differences = audit.differing + audit.lacking
        rows.append(("Checked against the exchange", f"{audit.requests:,} requests", ""))
        rows.append(("· candles that differed", f"{differences:,}", "warn" if differences else "mut"))
    if cache is not None:
        rows.append(("Files with problems", f"{cache.problems:,}", "down" if cache.problems else ""))
    rows.append(("Viewers of prices", f"{feed.price_readers:,}", ""))
    body = "".join(
        f'<tr><td class="mut">{text.esc(name)}</td><td class="n {tone}">{value}</td></tr>' for name, value, tone in rows
    )
    return f'<table class="kv">{body}</table>{_weight(feed)}'


def _weight(feed: FeedOut) -> str:
    source = feed.source
    if source is None or not source.weight_limit:
        return ""
    share = min(100.0, source.used_weight / source.weight_limit * 100)
    wait = ""
    if source.closed_for_s > 0:
        words = source.refusal or "the limit is near"
        wait = f'<div class="warn" style="padding-top:4px">Waits {source.closed_for_s:.0f} s: {text.esc(words)}</div>'
    return (
        f'<div class="row nw" style="padding-top:8px"><span class="mut">Request weight</span>'
        f'<span class="num sp">{source.used_weight:,} of {source.weight_limit:,} a minute</span></div>'
        f'<span class="bar" style="width:100%"><i style="width:{share:.0f}%"></i></span>{wait}'
    )


def universe_line(feed: FeedOut) -> str:
    """Which symbols are not screened, and why."""
    if feed.universe is None or not feed.universe.rejected:
        return ""
    reasons = sorted(feed.universe.reasons.items(), key=lambda item: -item[1].count)
    parts = [f"{one.count:,} {reason}" for reason, one in reasons[:4]]
    return f"{feed.universe.symbols:,} symbols screened; not screened: {', '.join(parts)}."
