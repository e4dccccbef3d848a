"""The track record as markup: figures, calibration and lift drawn, groups, costs."""

from collections.abc import Sequence

from api.schemas import (
    CalibrationBin,
    CalibrationOut,
    CostRow,
    CostsOut,
    IntervalOut,
    LiftOut,
    OutcomeGroup,
    OutcomeSummary,
)
from ui.components import report_parts, text

ENOUGH = 30
"""With fewer decisions a bin is drawn pale: its share won may be chance."""
SIDE = 216
VERDICTS = {
    "up": ("up", "The interval lies above zero: on these signals entering did better than the filter alone."),
    "down": ("down", "The interval lies below zero: on these signals the filter alone did better."),
    "chance": ("warn", "The interval holds zero: not told apart from chance."),
    "few": ("warn", "No interval: too few blocks of time have an entry that ended."),
}


def figures(record: OutcomeSummary) -> str:
    """The row of figures on top."""
    all_ = record.all
    won = f"{all_.won * 100:.0f} %" if all_.won is not None else "·"
    of = record.lift
    cells = (
        ("Signals followed", f"{record.signals:,}", "", f"{of.signals:,} decided on and ended"),
        ("Entered", f"{all_.entered:,}", "", f"{all_.ended:,} ended"),
        ("Won, of the ended", won, "", "profit after fees"),
        ("Mean of the entered", *_toned(of.entered), _way(all_)),
        ("Filter alone", *_toned(of.bare), "all that were decided on"),
        ("Lift", *_toned(of.difference), _bounds(of.difference)),
    )
    drawn = "".join(
        f'<div class="met" style="padding-left:0;flex:1 1 130px"><span>{name}</span><b class="num {tone}" '
        f'style="text-align:left">{value}</b><span style="white-space:normal">{note}</span></div>'
        for name, value, tone, note in cells
    )
    return f'<div class="row" style="gap:18px;align-items:flex-start">{drawn}</div>'


def _toned(found: IntervalOut | None) -> tuple[str, str]:
    return ("·", "") if found is None else (f"{text.signed(found.value)} R", text.tone(found.value))


def _r(found: IntervalOut | None) -> str:
    return '<span class="{1}">{0}</span>'.format(*_toned(found))


def _bounds(found: IntervalOut | None) -> str:
    if found is None:
        return "nothing ended yet"
    if found.low is None or found.high is None:
        return "too few blocks"
    return f"{text.signed(found.low)} to {text.signed(found.high)}"


def _way(group: OutcomeGroup) -> str:
    if group.mean_mfe_r is None or group.mean_mae_r is None:
        return "nothing ended yet"
    return f"on the way {text.signed(group.mean_mfe_r)} for, {text.signed(group.mean_mae_r)} against"


def calibration(found: CalibrationOut) -> str:
    """Share won against confidence: a dot a bin, its size by how many; on the diagonal it is as sure as it is right."""
    head = _head("Is its confidence worth anything?", "entered and ended")
    if not found.bins:
        return head + missing(
            "No entered signal has ended",
            "Confidence is held against what came of entries; each counts once its stop, target or time was reached.",
        )
    dots = "".join(_dot(one, max(b.count for b in found.bins)) for one in found.bins)
    grid = "".join(
        f'<i style="position:absolute;left:0;right:0;bottom:{share}%;border-top:1px solid var(--grid)"></i>'
        f'<i style="position:absolute;top:0;bottom:0;left:{share}%;border-left:1px solid var(--grid)"></i>'
        for share in (25, 50, 75)
    )
    label = "; ".join(_said(one) for one in found.bins)
    plot = (
        f'<div role="img" aria-label="{text.esc(label)}" style="position:relative;width:{SIDE}px;height:{SIDE}px;'
        "flex:none;border-left:1px solid var(--line);border-bottom:1px solid var(--line);background:linear-gradient("
        "to bottom right,transparent calc(50% - .6px),var(--mut) calc(50% - .6px),var(--mut) calc(50% + .6px),"
        f'transparent calc(50% + .6px))">{grid}{dots}</div>'
    )
    axis = (
        f'<div class="cap row nw" style="width:{SIDE}px;padding-top:10px"><span>0</span>'
        '<span style="margin:0 auto">confidence, %</span><span>100</span></div>'
    )
    rows = "".join(_bin(one) for one in found.bins)
    table = (
        '<table class="kv tight"><thead><tr><th>Confidence</th><th class="n">Entries</th><th class="n">Won</th>'
        f'<th class="n">Mean R</th></tr></thead><tbody>{rows}</tbody></table>'
    )
    error = f"Off by {found.error * 100:.0f} points on average" if found.error is not None else ""
    brier = f", Brier score {text.number(found.brier, 3)} (0.25 is a coin)" if found.brier is not None else ""
    return (
        f'{head}<div class="row" style="align-items:flex-start;gap:18px;padding-top:8px"><div><div class="cap" '
        f'style="padding-bottom:2px">won, %</div>{plot}{axis}</div><div style="flex:1 1 200px;min-width:0">{table}'
        f'<div class="cap" style="padding-top:6px">{error}{brier}. On the line, a confidence of 70 won 70 of 100. '
        f"Pale dots have fewer than {ENOUGH} entries.</div></div></div>"
    )


def _said(one: CalibrationBin) -> str:
    return f"confidence {one.low} to {one.high}: {one.won * 100:.0f} % of {one.count} won"


def _dot(one: CalibrationBin, most: int) -> str:
    size = 8 + 12 * (one.count / most) ** 0.5
    pale = ";opacity:.5" if one.count < ENOUGH else ""
    return (
        f'<i title="{_said(one)}" style="position:absolute;left:{one.confidence:.1f}%;bottom:{one.won * 100:.1f}%;'
        f"width:{size:.0f}px;height:{size:.0f}px;margin:0 0 {-size / 2:.0f}px {-size / 2:.0f}px;border-radius:50%;"
        f'background:var(--acc){pale}"></i>'
    )


def _bin(one: CalibrationBin) -> str:
    return (
        f'<tr><td>{one.low} to {one.high}</td><td class="n">{one.count:,}</td><td class="n">{one.won * 100:.0f} %</td>'
        f'<td class="n {text.tone(one.mean_r)}">{text.signed(one.mean_r)}</td></tr>'
    )


def lift(found: LiftOut) -> str:
    """Entered, filter alone, their difference and what it is made of, what was avoided and what nobody decided on, each
    with its interval on one axis of R."""
    head = _head("Does it beat the bare filter?", "mean R a signal")
    rows = [
        ("Entered, its own plan", found.entered),
        ("All decided on, filter alone", found.bare),
        ("Lift: the difference", found.difference),
        ("of it the selection", found.selection),
        ("of it the plan", found.plan),
        ("Not entered, filter alone", found.avoided),
    ]
    if found.others:
        rows.append((f"{found.others:,} not decided on", found.undecided))
    known = [(name, one) for name, one in rows if one is not None]
    if not known:
        return head + missing(
            "No signal has ended",
            "Each is followed to stop, target or timeout, traded or not. The first ends with a candle's close.",
        )
    ends = [v for _, one in known for v in (one.value, one.low, one.high) if v is not None]
    reach = max(0.1, *(abs(v) for v in ends)) * 1.08
    lines = "".join(_interval(name, one, reach) for name, one in rows)
    tone, said = (
        VERDICTS[verdict(found.difference)] if found.difference else ("mut", "Nothing was entered and ended yet.")
    )
    return (
        f'{head}<table class="kv">{lines}</table><p class="{tone}" style="padding-top:8px">{said}</p>'
        f'<div class="cap" style="padding-top:4px">{found.signals:,} signals that were decided on and ended make these '
        f"figures. The bar holds 95 % of redraws over {found.blocks:,} blocks of {_hours(found.block_ms)}, at least "
        "twice the longest holding time: plans that are open together rise and fall together. Selection: the entered "
        "less all, both on the filter's plan. Plan: what its own stop and target added. Not entered below zero: on the "
        "filter's plan the refused lost, on average.</div>"
    )


def terms(record: OutcomeSummary) -> str:
    """What the figures stand on."""
    said = (
        "R is the profit after fees over what the plan risked, each plan by its own stop: one R of an analysis is "
        "another distance than one R of the filter alone. Both are entered at the open of the first minute, after the "
        "signal's candle or after the decision, and followed on candles, stop before target where one held both. These "
        "are signals as they came, not trades as you would have had them: size, pauses and the one-position rule are "
        "left out. On the way is how far the price went for and against an entered plan before it ended, the mean of "
        "all that ended, before fees: no trade's best or worst result."
    )
    if record.invalid:
        said += f" {record.invalid:,} of {record.plans:,} plans could not be followed"
        said += f", {record.late:,} of them past stop or target before they could be entered." if record.late else "."
    return said


def _hours(milliseconds: int) -> str:
    hours = milliseconds / 3_600_000
    return f"{hours / 24:,.0f} days" if hours >= 72 else f"{hours:,.3g} hours"


def verdict(found: IntervalOut) -> str:
    """What an interval says of zero: up, down, chance or few."""
    if found.low is None or found.high is None:
        return "few"
    return "up" if found.low > 0 else "down" if found.high < 0 else "chance"


def _interval(name: str, found: IntervalOut | None, reach: float) -> str:
    if found is None:
        return f'<tr><td style="width:156px">{name}</td><td class="mut">none ended yet</td><td></td></tr>'

    def place(value: float) -> float:
        return 50 + value / reach * 50

    low, high = found.low, found.high
    bar = ""
    if low is not None and high is not None:
        bar = (
            f'<i style="position:absolute;left:{place(low):.1f}%;width:{place(high) - place(low):.1f}%;'
            'top:7px;height:4px;border-radius:2px;background:var(--acc);opacity:.45"></i>'
        )
    dot = (
        f'<i style="position:absolute;left:{place(found.value):.1f}%;top:4px;width:3px;height:10px;margin-left:-1px;'
        'background:var(--acc)"></i>'
    )
    zero = '<i style="position:absolute;left:50%;top:0;bottom:0;border-left:1px solid var(--mut)"></i>'
    label = f"{name}: {text.signed(found.value)} R, {_bounds(found)}"
    return (
        f'<tr><td style="width:156px">{name}</td><td style="min-width:90px"><div role="img" aria-label="{label}" '
        f'title="{label}" style="position:relative;height:18px">{zero}{bar}{dot}</div></td>'
        f'<td class="n" style="width:150px"><b>{_r(found)}</b> <span class="mut">{_bounds(found)}</span></td>'
        "</tr>"
    )


def groups(found: Sequence[OutcomeGroup], what: str) -> str:
    """Signals by what they have in common."""
    if not found:
        return missing("Nothing followed yet", "The first signal shows here as soon as it fires.")
    lines = "".join(_group(one) for one in found)
    return (
        f'<div style="overflow-x:auto"><table class="kv"><thead><tr><th>{what}</th><th class="n">Signals</th>'
        '<th class="n hidem">Open</th><th class="n">Entered</th><th class="n hidem">Ended</th><th class="n">Won</th>'
        '<th class="n">Mean R</th><th class="n hidem" title="means, before fees">On the way for, against</th>'
        '<th class="n">Filter alone</th>'
        f'<th class="n hidem">Lift, 95 %</th></tr></thead><tbody>{lines}</tbody></table></div>'
    )


def _group(one: OutcomeGroup) -> str:
    won = f"{one.won * 100:.0f} %" if one.won is not None else "·"
    way = f"{text.signed(one.mean_mfe_r)}, {text.signed(one.mean_mae_r or 0)}" if one.mean_mfe_r is not None else "·"
    difference = one.lift.difference
    gain = f'{_r(difference)} <span class="mut">{_bounds(difference)}</span>' if difference else "·"
    name = report_parts.words(one.name)
    return (
        f'<tr><td>{text.esc(name[:1].upper() + name[1:])}</td><td class="n">{one.signals:,}</td>'
        f'<td class="n hidem">{one.open:,}</td><td class="n">{one.entered:,}</td><td class="n hidem">{one.ended:,}</td>'
        f'<td class="n">{won}</td><td class="n">{_r(one.lift.entered)}</td><td class="n mut hidem">{way}</td>'
        f'<td class="n">{_r(one.lift.bare or one.lift.undecided)}</td><td class="n hidem">{gain}</td></tr>'
    )


def costs(found: CostsOut, entered: int) -> str:
    """What the answers cost, together and by model and strategy."""
    all_ = found.all
    head = _head("What it cost", f'<b class="num">{report_parts.dollars(all_.cost)}</b>')
    if not all_.analyses and not all_.failed:
        return head + missing("No analyses yet", "Tokens and dollars of each stored analysis are summed here.")
    if not all_.asked:
        said = f"{all_.analyses:,} analyses by rules; no model was asked. Set SCREENER_MODEL to have one asked."
        return f'{head}<p class="mut" style="padding-top:6px">{said}</p>'
    each = f", {report_parts.dollars(all_.cost / entered)} an entry" if entered else ""
    tokens = f"{all_.input_tokens:,} tokens in, {all_.output_tokens:,} out"
    failed = f", {all_.failed:,} more came to no decision" if all_.failed else ""
    unpriced = f" The cost of {all_.unpriced:,} is not known: no price is set for the model." if all_.unpriced else ""
    asked = f"{all_.asked - all_.failed:,} of them by a model{failed}"
    said = f"{all_.analyses:,} analyses, {asked}; {tokens}{each}.{unpriced}"
    parts = (("Model", found.by_model), ("Strategy", found.by_strategy), ("Decision", found.by_decision))
    body = "".join(_cost_rows(what, rows) for what, rows in parts if rows)
    return (
        f'{head}<p class="mut" style="padding:4px 0 2px">{said}</p>'
        f'<div class="row" style="align-items:flex-start;gap:22px">{body}</div>'
    )


def _cost_rows(what: str, rows: Sequence[CostRow]) -> str:
    lines = "".join(
        f'<tr><td>{text.esc(report_parts.words(row.name))}</td><td class="n">{row.analyses:,}</td>'
        f'<td class="n mut">{report_parts.took(row.latency_ms) if row.latency_ms is not None else ""}</td>'
        f'<td class="n">{text.number(row.cost, 4)}</td></tr>'
        for row in rows
    )
    return (
        '<div style="flex:1 1 270px;min-width:0"><table class="kv tight"><thead><tr>'
        f'<th>{what}</th><th class="n">Analyses</th><th class="n">Median time</th><th class="n">USD</th></tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _head(title: str, note: str) -> str:
    return f'<div class="row nw"><h2>{title}</h2><span class="sp cap">{note}</span></div>'


def missing(title: str, said: str) -> str:
    """An empty state: what is missing, and when it will be there."""
    return (
        f'<div class="empty" style="border:0;padding:22px 14px">{text.icon("hourglass_empty", 26)}'
        f"<b>{text.esc(title)}</b>{text.esc(said)}</div>"
    )
