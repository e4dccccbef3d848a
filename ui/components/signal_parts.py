"""The pieces of a signal's detail, as markup: header, levels, cost, conditions, grounding, quotation."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from api.schemas import AnalysisOut, ApprovalPreview, ConditionRow, SignalDetail
from ui.components import text
from ui.components.chart import Level

_HELD = {True: "holds", False: "does not hold", None: "unknown"}
OPERATORS = {"lt": "<", "le": "≤", "gt": ">", "ge": "≥", "eq": "=", "ne": "≠"}

ALL_AT_FIRST = "The whole position is closed at target 1; the other targets are only drawn."
FORMING = "It fired while its candle was forming, and the close has not confirmed it."


@dataclass(frozen=True)
class Levels:
    """Entry, stop and targets of an analysis; None where it named none."""

    entry: float | None
    stop: float | None
    targets: tuple[float, ...]

    def r_of(self, price: float, side: str) -> float | None:
        """Profit of `price` in units of the first risk; None without a stop."""
        if self.entry is None or self.stop is None or self.entry == self.stop:
            return None
        gain = price - self.entry if side == "long" else self.entry - price
        return gain / abs(self.entry - self.stop)

    def lines(self) -> list[Level]:
        """The levels as lines of the chart, targets last."""
        lines: list[Level] = []
        if self.stop is not None:
            lines.append(Level("stop", "Stop", self.stop))
        if self.entry is not None:
            lines.append(Level("entry", "Entry", self.entry))
        lines += [Level("target", f"T{i}", price, dashed=i > 1) for i, price in enumerate(self.targets, 1)]
        return lines


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def levels_of(analysis: AnalysisOut | None, fallback_entry: float) -> Levels:
    """The levels of an analysis, entry at the signal's price when it named a stop but no entry."""
    levels = analysis.key_levels if analysis else {}
    stop = _number(levels.get("stop_loss"))
    entry = _number(levels.get("entry"))
    targets = tuple(t for t in (_number(v) for v in levels.get("take_profit") or ()) if t is not None)
    if stop is not None and entry is None:
        entry = fallback_entry
    return Levels(entry, stop, targets)


def header(signal: SignalDetail, now: float | None, stale: bool) -> str:
    """Symbol, side, interval, decision; the price now and since the signal."""
    words, kind = text.decision_tag(signal.state, signal.decision)
    sure = f" · {signal.confidence:.0f}" if signal.confidence is not None else ""
    side = "▲ Long" if signal.side == "long" else "▼ Short"
    forming = f'<span class="bdg" title="{FORMING}">forming</span>' if signal.provisional else ""
    if signal.late:
        after = f" {signal.late_seconds:.0f} s after its close" if signal.late_seconds is not None else ""
        forming += f'<span class="bdg warn" title="Its candle came{after}, when the others were screened.">late</span>'
    right = ""
    if now is not None:
        change = (now / signal.price - 1) * 100 if signal.price else 0.0
        dim = ' style="opacity:.5"' if stale else ""
        right = (
            f'<span class="sp row nw"{dim}><b class="num" style="font-size:17px">'
            f"{text.price(now, signal.price)}</b>"
            f'<span class="num"><span class="{text.tone(change)}">{text.signed(change)} %</span> '
            '<span class="mut hidem">since signal</span></span></span>'
        )
    return (
        f'<div class="row" style="min-height:33px"><h2 style="font-size:17px">{text.esc(signal.symbol)}</h2>'
        f'<span class="bdg">{side}</span><span class="bdg">{text.esc(signal.interval)}</span>{forming}'
        f"{text.tag(words + sure, kind)}{right}</div>"
    )


def levels_row(levels: Levels, side: str, decision: str = "enter_trade") -> str:
    """Stop, entry and targets with distance and reward; only an entry is approved."""
    if levels.entry is None:
        return ""
    entry = levels.entry
    cells = []

    def cell(name: str, price: float, token: str, note: str) -> None:
        cells.append(
            f'<div class="met" style="border-left:3px solid var(--{token})"><span>{name}</span>'
            f'<b class="num" style="text-align:left">{text.price(price, entry)}</b><span>{note}</span></div>'
        )

    def far(price: float) -> str:
        return f"{text.signed((price / entry - 1) * 100)} %"

    if levels.stop is not None:
        cell("Stop", levels.stop, "down", f"{far(levels.stop)} · −1 R")
    cell("Entry, market", entry, "acc", "when you approve" if decision == "enter_trade" else "were it entered")
    for index, target in enumerate(levels.targets[:2], 1):
        r = levels.r_of(target, side)
        cell(
            f"Target {index}",
            target,
            "up",
            far(target) + (f" · {text.number(r, 2)} R" if r is not None else ""),
        )
    note = f'<div class="cap" style="padding-top:4px">{ALL_AT_FIRST}</div>' if len(levels.targets) > 1 else ""
    return f'<div class="row" style="gap:6px">{"".join(cells)}</div>{note}'


def preview_lines(signal: SignalDetail, preview: ApprovalPreview) -> str:
    """What approving would do now: order, loss at the stop, reward, fees."""
    base = signal.symbol.removesuffix("USDT")
    verb = "Buy" if signal.side == "long" else "Sell short"
    return (
        '<div class="row nw"><span class="bdg paper">Paper</span>'
        f'<b class="big">{verb} {text.quantity(preview.quantity)} {text.esc(base)} at '
        f"{text.esc(preview.order_type)}</b>"
        f'<span class="mut num sp">≈ {text.number(preview.notional, 2)} USDT</span></div>'
        '<div class="row" style="gap:3px 14px;padding-top:7px">'
        f'<span>If stopped <b class="down num">{text.signed(-abs(preview.loss_at_stop))}</b></span>'
        f'<span>At T1 <b class="up num">{text.signed(abs(preview.profit_at_target))}</b></span>'
        '<span class="mut">Reward to risk <b style="color:var(--text)">'
        f"{text.number(preview.reward_to_risk, 2)}</b>, "
        f"after {text.number(preview.fees, 2)} in fees "
        f'<b style="color:var(--text)">{text.number(preview.reward_to_risk_after_fees, 2)}</b></span>'
        f'<span class="mut hidem">{preview.open_positions} of {preview.max_positions} open</span></div>'
    )


def refusals(preview: ApprovalPreview) -> str:
    """Why it would not be sent, one reason a line."""
    return "".join(
        f'<div class="row nw" style="gap:8px;padding-top:7px"><span class="warn">{text.icon("block")}</span>'
        f"<span>Not sent: <b>{text.esc(reason.removeprefix('Not sent: '))}</b></span></div>"
        for reason in preview.refusals
    )


def margin(row: ConditionRow) -> str:
    """How far the condition is from turning: absolute for the size of an oscillator, else in percent of the limit."""
    if row.left is None or row.right is None:
        return ""
    gap = abs(row.left - row.right)
    if row.right and not 1 <= abs(row.right) < 1000:
        share = gap / abs(row.right) * 100
        return f"by {text.number(share, 1 if share >= 1 else 2)} %"
    return f"by {text.plain(gap)}"


def condition_table(signal: SignalDetail) -> str:
    """Each condition with both values on the signal's candle, as it was when it fired."""
    lines = []
    for row in signal.conditions:
        mark, tone = {True: ("check_circle", "up"), False: ("cancel", "down"), None: ("help", "warn")}[row.value]
        sign = OPERATORS.get(row.op or "", row.op or "")
        # Whether it held is what the mark says already.
        values = "" if row.value is not None else "unknown"
        if row.left is not None and row.right is not None:
            limit = f"{text.esc(sign)} {text.plain(row.right)}"
            values = f'<b>{text.plain(row.left)}</b> <span class="mut">{limit}</span>'
        if values:
            values = f'<div class="num under">{values}</div>'
        lines.append(
            f'<tr><td class="{tone}" style="width:20px" aria-label="{_HELD[row.value]}">{text.icon(mark)}</td>'
            f'<td title="{text.esc(row.text)}">{text.esc(row.reading or row.text)}'
            f"{values}</td>"
            f'<td class="n mut">{margin(row)}</td></tr>'
        )
    held = sum(row.value is True for row in signal.conditions)
    return (
        '<div class="row nw"><h3>Why it fired</h3><span class="sp cap">'
        f"{held} of {len(signal.conditions)} on the {text.clock_time(signal.candle_close)} candle</span></div>"
        f'<table class="kv">{"".join(lines)}</table>'
    )


def grounding_table(analysis: AnalysisOut, limit: int = 5) -> str:
    """Numbers the analysis cites beside what was stored."""
    report = analysis.grounding
    checks = [c for c in report.get("checks") or () if isinstance(c, dict)]
    good = sum(c.get("status") == "ok" for c in checks)
    lines = "".join(_check_line(check) for check in checks[:limit])
    more = len(checks) - limit
    if more > 0:
        lines += f'<tr><td></td><td class="mut" colspan="3">and {more} more</td></tr>'
    tone = "up" if good == len(checks) else "warn"
    if lines:
        lines = f'<tr><th></th><th></th><th class="n">cited</th><th class="n">stored</th></tr>{lines}'
    summary = f"{good} of {len(checks)} match" if checks else "nothing to check"
    return (
        f'<div class="row nw"><h3>Its numbers</h3><span class="sp cap {tone}">{summary}</span></div>'
        f'<table class="kv">{lines}</table>'
    )


def _check_line(check: dict[str, Any]) -> str:
    mark, tone = {"ok": ("check", "up"), "failed": ("close", "down")}.get(str(check.get("status")), ("flag", "warn"))
    cited, stored = _number(check.get("cited")), _number(check.get("stored"))
    name = str(check.get("name", "")).replace("_", " ").replace(".", ", ")
    shown = text.plain(cited) if cited is not None else ""
    kept = text.plain(stored) if stored is not None else ""
    return (
        f'<tr title="{text.esc(str(check.get("message", "")))}"><td class="{tone}" style="width:22px">'
        f"{text.icon(mark)}</td>"
        f'<td>{text.esc(name[:1].upper() + name[1:])}</td><td class="n">{shown}</td><td class="n mut">'
        f"{kept}</td></tr>"
    )


def quotation(analysis: AnalysisOut) -> str:
    """The words of the analysis, marked as such by the dashed rule."""
    took = f", {analysis.latency_ms / 1000:.1f} s" if analysis.latency_ms >= 50 else ""
    return (
        f'<div class="model"><span style="color:var(--text)">“{text.esc(analysis.reasoning)}”</span> '
        f'<span class="faint">{text.esc(analysis.model)}{took}</span></div>'
    )
