"""New strategy: a sentence becomes a filter, is read back, shown on past candles, and enabled on paper.

1. `_write` sends the sentence; progress is shown step by step.
2. The compiled filter is read back beside the user's own words; its past matches and the check follow as they come
   (`_find_out`). An edit compiles and scans again.
   What the sentence left open is asked, with one click an answer, which can be taken back.
3. *Enable* stays closed until “Is that what you meant?” was answered with yes for exactly this code. What was saved
   once is changed, not stored again (`saving`).
"""

from dataclasses import replace

import streamlit as st

from api.schemas import GeneratedStrategyOut
from api.schemas.base import PEEKED
from api.schemas.generation import MAX_SENTENCE
from ui import session
from ui.components import asking, drafts, findings, readback, saving, tables, text, writing
from ui.components.drafts import Draft
from ui.components.past import looked_back, past_panel

TRIGGERS = {"edge": "when it becomes true", "level": "on every candle it is true"}

EVALUATED = {"close": "When the candle closes", "minute": "Every minute, on the forming candle"}

MAX_IN_ADDRESS = 2_000

EXAMPLES = {
    "Dip in up-trend": "RSI below 30 on 15m while price is above the 4h 200 EMA",
    "Breakout": "Price closes above the highest high of the last 20 candles on 15m with volume above 1.5 "
    "times its "
    "20 candle average",
    "Range breakdown": "Short when price crosses below the lower Bollinger band on 15m and RSI is above 30",
}


def main() -> None:
    """Draw the page."""
    draft = drafts.current()
    st.markdown("# Edit strategy" if draft.editing else "# New strategy")
    left, right = st.columns([0.43, 1])
    with left:
        _sentence(draft)
        writing.answer_asked()
        draft = drafts.current()
        asking.card(draft)
        _code(draft)
        writing.conditions(draft)
        actions = st.container(gap="small", key="actions")
    with right:
        if draft.report is None:
            _welcome(draft)
        else:
            readback.card(draft)
            _settings(draft)
            found = st.container()
            with found:
                findings.card(draft)
            past_panel(draft)
    with actions:
        saving.actions(draft)
    if draft.pending:
        # What there is can be read meanwhile.
        with right if draft.history is None else found:
            _find_out(draft)


def _find_out(draft: Draft) -> None:
    """Look back at the draft, then check it: the page is drawn anew with its past matches in between."""
    if draft.history is None:
        drafts.learn(looked_back(draft))
        st.rerun()
    draft = drafts.checked(draft)
    drafts.learn(draft)
    findings.card(draft)


def _sentence(draft: Draft) -> None:
    # What was written stands in the address, too: a page that is loaded again begins with it.
    st.session_state.setdefault("sentence", draft.sentence or st.query_params.get("sentence", ""))
    if draft.sentence and len(draft.sentence) <= MAX_IN_ADDRESS and not draft.editing:
        if st.query_params.get("sentence") != draft.sentence:
            st.query_params["sentence"] = draft.sentence
    elif "sentence" in st.query_params and draft.sentence:
        del st.query_params["sentence"]
    with st.form("sentence_form", border=False, enter_to_submit=True):
        sentence = st.text_area(
            "What should it look for?",
            key="sentence",
            height="content",
            placeholder="RSI below 30 on 15m while price is above the 4h 200 EMA",
        )
        label = "Write it again" if draft.generated else "Write it"
        sent = st.form_submit_button(label, icon=":material/bolt:", shortcut="Ctrl+Enter", width="stretch")
    st.pills(
        "Examples",
        list(EXAMPLES),
        key="example",
        on_change=_take_example,
        label_visibility="collapsed",
    )
    if sent and len(sentence.strip()) > MAX_SENTENCE:
        session.html(
            text.banner(
                "warn",
                "help",
                f"{len(sentence.strip()):,} characters, and {MAX_SENTENCE:,} is the most.",
                "Nothing was cut: shorten it, then write it again.",
            )
        )
    elif sent and sentence.strip():
        _write(sentence.strip())
    elif sent:
        session.html(text.banner("warn", "help", "Write a sentence first."))
    elif draft.steps:
        with st.status(_status_line(draft), state="complete", expanded=False):
            session.html(writing.steps_table(draft.steps))
    if draft.problem is not None and not sent:
        readback.not_read(draft)
        if draft.problem.status == 429 or draft.problem.status >= 500:
            st.button(
                "Let the offline translator read it",
                key="offline",
                icon=":material/bolt:",
                on_click=_write_offline,
                width="stretch",
            )
    if st.session_state.pop("write_offline", False):
        _write(draft.sentence, writing.OFFLINE)


def _take_example() -> None:
    name = st.session_state.get("example")
    if name:
        st.session_state["sentence"] = EXAMPLES[name]


def _write_offline() -> None:
    st.session_state["write_offline"] = True


def _write(sentence: str, model: str | None = None) -> None:
    """Ask for a strategy and show each step as it ends; where none comes, the former one stays."""
    items = session.api().generate(sentence, model=model)
    made, steps, problem = writing.followed(items, "Writing the filter", "No filter was written")
    if made is not None:
        _take(sentence, made, steps)
    elif problem is not None:
        drafts.store(drafts.fresh(sentence=sentence, problem=problem))
    else:
        return
    st.rerun()


def _take(sentence: str, generated: GeneratedStrategyOut, steps: writing.Steps) -> None:
    draft = drafts.fresh(
        sentence=sentence,
        generated=generated,
        code=generated.filter_code,
        interval=generated.interval,
        direction=generated.direction,
        name=generated.name,
        auto_name=generated.name,
        conditions=generated.conditions,
        read=generated.rows,
        steps=steps,
    )
    drafts.store(drafts.examined(draft))


def _status_line(draft: Draft) -> str:
    total = sum(seconds for _, seconds in draft.steps)
    made = f" · {writing.spent(draft.generated)}" if draft.generated else ""
    return f"**Filter ready** :gray[· {total:.1f} s{made}]".replace("$", "\\$")


def _code(draft: Draft) -> None:
    errors = draft.report.errors if draft.report else ()
    if not draft.code:
        note = ""
    elif errors:
        note = f'<span class="sp cap down">{text.icon("error", 14)} does not compile</span>'
    else:
        note = f'<span class="sp cap up">{text.icon("check", 14)} compiles</span>'
    session.html(f'<div class="row nw"><h3>Code</h3>{note}</div>')
    marks = [{"line": e.line, "column": e.column, "text": e.message} for e in errors if e.line]
    tables.code_editor(draft.code, draft.version, marks, _code_changed)
    if errors:
        session.html("".join(readback.diagnostic(error) for error in errors))
        st.caption("Read-back and past matches keep showing the last version that compiled.")
    writing.mending(draft, errors)
    if not errors and draft.report and draft.report.warnings:
        session.html("".join(readback.diagnostic(warning, "warn") for warning in draft.report.warnings))


def _code_changed() -> None:
    code = st.session_state["code_editor"].get("code")
    draft = drafts.current()
    if code is None or code == draft.code:
        return
    drafts.store(drafts.examined(draft.edited(code)))


def _settings(draft: Draft) -> None:
    name, interval, direction, trigger = st.columns([1.5, 0.9, 0.7, 1.3])
    with name:
        st.session_state[draft.key("name")] = draft.name
        st.text_input(
            "Name", key=draft.key("name"), max_chars=drafts.MAX_NAME, on_change=_settings_changed, args=(draft.serial,)
        )
    with interval:
        st.session_state.setdefault(draft.key("interval"), draft.interval)
        st.selectbox(
            "Candles",
            list(drafts.INTERVAL_NAMES),
            key=draft.key("interval"),
            format_func=drafts.INTERVAL_NAMES.__getitem__,
            on_change=_settings_changed,
            args=(draft.serial,),
        )
    with direction:
        st.session_state.setdefault(draft.key("direction"), draft.direction)
        st.selectbox(
            "Direction",
            ["long", "short"],
            key=draft.key("direction"),
            format_func=str.capitalize,
            on_change=_settings_changed,
            args=(draft.serial,),
        )

    with trigger:
        st.session_state.setdefault(draft.key("trigger"), draft.trigger)
        st.selectbox(
            "Fires",
            list(TRIGGERS),
            key=draft.key("trigger"),
            format_func=TRIGGERS.__getitem__,
            on_change=_settings_changed,
            args=(draft.serial,),
        )
    if draft.interval in PEEKED:
        st.session_state.setdefault(draft.key("evaluate"), draft.evaluate)
        st.selectbox(
            "Looks",
            list(EVALUATED),
            key=draft.key("evaluate"),
            format_func=EVALUATED.__getitem__,
            on_change=_settings_changed,
            args=(draft.serial,),
            width=330,
            help="On a forming candle a signal comes earlier and is marked as forming until the close confirms it. "
            "Past matches are those of closed candles.",
        )


def _settings_changed(serial: int) -> None:
    draft = drafts.current()
    if draft.serial != serial:
        return
    said = {name: st.session_state.get(draft.key(name), getattr(draft, name)) for name in drafts.SETTINGS}
    changed = replace(
        draft.named(said["name"], said["interval"], said["direction"], said["trigger"]), evaluate=said["evaluate"]
    )
    if changed.evaluated != draft.evaluated:
        changed = replace(changed, confirmed=False)
    if (changed.asked, changed.evaluated) != (draft.asked, draft.evaluated):
        changed = drafts.examined(replace(changed, version=changed.version + 1))
    drafts.store(changed)


def _welcome(draft: Draft) -> None:
    if draft.problem is not None:
        session.html(
            f'<div class="empty" style="padding:60px 14px">{text.icon("rule", 28)}<b>No filter came of it</b>'
            "What stood against it is beside your sentence, with what to write instead where that is known.<br>"
            "Nothing was saved. Change the sentence, then write it again.</div>"
        )
        return
    status = session.status()
    market = f"{status.symbols} symbols" if status else "the whole market"
    session.html(
        f'<div class="empty" style="padding:60px 14px">{text.icon("edit_note", 28)}<b>Say what to look '
        "for</b>"
        f"Your sentence becomes a filter that is checked on {text.esc(market)} at every candle close.<br>"
        "You see it read back in plain words, and where it would have fired, before anything is saved.</div>"
    )


if __name__ == "__main__":
    main()
