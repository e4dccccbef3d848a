"""Why a symbol does not match, or why it does: each condition on its newest candle."""

import streamlit as st

from api.schemas import ConditionRow, ExplainOut
from ui import session
from ui.caller import ApiError
from ui.components import text
from ui.components.drafts import Draft

# Icon, colour token and word of a condition's truth.
TRUTHS: dict[bool | None, tuple[str, str, str]] = {
    True: ("check_circle", "up", "true"),
    False: ("cancel", "down", "false"),
    None: ("help", "mut", "unknown"),
}
VERDICTS: dict[bool | None, str] = {True: "matches", False: "does not match", None: "is unknown"}


def picker(draft: Draft) -> None:
    """A list of symbols; the one chosen is explained."""
    names = session.market_symbols()
    if not names or draft.shown is None:
        return
    symbol = st.selectbox(
        "Any symbol", names, index=None, placeholder="Why not …? Any symbol", key="why", label_visibility="collapsed"
    )
    if not symbol:
        return
    try:
        found = session.api().explain(draft.code, draft.interval, symbol)
    except ApiError as error:
        session.show_error(error)
        return
    session.html(_explained(found))


def _explained(found: ExplainOut) -> str:
    lines = "".join(_condition(row) for row in found.conditions)
    return (
        f"<p><b>{text.esc(found.symbol)}</b> {VERDICTS[found.match]} "
        f'<span class="faint">{text.day_and_time(found.candle_close)} at {text.price(found.price)}</span></p>'
        f'<table class="kv">{lines}</table>'
    )


def _condition(row: ConditionRow) -> str:
    symbol, tone, word = TRUTHS[row.value]
    sides = ["unknown" if v is None else text.plain(v) for v in (row.left, row.right)]
    values = f"{sides[0]} {text.esc(row.op)} {sides[1]}" if row.op and row.op != "between" else ""
    if row.op == "between":
        values = sides[0]
    return (
        f'<tr><td style="width:22px"><span class="{tone}" title="{word}">{text.icon(symbol)}</span></td>'
        f'<td title="{text.esc(row.text)}">{text.esc(row.reading or row.text)}</td>'
        f'<td class="n mut">{values}</td></tr>'
    )
