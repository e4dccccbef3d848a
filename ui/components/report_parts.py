"""What an analysis says and how it was held to the facts, as markup: report, single answers, history, the wait."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from api.schemas import AnalysisOut, SignalOutcome, WatchAsked, WatchCheck, WatchOut
from ui.components import text

STATUSES = {
    "failed": ("close", "down", "failed"),
    "flagged": ("flag", "warn", "pointed out"),
    "ok": ("check", "up", "passed"),
}
"""Icon, tone and word of a check, the worst first."""
WHYS = {
    "first": "first look",
    "trigger": "its trigger became true",
    "invalidation": "its invalidation became true",
    "every": "nothing tripped; it was time to look again",
    "close": "a candle closed",
    "again": "asked again",
}
OUTCOMES = {
    "open": ("still open", "mut"),
    "stop": ("stop first", "down"),
    "target": ("target first", "up"),
    "timeout": ("time was up", "mut"),
    "invalid": ("could not be followed", "warn"),
}
PLANS = {"model": "Analysis' plan", "bare": "Filter alone, ATR plan"}
CHECKS_DRAWN = 48


def number(value: object) -> float | None:
    """A number of stored JSON; None for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def exact(value: float | None) -> str:
    """A number as it was cited or stored: a check is about its last digit. Nothing for None."""
    return "" if value is None else f"{Decimal(f'{value:.10g}'):,f}".replace("-", "−")


def words(decision: str) -> str:
    """`enter trade`."""
    return decision.replace("_", " ")


def tag(decision: str) -> str:
    """A decision's tag, those on positions too."""
    known = {
        "hold": ("Hold", "run"),
        "adjust": ("Adjust", "enter"),
        "reduce": ("Reduce", "wait"),
        "close": ("Close", "bad"),
    }
    label, kind = known.get(decision) or text.DECISIONS.get(decision, (words(decision).capitalize(), "bad"))
    return text.tag(label, kind)


def checks_of(analysis: AnalysisOut) -> list[dict[str, Any]]:
    """The report's checks, failed ones first, else in the order in which they were made."""
    order = list(STATUSES)
    found = [c for c in analysis.grounding.get("checks") or () if isinstance(c, dict)]
    return sorted(found, key=lambda c: order.index(c["status"]) if c.get("status") in order else len(order))


def report(analysis: AnalysisOut) -> str:
    """Every check: what was cited, what is stored or allowed, how it ended and why."""
    checks = checks_of(analysis)
    counts = Counter(str(c.get("status")) for c in checks)
    parts = [f"{counts[name]} {word}" for name, (_, _, word) in STATUSES.items() if counts[name]]
    tone = "down" if counts["failed"] else "warn" if counts["flagged"] else "up" if checks else "mut"
    head = (
        '<div class="row nw"><h2>Checked by code</h2>'
        f'<span class="sp cap {tone}">{", ".join(parts) or "nothing was cited"}</span></div>'
    )
    if not checks:
        return f'{head}<p class="mut" style="padding-top:6px">The answer names no number that could be checked.</p>'
    told = [c for c in checks if not _in_text(c)]
    lines = "".join(_check(check) for check in told)
    return (
        f'{head}{_refused(analysis)}<table class="kv report"><thead><tr><th><span class="hid">Result</span></th>'
        '<th>Check and why</th><th class="n">cited</th><th class="n">stored</th></tr></thead>'
        f"<tbody>{lines}</tbody></table>{_rest([c for c in checks if _in_text(c)])}"
    )


def _in_text(check: Mapping[str, Any]) -> bool:
    """A number in the words that passed: there are many of these."""
    return check.get("name") == "text" and check.get("status") == "ok"


def _rest(checks: Sequence[Mapping[str, Any]]) -> str:
    if not checks:
        return ""
    plural = "s" if len(checks) != 1 else ""
    return (
        f'<details><summary class="mut">{len(checks)} number{plural} in its words passed</summary>'
        f'<table class="kv tight report">{"".join(_check(check) for check in checks)}</table></details>'
    )


def _refused(analysis: AnalysisOut) -> str:
    """Says where the answer wanted to enter and was not let."""
    proposed = str(analysis.grounding.get("proposed") or analysis.decision)
    if proposed == analysis.decision:
        return ""
    said = f"Its answer was {words(proposed)}; what failed made that {words(analysis.decision)}."
    return f'<div style="padding:8px 0 4px">{text.banner("error", "gpp_bad", "Refused.", said)}</div>'


def _check(check: Mapping[str, Any]) -> str:
    mark, tone, word = STATUSES.get(str(check.get("status")), ("help", "mut", "unknown"))
    cited, stored = number(check.get("cited")), number(check.get("stored"))
    name = str(check.get("name", "")).replace("_", " ")
    head = f"{text.esc(name[:1].upper() + name[1:])}<br>" if name != "text" else ""
    return (
        f'<tr><td class="{tone}" style="width:22px"><span role="img" aria-label="{word}" title="{word}">'
        f"{text.icon(mark)}</span></td>"
        f'<td>{head}<span class="mut">{text.esc(str(check.get("message", "")))}'
        f'</span></td><td class="n">{exact(cited)}</td><td class="n mut">{exact(stored)}</td></tr>'
    )


def plan(analysis: AnalysisOut) -> str:
    """The reasoning in the model's words, the plan, and its conditions as filter code."""
    rows = []
    for name in ("setup", "execution", "invalidation"):
        said = analysis.trade_plan.get(name)
        if said:
            rows.append((name.capitalize(), text.esc(str(said))))
    for name, label in (("trigger_code", "Look again when"), ("invalidation_code", "Wrong when")):
        code = analysis.trade_plan.get(name)
        if code:
            rows.append((label, f'<code class="filter">{text.esc(str(code))}</code>'))
    body = "".join(f'<tr><th style="width:104px">{text.esc(k)}</th><td>{v}</td></tr>' for k, v in rows)
    table = f'<table class="kv" style="margin-top:6px">{body}</table>' if body else ""
    return f'<div class="model"><span style="color:var(--text)">“{text.esc(analysis.reasoning)}”</span>{table}</div>'


def meta(analysis: AnalysisOut) -> str:
    """Who answered, on which prompt, and what it took."""
    parts = [analysis.model]
    if analysis.prompt_version:
        parts.append(f"{'prompt ' if analysis.asked else ''}{analysis.prompt_version}")
    if analysis.input_tokens or analysis.output_tokens:
        asked = f"{analysis.input_tokens:,} tokens in, {analysis.output_tokens:,} out, {cost(analysis)}"
    else:
        asked = f"tokens not told, {cost(analysis)}" if analysis.asked else "no model was asked, no cost"
    parts += [asked, took(analysis.latency_ms)]
    if analysis.snapshot_hash:
        parts.append(f"snapshot {analysis.snapshot_hash[:10]}")
    moment = _moment(analysis)
    parts.append(f"{text.day_and_time(moment)} UTC")
    return (
        f'<div class="cap under" title="{text.esc(analysis.snapshot_hash or "")}">{text.esc(" · ".join(parts))}</div>'
    )


def cost(analysis: AnalysisOut) -> str:
    """What a model's answers cost; said where nobody knows."""
    return "cost not known" if analysis.cost is None else dollars(analysis.cost)


def dollars(cost: float) -> str:
    """`0.0062 USD`; whole cents from a dollar on."""
    return f"{text.number(cost, 2 if cost >= 1 else 4)} USD"


def took(milliseconds: float) -> str:
    """`2.3 s`, `42 ms`."""
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 100 else f"{milliseconds:.0f} ms"


def opinions(analysis: AnalysisOut) -> str:
    """The single answers where several were asked for: how they voted and how far apart they were sure."""
    answers = analysis.opinions
    if not answers:
        return ""
    votes = Counter(str(a.get("decision") or "no answer") for a in answers)
    said = ", ".join(f"{count} {words(name)}" for name, count in votes.most_common())
    sure = [c for c in (number(a.get("confidence")) for a in answers) if c is not None]
    spread = f"confidence {min(sure):.0f} to {max(sure):.0f}" if sure else ""
    lines = "".join(_opinion(answer) for answer in answers)
    lowered = f" Disagreement lowers the confidence to {analysis.confidence:.0f}." if len(votes) > 1 else ""
    return (
        f'<div class="row nw"><h2>Asked {len(answers)} times</h2><span class="sp cap">{text.esc(spread)}</span></div>'
        f'<p class="mut" style="padding:2px 0 4px">{text.esc(said)}.{lowered}</p>'
        f'<table class="kv">{lines}</table>'
    )


def _opinion(answer: Mapping[str, Any]) -> str:
    sure = number(answer.get("confidence"))
    failed = answer.get("passed") is False
    note = '<span class="down">checks failed</span>' if failed else text.esc(str(answer.get("error") or ""))
    decision = answer.get("decision")
    return (
        f"<tr><td>{text.esc(str(answer.get('model', '')))}</td>"
        f'<td style="width:104px">{tag(str(decision)) if decision else ""}</td><td class="n" style="width:40px">'
        f'{f"{sure:.0f}" if sure is not None else "·"}</td><td class="mut">{note}</td></tr>'
    )


def tripped(analyses: Sequence[AnalysisOut], asked: Sequence[WatchAsked]) -> list[str]:
    """Why each look (newest first) was taken: as stored with it; else, where every look but the first has its reason in
    `asked` (oldest first), that one; else the newest reason between the look before and this one."""
    told = []
    again = len(analyses) - 1
    for place, one in enumerate(analyses):
        why = one.trade_plan.get("why") or one.grounding.get("why")
        if not why and place == again:
            why = "first"
        elif not why and len(asked) == again:
            why = asked[again - 1 - place].why
        elif not why:
            found = [a for a in asked if _moment(analyses[place + 1]) <= text.utc(a.at) <= _moment(one)]
            why = max(found, key=lambda a: text.utc(a.at)).why if found else "again"
        told.append(WHYS.get(str(why), str(why)))
    return told


def _moment(analysis: AnalysisOut) -> datetime:
    return text.utc(analysis.decided_at or analysis.created_at)


def history(analyses: Sequence[AnalysisOut], watch: WatchOut | None, shown: str) -> str:
    """Each look at a signal, newest first, with what tripped."""
    whys = tripped(analyses, watch.asked if watch else ())
    lines = []
    for one, why in zip(analyses, whys, strict=True):
        moment = _moment(one)
        on = ' class="on"' if one.id == shown else ""
        refused = f'<br><span class="down">{text.esc(one.refusals[0])}</span>' if one.refusals else ""
        lines.append(
            f'<tr{on}><td class="num" style="width:84px;text-align:left">{text.day_and_time(moment)}</td>'
            f'<td style="width:92px">{tag(one.decision)}</td><td class="n" style="width:30px">{one.confidence:.0f}</td>'
            f"<td>{text.esc(why)}{refused}</td>"
            f'<td class="mut n hidem">{cost(one) if one.asked else ""}</td></tr>'
        )
    total = sum(one.cost or 0 for one in analyses)
    spent = f", {dollars(total)} together" if total else ""
    count = f"{len(analyses)} look{'s' if len(analyses) != 1 else ''}{spent}"
    return (
        f'<div class="row nw"><h2>History</h2><span class="sp cap">{count}</span></div>'
        f'<table class="kv">{"".join(lines)}</table>'
    )


def watching(watch: WatchOut, now: datetime) -> str:
    """What a wait waits for, until when, what the closes said so far, when it is asked again."""
    until = ""
    if watch.until:
        left = (text.utc(watch.until) - now).total_seconds()
        until = f"until {text.clock_time(watch.until)}, {text.age(left)} left" if left > 0 else "its time is up"
    rows = []
    for label, code, name in (
        ("Trigger", watch.trigger, "trigger"),
        ("Invalidation", watch.invalidation, "invalidation"),
    ):
        said = f'<code class="filter">{text.esc(code)}</code>' if code else '<span class="mut">none given</span>'
        rows.append(
            f'<tr><th style="width:84px">{label}</th><td>{said}<br>{_newest(watch, name) if code else ""}</td></tr>'
        )
    asked = f"Asked {watch.asks} time{'s' if watch.asks != 1 else ''}"
    again = "; again when one of them becomes true"
    if watch.recheck_at:
        again += f", at the {text.clock_time(watch.recheck_at)} close at the latest"
    return (
        f'<div class="row nw"><h2>Waiting</h2><span class="sp cap">{text.esc(until)}</span></div>'
        f'<table class="kv">{"".join(rows)}</table>{_strip(watch.checks)}'
        f'<div class="cap" style="padding-top:6px">{asked}{again}. Between, code looks at each close and '
        "asks no model.</div>"
    )


def _newest(watch: WatchOut, name: str) -> str:
    if not watch.checks:
        return '<span class="mut">not looked at yet</span>'
    newest = max(watch.checks, key=lambda c: text.utc(c.at))
    held = getattr(newest, name)
    word, tone = {True: ("true", "warn"), False: ("not yet" if name == "trigger" else "not so", "mut")}.get(
        held, ("unknown", "mut")
    )
    return f'<span class="{tone}">{word} at the {text.clock_time(newest.at)} close</span>'


def _strip(checks: Sequence[WatchCheck]) -> str:
    """The closes that were looked at, oldest at the left."""
    drawn = sorted(checks, key=lambda c: text.utc(c.at))[-CHECKS_DRAWN:]
    if not drawn:
        return ""
    cells = []
    for check in drawn:
        if check.invalidation:
            colour, height, word = "down", 16, "invalidation true"
        elif check.trigger:
            colour, height, word = "up", 16, "trigger true"
        else:
            colour, height, word = "line", 8, "neither true"
        said = f"{text.clock_time(check.at)}: {word}"
        cells.append(
            f'<i title="{said}" style="display:block;width:7px;height:{height}px;border-radius:1px;'
            f'background:var(--{colour})"></i>'
        )
    trips = sum(bool(c.trigger or c.invalidation) for c in drawn)
    label = f"{len(drawn)} close{'' if len(drawn) == 1 else 's'} looked at, on {trips} one was true"
    return (
        f'<div role="img" aria-label="{label}" style="display:flex;align-items:flex-end;gap:2px;height:18px;'
        f'margin-top:6px">{"".join(cells)}</div><div class="cap">{label}</div>'
    )


def outcome(found: SignalOutcome) -> str:
    """What became of the signal on its plans, traded or not."""
    rows = []
    for plan_of in (found.model, found.bare):
        if plan_of is None:
            continue
        word, tone = OUTCOMES.get(plan_of.state, (plan_of.state, "mut"))
        result = f"{text.signed(plan_of.result_r)} R" if plan_of.result_r is not None else ""
        best = f"best {text.signed(plan_of.mfe_r)} R" if plan_of.mfe_r is not None else ""
        worst = f"worst {text.signed(plan_of.mae_r)} R" if plan_of.mae_r is not None else ""
        way = ", ".join(p for p in (best, worst, plan_of.reason or "") if p)
        rows.append(
            f'<tr><td>{PLANS.get(plan_of.plan, plan_of.plan)}<br><span class="mut">{text.esc(way)}</span></td>'
            f'<td class="{tone}">{word}</td><td class="n"><b class="{text.tone(plan_of.result_r or 0)}">{result}</b>'
            "</td></tr>"
        )
    for trade in found.trades:
        won = f"{text.signed(trade.result_r)} R" if trade.result_r is not None else ""
        rows.append(
            f'<tr><td>Your {text.esc(trade.mode)} trade<br><span class="mut">{text.signed(trade.realised_profit)} USDT '
            f'realised</span></td><td class="mut">{text.esc(trade.state)}</td><td class="n">'
            f'<b class="{text.tone(trade.realised_profit)}">{won}</b></td></tr>'
        )
    if not rows:
        return ""
    return (
        '<div class="row nw"><h2>What became of it</h2><span class="sp cap">after fees, traded or not</span></div>'
        f'<table class="kv">{"".join(rows)}</table>'
    )
