"""How a strategy's signals are analysed: a form that sends only what was changed.

The API checks it, and a wrong value is named above the form.
"""

from typing import Any

import streamlit as st

from api.schemas import AnalysisSettingsOut, MeOut, StrategyOut
from ui import session
from ui.caller import ApiError
from ui.components import text

TIERS = {"standard": "Standard", "fast": "Fast, cheaper"}
STYLES = {"careful": "Careful", "balanced": "Balanced", "bold": "Bold"}


def card(strategy: StrategyOut, me: MeOut | None) -> None:
    """The form, with what the tier of the person has of analyses."""
    with st.container(border=True, key="card-analysis", gap="small"):
        session.html(
            '<div class="row nw"><h2>Analysis</h2><span class="sp cap">of each signal, from now on</span></div>'
        )
        if strategy.analysis_error:
            session.html(text.banner("warn", "warning", "What is stored cannot be used.", strategy.analysis_error))
        now = strategy.analysis or AnalysisSettingsOut()
        # A stored change is another version: the fields begin anew with what is stored then.
        with st.form(f"analysis_{strategy.id}_{strategy.version}", border=False):
            # Of a built-in strategy whether it is analysed unasked is the operator's setting, whatever one's tier.
            given = _fields(now, unasked=me is None or me.tier.automatic_analysis or strategy.built_in)
            if now.models:
                st.caption(f"Other models are asked in turn too: {', '.join(now.models)}")
            sent = st.form_submit_button("Save", icon=":material/save:")
        if me is not None:
            session.html(f'<div class="cap">{text.esc(_allowed(me))}</div>')
        if sent:
            _save(strategy, now, given)


def _allowed(me: MeOut) -> str:
    """What one's tier has of analyses, and what is used of it."""
    tier = me.tier
    unasked = "" if tier.automatic_analysis else ", none of them unasked"
    if tier.analyses_a_day is None:
        return (
            f"Your tier, {tier.name}, has any number of analyses a day{unasked}; {me.analyses_today} asked for today."
        )
    return (
        f"Your tier, {tier.name}, has {tier.analyses_a_day} analyses a day{unasked}: {me.analyses_today} asked for "
        f"today, anew at {me.resets:%H:%M} UTC."
    )


def _fields(now: AnalysisSettingsOut, *, unasked: bool) -> dict[str, Any]:
    given: dict[str, Any] = {}
    by_itself = st.toggle(
        "Analyse each signal by itself",
        now.auto and unasked,
        disabled=not unasked,
        help="Off: only when you press Analyse now on a signal.",
    )
    given["auto"] = by_itself if unasked else now.auto
    given["manage"] = st.toggle(
        "Decide on open positions", now.manage, help="Off: stop, target and the filter's own exit go on without."
    )
    left, right = st.columns(2)
    with left:
        given["tier"] = _choice("Model", TIERS, now.tier)
        given["bars"] = _number("Candles shown to it", now.bars, 1000)
        given["recheck"] = _number("Ask again after, candles", now.recheck, 500)
    with right:
        given["style"] = _choice("Style", STYLES, now.style, help="How readily it enters. It moves no check.")
        given["asks"] = _number(
            "Answers to each question", now.asks, 5, help="More than one is a vote, and costs more."
        )
        given["expires"] = _number("Give up after, candles", now.expires, 500)
    given["concurrency"] = _number("Analyses at a time", now.concurrency, 10)
    return given


def _choice(label: str, names: dict[str, str], now: str, help: str | None = None) -> str:
    chosen = st.selectbox(label, list(names), list(names).index(now), format_func=names.__getitem__, help=help)
    return chosen or now


def _number(label: str, now: int, most: int, help: str | None = None) -> int:
    return int(st.number_input(label, 1, most, now, 1, help=help))


def _save(strategy: StrategyOut, now: AnalysisSettingsOut, given: dict[str, Any]) -> None:
    # Of settings that cannot be used all are sent: which one is wrong, the page does not know.
    changes = {n: value for n, value in given.items() if strategy.analysis is None or value != getattr(now, n)}
    if not changes:
        session.tell("Nothing was changed.")
        return
    try:
        session.api().change_analysis(strategy.id, changes)
    except ApiError as error:
        session.show_error(error)
        return
    session.tell(f"Saved. {strategy.name} is analysed so from its next signal on.")
    st.rerun()
