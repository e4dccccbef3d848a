"""What the save gate found: findings with what to do, how much was tried, and the engine cost against the quota."""

import streamlit as st

from api.schemas import CheckOut, FindingOut
from ui import session
from ui.components import text
from ui.components.drafts import Draft

# Word, icon and colour token of each severity, so that colour never speaks alone.
SEVERITIES: dict[str, tuple[str, str, str]] = {
    "blocks": ("Cannot be enabled", "block", "down"),
    "warns": ("Look at this first", "warning", "warn"),
    "info": ("Good to know", "info", "mut"),
}


def card(draft: Draft) -> None:
    """The findings about the filter that is shown; nothing where it was not checked."""
    check = draft.check
    if check is None:
        return
    with st.container(border=True, key="findings", gap="small"):
        session.html(_head(check) + rows(check.findings) + _cost(check))


def grave(found: tuple[FindingOut, ...]) -> tuple[FindingOut, ...]:
    """Those that block, or warn."""
    return tuple(f for f in found if f.severity != "info")


def rows(findings: tuple[FindingOut, ...]) -> str:
    """Findings as lines: icon, what it is, the condition at fault, what to do."""
    return "".join(_row(finding) for finding in findings)


def _row(finding: FindingOut) -> str:
    word, symbol, tone = SEVERITIES[finding.severity]
    fault = f'<span class="q">{text.esc(finding.condition)}</span>. ' if finding.condition else ""
    more = f'<br><span class="mut">{fault}{text.esc(finding.hint)}</span>' if fault or finding.hint else ""
    return (
        '<div class="row nw" style="align-items:flex-start;gap:8px;padding-top:4px">'
        f'<span class="{tone}" title="{word}">{text.icon(symbol)}</span>'
        f'<div title="{text.esc(finding.code)}">{text.esc(finding.message)}{more}</div></div>'
    )


def _head(check: CheckOut) -> str:
    if not check.candles:
        return "<h2>Checked before it runs</h2>"
    part = ""
    if (check.sampled_symbols, check.sampled_candles) != (check.held_symbols, check.held_candles):
        part = f", a sample of {check.held_symbols:,} × {check.held_candles:,}"
    tried = (
        f"replayed over {check.sampled_symbols:,} symbols × {check.sampled_candles:,} candles{part}, "
        f"{check.milliseconds / 1000:.1f} s"
    )
    return (
        '<div class="row nw"><h2 style="white-space:nowrap">Checked before it runs</h2>'
        f'<span class="cap hidem">{tried}</span></div>'
    )


def _cost(check: CheckOut) -> str:
    quota = check.quota
    if quota is None:
        return ""
    filled = min(100.0, quota.after / quota.limit * 100)
    title = "what your enabled strategies compute at each step, equal parts once; this one included"
    return (
        '<div class="row cap" style="padding-top:8px;gap:8px">'
        f"<span>Cost <b>{check.cost:,}</b> of {quota.strategy_limit:,} nodes</span>"
        f'<span class="sp" title="{title}">with your others {quota.after:,} of {quota.limit:,}</span>'
        f'<span class="bar" style="width:64px"><i style="width:{filled:.0f}%"></i></span></div>'
    )
