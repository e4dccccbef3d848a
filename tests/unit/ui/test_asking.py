"""Questions about a sentence, edited conditions and explanations, on the page over the stand-in API."""

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from api.schemas import FilterReport, HistoryOut
from tests.fixtures.fake_api import history
from tests.unit.ui.paging import Served, page
from ui.client import ApiClient
from ui.components import asking, drafts, readback
from ui.components.drafts import Draft

SENTENCE = "RSI under 30 on the 15m while price is above the daily 200 EMA"


@pytest.fixture
def served() -> Iterator[Served]:
    one = Served()
    yield one
    one.stop()


@pytest.fixture
def written(served: Served, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page after a sentence was read."""
    app = page("pages/new_strategy.py", monkeypatch, served.url).run()
    app.text_area(key="sentence").set_value(SENTENCE)
    next(b for b in app.button if b.label == "Write it").click()
    app.run()
    assert not app.exception, app.exception
    return app


def markup(app: AppTest) -> str:
    return " ".join(str(h.proto.body) for h in app.get("html"))


def code(app: AppTest) -> str:
    return str(app.session_state["draft"].code)


def question(app: AppTest, label: str) -> Any:
    return next(g for g in app.button_group if g.label == label)


def test_what_is_not_used_is_said_beside_what_is_asked(written: AppTest) -> None:
    said = markup(written)
    assert "<b>“daily”</b>: this interval is not in the filter." in said
    assert "RSI: 14; the sentence gives no number." in said
    assert "Every word that says something" not in said


def test_one_click_answers_a_question_and_undo_takes_it_back(written: AppTest) -> None:
    written.button(key="yes").click().run()
    assert not written.button(key="enable").disabled
    group = question(written, "Length of RSI?")
    assert group.value == "14 candles"
    group.set_value("7 candles").run()
    assert not written.exception, written.exception
    assert "ta.rsi(close, 7) < 30" in code(written)
    assert "Changed. Length of RSI: 14 candles became 7 candles." in markup(written)
    assert written.button(key="enable").disabled, "a changed filter has to be confirmed again"
    assert question(written, "Length of RSI?").value == "7 candles"
    written.button(key="undo").click().run()
    assert not written.exception, written.exception
    assert "ta.rsi(close, 14) < 30" in code(written)
    assert "Changed." not in markup(written)
    assert "undo" not in {b.key for b in written.button}


def test_two_answers_are_taken_back_one_by_one(written: AppTest) -> None:
    question(written, "Length of RSI?").set_value("21 candles").run()
    question(written, "When does it look?").set_value("Every minute").run()
    assert written.selectbox(key="draft_evaluate_1").value == "minute"
    written.button(key="undo").click().run()
    assert written.selectbox(key="draft_evaluate_1").value == "close"
    assert "rsi(close, 21)" in code(written)
    written.button(key="undo").click().run()
    assert "rsi(close, 14)" in code(written)


def test_conditions_edited_in_words_are_written_as_code(written: AppTest) -> None:
    area = next(a for a in written.text_area if a.label == "One condition a line")
    assert "RSI(14) of the close is below 30" in str(area.value)
    area.set_value("RSI(14) of the close is below 25\n\n  Volume is high ")
    written.button(key="rewrite").click().run()
    assert not written.exception, written.exception
    assert "ta.rsi(close, 14) < 25" in code(written)
    draft = written.session_state["draft"]
    assert draft.conditions == ("RSI(14) of the close is below 25", "Volume is high")
    assert "Changed: RSI(14) of the close is below 25." in markup(written)
    written.button(key="undo").click().run()
    assert "ta.rsi(close, 14) < 30" in code(written)


def test_a_line_of_edited_conditions_that_was_not_read_is_named(written: AppTest) -> None:
    next(a for a in written.text_area if a.label == "One condition a line").set_value(
        "RSI(14) of the close is below 25\nMars is in retrograde"
    )
    written.button(key="rewrite").click().run()
    said = markup(written)
    assert "I could not read <b>“Mars is in retrograde”</b>. It is not in the filter." in said
    assert "Not in the filter: “Mars is in retrograde”." in said
    assert "“under” was taken as now." in said
    assert words(written).splitlines()[1] == "Mars is in retrograde", "what was typed stays"
    written.button(key="undo").click().run()
    assert "Mars" not in markup(written)


def test_a_filter_of_edited_conditions_is_held_against_these(written: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[str] = []
    compiled = ApiClient.compile

    def listening(self: ApiClient, code: str, interval: str, **more: Any) -> Any:
        held.append(more["sentence"])
        return compiled(self, code, interval, **more)

    monkeypatch.setattr(ApiClient, "compile", listening)
    next(a for a in written.text_area if a.label == "One condition a line").set_value(
        "RSI(14) of the close is below 25.\nVolume is high"
    )
    written.button(key="rewrite").click().run()
    written.selectbox(key="draft_direction_1").select("short").run()
    written.button(key="undo").click().run()
    assert held[:2] == ["RSI(14) of the close is below 25. Volume is high"] * 2
    written.selectbox(key="draft_direction_1").select("short").run()
    assert held[-1] == written.session_state["draft"].sentence


def test_a_name_nobody_gave_follows_what_the_filter_does(written: AppTest) -> None:
    first = written.text_input(key="draft_name_1").value
    question(written, "Length of RSI?").set_value("7 candles").run()
    followed = str(written.text_input(key="draft_name_1").value)
    assert followed != first
    assert followed.startswith("RSI(7) of the close is below 30")
    written.selectbox(key="draft_direction_1").select("short").run()
    assert str(written.text_input(key="draft_name_1").value).endswith("(short)")
    written.button(key="undo").click().run()
    assert written.text_input(key="draft_name_1").value == first
    written.text_input(key="draft_name_1").set_value("Mine").run()
    question(written, "Length of RSI?").set_value("7 candles").run()
    assert written.text_input(key="draft_name_1").value == "Mine"


def words(app: AppTest) -> str:
    return str(next(a for a in app.text_area if a.label == "One condition a line").value)


def test_the_conditions_in_words_follow_each_click_and_each_undo(written: AppTest) -> None:
    question(written, "Length of RSI?").set_value("7 candles").run()
    assert words(written).splitlines()[0] == "RSI(7) of the close is below 30"
    assert words(written).splitlines()[1] == "The close is above the 200-period EMA of 4h closes"
    assert "“RSI under 30 on the 15m”" in markup(written), "a clicked answer leaves the words it came from"
    written.button(key="undo").click().run()
    assert words(written).splitlines()[0] == "RSI(14) of the close is below 30"


def test_conditions_that_give_no_filter_are_told_once_and_stay_as_typed(written: AppTest) -> None:
    question(written, "Length of RSI?").set_value("7 candles").run()
    next(a for a in written.text_area if a.label == "One condition a line").set_value("the moon is full")
    written.button(key="rewrite").click().run()
    assert not written.exception, written.exception
    said = markup(written)
    assert said.count("the moon is full") == 1
    assert "Changed before. Length of RSI" in said
    assert "The filter is as it was." in said
    assert words(written) == "the moon is full"
    assert "rsi(close, 7)" in code(written)
    written.button(key="undo").click().run()
    assert "the moon is full" not in markup(written)


def test_how_a_trade_ends_is_read_back(written: AppTest) -> None:
    assert "No stop and no target is written here: the analysis of each signal proposes both" in markup(written)
    assert "with a stop 1.5 ATR away; no trade is closed for that" in markup(written), "the settings of the answer"
    rows = [
        {"text": "dip", "reading": "RSI is below 30"},
        {"kind": "stop", "text": "close * 0.99", "reading": "Stop at 1 % below the close", "words": "stop 1%"},
    ]
    draft = Draft(code="x", shown=FilterReport.model_validate({"ok": True, "rows": rows}))
    assert "this becomes true" in readback._head(draft), "a stop is no condition of the match"
    table = readback._rows(draft)
    assert table.count('class="n1"') == 1
    assert "A trade then ends at the first of these:" in table
    assert "Stop at 1 % below the close" in table
    assert "“stop 1%”" in table
    assert "No target is written here: the analysis of each signal proposes one" in table
    assert "ATR" not in table, "what is not used is not told beside what is"
    both = [*rows, {"kind": "target", "text": "close * 1.02", "reading": "Target at 2 % above the close"}]
    draft = Draft(code="x", shown=FilterReport.model_validate({"ok": True, "rows": both}))
    assert "is written here" not in readback._rows(draft)


def test_a_sentence_that_is_too_long_is_kept_and_told(written: AppTest) -> None:
    before = code(written)
    written.text_area(key="sentence").set_value("RSI below 30 " * 1_600)
    next(b for b in written.button if b.label == "Write it again").click()
    written.run()
    assert not written.exception, written.exception
    assert "20,799 characters, and 4,000 is the most." in markup(written)
    assert len(str(written.text_area(key="sentence").value)) == 20_800
    assert code(written) == before


def test_too_many_conditions_are_kept_and_told(written: AppTest) -> None:
    next(a for a in written.text_area if a.label == "One condition a line").set_value("RSI below 30\n" * 31)
    written.button(key="rewrite").click().run()
    assert "30 lines of 400 characters are the most." in markup(written)
    assert len(words(written).splitlines()) == 31


def test_a_spend_cap_leaves_the_filter_and_says_what_to_do(written: AppTest) -> None:
    area = next(a for a in written.text_area if a.label == "One condition a line")
    area.set_value("when whales are buying")
    written.button(key="rewrite").click().run()
    assert not written.exception, written.exception
    assert "The spend cap of 1 dollar a day is reached." in markup(written)
    assert "ta.rsi(close, 14) < 30" in code(written)


def test_no_conditions_left_asks_for_one(written: AppTest) -> None:
    next(a for a in written.text_area if a.label == "One condition a line").set_value(" \n ")
    written.button(key="rewrite").click().run()
    assert not written.exception, written.exception
    assert "ta.rsi(close, 14) < 30" in code(written)


def test_an_explanation_is_marked_as_the_model_s_and_gone_with_the_code_it_explains(written: AppTest) -> None:
    written.button(key="explain").click().run()
    assert not written.exception, written.exception
    said = markup(written)
    assert "in the words of stand-in/large · 2 calls · 3,120 tokens · $0.0041" in said
    assert "In a crash all symbols dip together." in said
    question(written, "Length of RSI?").set_value("7 candles").run()
    assert "In a crash" not in markup(written)


def test_the_look_back_shows_values_and_the_rate(written: AppTest) -> None:
    said = markup(written)
    assert "<span>A day</span><b>2.4</b>" in said
    assert "Latest matches" in said
    assert said.count(">23.2 against 30</span>") == 5
    assert "true 5.1 %" in said


def test_a_condition_that_may_hold_instead_is_not_counted() -> None:
    rows = [{"text": t, "reading": t} for t in ("dip", "a or b", "a", "b")]
    needed = HistoryOut.model_validate(
        {**history("15m"), "conditions": [{"text": "dip", "share": 0.5}, {"text": "a or b", "share": 0.2}]}
    )
    draft = Draft(code="x", shown=FilterReport.model_validate({"ok": True, "rows": rows}), history=needed)
    assert "both become true together" in readback._head(draft)
    table = readback._rows(draft)
    assert table.count('class="n1"') == 2
    assert table.count(">part</span>") == 2


def test_the_reading_is_there_before_the_candles_are_looked_back_at(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def noted(module: Any, name: str, what: str) -> None:
        real = getattr(module, name)

        def shown(*args: Any) -> Any:
            if args[0].code:
                seen.append(what)
            return real(*args)

        monkeypatch.setattr(module, name, shown)

    app = page("pages/new_strategy.py", monkeypatch, served.url).run()
    noted(readback, "card", "reading")
    noted(asking, "card", "questions")
    noted(drafts, "looked_back", "look back")
    noted(drafts, "checked", "check")
    app.text_area(key="sentence").set_value(SENTENCE)
    next(b for b in app.button if b.label == "Write it").click()
    app.run()
    assert seen == ["questions", "reading", "look back", "questions", "reading", "check"]
    seen.clear()
    app.button(key="yes").click().run()
    assert seen == ["questions", "reading"], "what was found out once is kept"
    draft = app.session_state["draft"]
    assert draft.history is not None
    assert draft.check is not None
