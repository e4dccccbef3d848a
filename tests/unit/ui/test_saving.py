"""What New strategy shows is one strategy: saved again it is changed, opened to be edited it is that one."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.unit.ui.paging import Served, page
from tests.unit.ui.test_asking import question
from tests.unit.ui.test_keeping import press, stored
from tests.unit.ui.test_strategies import opened, said


def written(served: Served, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """New strategy with a sentence that was read and said yes to."""
    app = page("pages/new_strategy.py", monkeypatch, served.url).run()
    write(app, "RSI under 30 on the 15m")
    press(app, "yes")
    return app


def write(app: AppTest, sentence: str) -> None:
    app.text_area(key="sentence").set_value(sentence)
    next(b for b in app.button if b.label.startswith("Write it")).click()
    app.run()
    assert not app.exception, app.exception


def setting(app: AppTest, name: str) -> Any:
    """The widget of one of the draft's settings."""
    key = app.session_state["draft"].key(name)
    return next(w for w in [*app.selectbox, *app.text_input] if w.key == key)


def edited(served: Served, monkeypatch: pytest.MonkeyPatch, strategy_id: str) -> AppTest:
    """New strategy after *Edit* was pressed on that strategy's page."""
    before = opened(served, monkeypatch, strategy_id)
    press(before, "edit_strategy")
    app = page("pages/new_strategy.py", monkeypatch, served.url)
    for name in ("draft", "sentence"):
        app.session_state[name] = before.session_state[name]
    app.run()
    assert not app.exception, app.exception
    return app


def test_what_is_enabled_is_changed_and_not_stored_a_second_time(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = written(served, monkeypatch)
    press(app, "enable")
    assert "is enabled on paper" in said(app) and "Saved as <b>“Dip in up-trend”" in said(app)
    assert "enable" not in {b.key for b in app.button}
    assert app.button(key="save").label == "Save changes" and app.button(key="save").disabled, "nothing was changed"
    setting(app, "name").set_value("Dips").run()
    press(app, "save")
    (one,) = served.state.strategies
    assert one["description"] == "RSI under 30 on the 15m", "another name says nothing of the filter"
    assert (one["name"], one["enabled"], one["version"]) == ("Dips", True, 2)
    assert "“Dips” runs with the changes." in said(app)
    as_before = "Its name is as before. Does it still say what it does?"
    assert as_before not in [c.value for c in app.caption]
    setting(app, "direction").select("short").run()
    assert app.button(key="save").disabled, "what runs is changed after a yes alone"
    assert as_before in [c.value for c in app.caption]
    press(app, "yes")
    press(app, "save")
    assert [(s["direction"], s["enabled"]) for s in served.state.strategies] == [("short", True)]


def test_a_draft_is_saved_then_enabled_as_the_same_one(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = written(served, monkeypatch)
    press(app, "save")
    assert "is saved, not enabled." in said(app) and app.button(key="save").disabled
    press(app, "enable")
    assert [(s["id"], s["enabled"]) for s in served.state.strategies] == [("st2", True)]
    assert "is enabled on paper. Its signals" in said(app)


def test_an_undo_does_not_forget_what_it_was_saved_as(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = written(served, monkeypatch)
    question(app, "Length of RSI?").set_value("7 candles").run()
    press(app, "save")
    press(app, "undo")
    press(app, "save")
    assert ["rsi(close, 14)" in s["filter_code"] for s in served.state.strategies] == [True]


def test_another_sentence_is_another_strategy_and_save_as_new_a_copy(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = written(served, monkeypatch)
    press(app, "enable")
    press(app, "save_new")
    assert [(s["name"], s["enabled"]) for s in served.state.strategies] == [
        ("Dip in up-trend", True),
        ("Dip in up-trend (copy)", False),
    ]
    assert setting(app, "name").value == "Dip in up-trend (copy)"
    write(app, "RSI over 70 on the 15m")
    assert "Saved as" not in said(app)
    press(app, "save")
    assert len(served.state.strategies) == 3


def test_a_strategy_is_opened_changed_and_stays_one(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"instructions": "Mind the funding.", "description": "Fades it on 1h."}
    was = dict(stored(served, "st103"), symbols=["BTCUSDT"], **told)
    stored(served, "st103").update(was)
    app = edited(served, monkeypatch, "st103")
    assert "Editing <b>“Fade the spike”" in said(app)
    shown = {name: setting(app, name).value for name in ("name", "interval", "direction", "trigger")}
    assert shown == {"name": "Fade the spike", "interval": "1h", "direction": "short", "trigger": "edge"}
    assert app.text_area(key="sentence").value == "RSI over 80 on 1h, short it"
    assert app.button(key="save").disabled, "nothing was changed"
    setting(app, "interval").select("4h").run()
    press(app, "save")
    now = stored(served, "st103")
    assert served.state.strategies == []
    assert (now["interval"], now["enabled"], now["version"]) == ("4h", False, 4)
    assert now["description"] == "RSI(14) of the close is below 30.", "what was told of it on 1h is no longer so"
    kept = ("name", "prompt", "instructions", "symbols", "indicators", "analysis", "filter_code")
    assert {name: now[name] for name in kept} == {name: was[name] for name in kept}
    write(app, "RSI over 70 on the 15m")
    assert "Editing <b>“Fade the spike”" in said(app), "another sentence is for the one that is edited"
    press(app, "yes")
    press(app, "enable")
    now = stored(served, "st103")
    assert served.state.strategies == [] and (now["enabled"], now["prompt"]) == (True, "RSI over 70 on the 15m")
    press(app, "stop_editing")
    assert app.text_area(key="sentence").value == "" and "Editing" not in said(app)


def test_what_was_changed_or_paused_elsewhere_is_not_overwritten(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = edited(served, monkeypatch, "st101")
    setting(app, "name").set_value("Dips").run()
    press(app, "yes")
    stored(served, "st101").update(enabled=False, state="paused")
    press(app, "save")
    assert (stored(served, "st101")["name"], stored(served, "st101")["enabled"]) == ("Dips", False)
    setting(app, "name").set_value("Dip").run()
    stored(served, "st101").update(version=9, name="Another's")
    press(app, "save")
    assert stored(served, "st101")["name"] == "Another's"
    assert "it was changed meanwhile: it is at version 9" in said(app)
    assert "Version 9 was stored since this was opened" in said(app)
    served.state.seeded[:] = [s for s in served.state.seeded if s["id"] != "st101"]
    app.run()
    assert app.button(key="save").label == "Save draft", "it was deleted: what is shown can be stored anew"


def test_changes_that_warn_need_a_second_word_where_it_runs(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(served, "st101")["filter_code"] = "match = ta.rsi(close, 14) < 1"
    app = edited(served, monkeypatch, "st101")
    press(app, "yes")
    setting(app, "trigger").select("level").run()
    press(app, "yes")
    press(app, "save")
    assert stored(served, "st101")["trigger"] == "edge" and "Change it all the same?" in said(app)
    press(app, "enable_anyway")
    assert (stored(served, "st101")["trigger"], stored(served, "st101")["enabled"]) == ("level", True)
