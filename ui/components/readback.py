"""What the compiled filter will do, in plain words, beside the words of the sentence."""

import streamlit as st

from api.schemas import FieldError, HistoryOut, ReadingRow
from ui import session
from ui.components import drafts, text, writing
from ui.components.drafts import Draft

ENDS = "A trade then ends at the first of these:"
PROPOSED = "the analysis of each signal proposes {}, and you see that before you approve."
FOLLOWED = "The track record follows its signals with {}; no trade is closed for that."
PLAN = {
    "stop_atr": "a stop {:g} ATR away",
    "target_atr": "a target {:g} ATR away",
    "max_hold_candles": "{:g} candles at most",
}
COUNT_WORDS = {1: "this becomes true", 2: "both become true together", 3: "all three become true together"}


def card(draft: Draft) -> None:
    """The read-back with its question."""
    with st.container(border=True, key="readback", gap="small"):
        if draft.shown is None:
            session.html("<h2>This is what it will do</h2><p class='mut'>Nothing yet: the code does not compile.</p>")
            return
        session.html(markup(draft))
        writing.explanation(draft)
        reach = draft.shown.reach
        needs = ", ".join(f"{count:,} candles of {interval}" for interval, count in reach.items())
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown("Is that what you meant?", width="content")
            if draft.confirmed:
                session_note = f'<span class="up">{text.icon("check_circle")}</span> You said yes.'
                st.html(f'<div class="ss">{session_note}</div>', width="content")
                st.button("Not quite, change it", on_click=drafts.confirm, args=(False,), key="not-quite")
            else:
                broken = draft.report is not None and not draft.report.ok
                st.button(
                    "Yes",
                    icon=":material/check:",
                    on_click=drafts.confirm,
                    args=(True,),
                    key="yes",
                    disabled=broken,
                )
                st.button("Not quite, change it", on_click=_change, key="not-quite")
            seen = "Closed candles only" if draft.evaluated == "close" else "Closed candles and the forming one"
            st.html(f'<div class="ss cap">{seen}. Needs {text.esc(needs)}.</div>', width="content")
        if st.session_state.pop("change_hint", False):
            session.html(
                text.banner("info", "edit", "Change the sentence or the code on the left.", "Both update this card.")
            )


def markup(draft: Draft) -> str:
    """When it signals and how a trade ends, read back from its compiled filter."""
    return _head(draft) + _rows(draft)


def _change() -> None:
    drafts.confirm(False)
    st.session_state["change_hint"] = True


def _head(draft: Draft) -> str:
    now = draft.history.true_now if draft.history else ()
    names = ", ".join(symbol.removesuffix("USDT") for symbol in now[:4])
    more = f" and {len(now) - 4} more" if len(now) > 4 else ""
    true_now = f'true now: <b style="color:var(--text)">{text.esc(names or "none")}</b>{more}' if draft.history else ""
    rows = [row for row in draft.rows() if _needed(draft, row)]
    ending = COUNT_WORDS.get(len(rows), f"all {len(rows)} become true together") if rows else "the match becomes true"
    name = (
        drafts.INTERVAL_NAMES.get(draft.interval, draft.interval).replace("minutes", "minute").replace("hours", "hour")
    )
    article = "an" if name.startswith("8") else "a"
    moment = "closes" if draft.evaluated == "close" else "forms or closes"
    return (
        '<div class="row nw"><h2>This is what it will do</h2>'
        '<span class="cap hidem">read back from the compiled filter, not written by the model</span>'
        f'<span class="sp cap hidem">{true_now}</span></div>'
        '<p style="font-size:14px;line-height:21px;padding:6px 0 2px">Signal a <b>'
        f"{text.esc(draft.direction)}</b> when "
        f"{article} {text.esc(name.replace(' ', '-', 1))} candle {moment} and {ending}:</p>"
    )


def _rows(draft: Draft) -> str:
    rows = [row for row in draft.rows() if row.kind == "condition"]
    if not rows and draft.shown:
        return f'<p class="big">{text.esc(draft.shown.reading)}</p>'
    held = {row.text: row.share for row in draft.history.conditions} if draft.history else {}
    lines, number = [], 0
    for row in rows:
        number += _needed(draft, row)
        mark = f'<span class="n1">{number}</span>' if _needed(draft, row) else '<span class="faint">part</span>'
        lines.append(_row(row, mark, held.get(row.text)))
    ends = [_row(row, _ending(row), None) for row in draft.rows() if row.kind != "condition"]
    if ends:
        lines.append(f'<tr><td colspan="5" class="mut" style="padding-top:8px">{ENDS}</td></tr>')
    if draft.rows() and (said := unwritten(draft)):
        ends.append(f'<tr><td colspan="5" class="mut" style="padding-top:8px">{text.esc(said)}</td></tr>')
    return f'<table class="kv">{"".join([*lines, *ends])}</table>'


def unwritten(draft: Draft) -> str:
    """What sets the stop and the target that the filter does not, and with which ones its signals are followed."""
    kinds = {row.kind for row in draft.rows()}
    missing = [kind for kind in ("stop", "target") if kind not in kinds]
    if not missing:
        return ""
    proposes = PROPOSED.format("both" if len(missing) == 2 else "one")
    said = f"No {' and no '.join(missing)} is written here: {proposes}"
    if "exit" not in kinds:
        said += " Nothing closes a trade for its time."
    source = draft.generated or draft.stored
    risk = source.risk if source else {}
    plan = [words.format(risk[name]) for name, words in PLAN.items() if isinstance(risk.get(name), int | float)]
    return f"{said} {FOLLOWED.format(', '.join(plan))}" if plan and len(missing) == 2 else said


def _ending(row: ReadingRow) -> str:
    """The icon of an exit, stop or target."""
    symbol, tone = {"stop": ("block", "down"), "target": ("flag", "up")}.get(row.kind, ("logout", "mut"))
    return f'<span class="{tone}">{text.icon(symbol)}</span>'


def _needed(draft: Draft, row: ReadingRow) -> bool:
    """Whether a match needs the condition; else it is one of several that may hold, part of another row."""
    if row.kind != "condition":
        return False
    return draft.history is None or not draft.history.conditions or row.text in _texts(draft.history)


def _texts(history: HistoryOut) -> set[str]:
    return {row.text for row in history.conditions}


def _row(row: ReadingRow, mark: str, share: float | None) -> str:
    return (
        f'<tr><td style="width:26px">{mark}</td>'
        f'<td class="big" title="{text.esc(row.text)}">{text.esc(row.reading or row.text)}</td>'
        f'<td class="mut hidem" style="width:84px;white-space:nowrap">{text.esc(row.interval)}</td>'
        f'<td class="n mut hidem" style="width:84px;padding-right:10px" title="of candles held">{_share(share)}</td>'
        f'<td style="width:30%"><span class="q">{f"“{text.esc(row.words)}”" if row.words else ""}</span>'
        "</td></tr>"
    )


def _share(share: float | None) -> str:
    """How often a condition held: `true 5.1 %`."""
    if share is None:
        return ""
    if 0 < share < 0.001:
        return "true < 0.1 %"
    return f"true {share * 100:.1f} %"


def not_read(draft: Draft) -> None:
    """A sentence that gave no filter: which part, and what to try."""
    problem = draft.problem
    if problem is None:
        return
    session.html(writing.refusal(problem, writing.advice(problem)))


def diagnostic(error: FieldError, tone: str = "down") -> str:
    """One diagnostic of the compiler: code, place, what, and what to do."""
    place = f" line {error.line}, column {error.column or 1}." if error.line else ""
    return (
        '<div class="row nw" style="align-items:flex-start;gap:8px;padding-top:2px">'
        f'<span class="{tone}">{text.icon("error")}</span><div><b>{text.esc(error.code)}{place}</b> '
        f'{text.esc(error.message)} <span class="mut">{text.esc(error.hint)}</span></div></div>'
    )
