"""Stored strategies on their page, over the stand-in API, without a browser: found, run, paused, renamed, deleted."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.fixtures.fake_positions import position
from tests.unit.ui.paging import Served, page
from tests.unit.ui.test_strategies import opened, said
from ui.components import tables


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[list[dict[str, Any]]]:
    """The rows of each list that was drawn, the newest last."""
    drawn: list[list[dict[str, Any]]] = []
    monkeypatch.setattr(tables, "strategy_list", lambda rows, selected, on_select: drawn.append(list(rows)))
    return drawn


def press(app: AppTest, key: str) -> None:
    app.button(key=key).click().run()
    assert not app.exception, app.exception


def stored(served: Served, strategy_id: str) -> dict[str, Any]:
    return next(s for s in [*served.state.strategies, *served.state.seeded] if s["id"] == strategy_id)


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def test_the_list_says_what_each_is_and_is_at(
    served: Served, monkeypatch: pytest.MonkeyPatch, listed: list[list[dict[str, Any]]]
) -> None:
    opened(served, monkeypatch)
    rows = {row["id"]: row for row in listed[-1]}
    assert {i: row["tag"] for i, row in rows.items()} == {
        "st101": "Enabled",
        "st103": "Paused",
        "st104": "Draft",
        "st105": "Failed",
        "st102": "Enabled",
    }
    dip, fade, broken = rows["st101"], rows["st103"], rows["st102"]
    assert (dip["says"], dip["today"], dip["shared"]) == ("RSI under 30 on the 15m", "10", "")
    assert (fade["arrow"], fade["direction"], fade["interval"], fade["last"]) == ("▼", "short", "1h", "·")
    assert (broken["shared"], broken["says"]) == ("built in", "A range that breaks down.")


def test_states_filter_and_words_search_the_list(
    served: Served, monkeypatch: pytest.MonkeyPatch, listed: list[list[dict[str, Any]]]
) -> None:
    app = opened(served, monkeypatch)
    view = app.segmented_control(key="strategy_view")
    assert view.options == ["All 5", "Enabled 2", "Paused 1", "Draft 1", "Failed 1"]
    view.set_value("draft").run()
    assert names(listed[-1]) == ["Never so low"]
    app.segmented_control(key="strategy_view").set_value("all").run()
    for words, wanted in (
        ("over 80", ["Fade the spike"]),
        ("BUILT", ["Range <b>breakdown</b>"]),
        ("exit =", ["Fade the spike"]),
    ):
        app.text_input(key="strategy_search").set_value(words).run()
        assert names(listed[-1]) == wanted, words
    app.text_input(key="strategy_search").set_value("whales").run()
    assert "None in this view" in said(app)


def test_one_that_runs_is_paused_and_what_goes_on_is_said(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    served.state.open.append(position(9, "BTCUSDT", "long", 84_000.0, "s1") | {"strategy_id": "st101"})
    app = opened(served, monkeypatch)
    assert "Not running." not in said(app)
    press(app, "pause_strategy")
    assert stored(served, "st101")["enabled"] is False
    told = said(app)
    assert "It is paused: no new signals from the next candle on." in told
    assert "1 open position of it goes on: stop, target, the filter’s own exit and the decisions on them" in told
    assert "4 signals still wait for a decision, 2 of them for you, and may become a position" in told
    press(app, "enable_strategy")
    assert stored(served, "st101")["enabled"] is True and "Not running." not in said(app)


def test_a_warning_needs_a_second_word_and_a_block_takes_none(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(served, monkeypatch, "st104")
    press(app, "enable_strategy")
    assert stored(served, "st104")["enabled"] is False
    assert "Enable it all the same?" in said(app) and "It never matched" in said(app)
    press(app, "enable_not")
    assert "Enable it all the same?" not in said(app)
    press(app, "enable_strategy")
    press(app, "enable_anyway")
    assert stored(served, "st104")["enabled"] is True and "It is enabled on paper." in said(app)
    stored(served, "st103")["filter_code"] = "match = looks_ahead"
    app = opened(served, monkeypatch, "st103")
    press(app, "enable_strategy")
    assert stored(served, "st103")["enabled"] is False
    assert "It was not enabled." in said(app) and "changes when later ones arrive" in said(app)
    assert "enable_anyway" not in {b.key for b in app.button}


def test_a_copy_is_a_draft_with_all_that_defines_it(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(served, "st103")["analysis"]["style"] = "bold"
    app = opened(served, monkeypatch, "st103")
    press(app, "duplicate_strategy")
    (copy,) = served.state.strategies
    was = stored(served, "st103")
    same = ("prompt", "direction", "interval", "filter_code", "conditions", "indicators", "risk", "trigger", "symbols")
    assert {name: copy[name] for name in same} == {name: was[name] for name in same}
    assert (copy["name"], copy["enabled"]) == ("Fade the spike (copy)", False)
    assert copy["analysis"] == was["analysis"]
    assert app.session_state["strategy_id"] == copy["id"] and "This is the copy of “Fade the spike”" in said(app)
    app.session_state["strategy_id"] = "st103"
    press(app.run(), "duplicate_strategy")
    assert served.state.strategies[1]["name"] == "Fade the spike (copy 2)"


def test_another_name_is_typed_and_saved_or_left(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(served, monkeypatch)

    def named(name: str, button: str) -> None:
        press(app, "rename_strategy")
        next(t for t in app.text_input if t.label == "New name").set_value(name)
        next(b for b in app.button if b.label == button).click()
        app.run()
        assert not app.exception, app.exception
        assert "New name" not in [t.label for t in app.text_input]

    named("Other", "Keep the old one")
    assert stored(served, "st101")["name"] == "Dip in up-trend"
    named("  ", "Save name")
    assert stored(served, "st101")["name"] == "Dip in up-trend"
    named("Dips", "Save name")
    assert (stored(served, "st101")["name"], stored(served, "st101")["enabled"]) == ("Dips", True)
    assert "It is “Dips” now." in said(app)


def test_what_is_deleted_is_named_first_and_can_be_put_back(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    served.state.open.append(position(9, "BTCUSDT", "long", 84_000.0, "s1") | {"strategy_id": "st101"})
    app = opened(served, monkeypatch)
    press(app, "delete_strategy")
    told = said(app)
    assert "Delete “Dip in up-trend”?" in told and "Its 10 signals go with it" in told
    assert "4 signals that may still become a position are dropped" in told
    assert "1 open position of it stays: stop and target work as before, the filter’s own exit" in told
    press(app, "delete_no")
    assert "Delete “" not in said(app)
    press(app, "delete_strategy")
    press(app, "delete_yes")
    assert "st101" not in [s["id"] for s in served.state.seeded]
    told = said(app)
    assert "“Dip in up-trend” is deleted." in told
    assert "1 open position is of a strategy that was deleted." in told and "BTCUSDT" in told
    press(app, "undo_delete")
    (back,) = served.state.strategies
    assert (back["name"], back["enabled"], back["prompt"]) == ("Dip in up-trend", False, "RSI under 30 on the 15m")
    assert back["analysis"]["models"] == ["house/other"]
    assert app.session_state["strategy_id"] == back["id"] and "It is back, as a draft." in said(app)


def test_a_built_in_one_is_the_operators_to_run_and_nobodys_to_change(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(served, monkeypatch, "st102")
    assert not app.button(key="pause_strategy").disabled
    assert not {"edit_strategy", "rename_strategy", "delete_strategy"} & {b.key for b in app.button}
    served.state.tier = "free"
    app = opened(served, monkeypatch, "st102")
    assert app.button(key="pause_strategy").disabled
    press(app, "duplicate_strategy")
    assert served.state.strategies[0]["name"] == "Range <b>breakdown</b> (copy)"


def test_a_failed_one_says_why_and_what_cannot_be_done_is_told(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(served, monkeypatch, "st105")
    assert "there is no interval 7m. Edit it, then enable it again." in said(app)
    served.stop()
    press(app, "enable_strategy")
    assert "API not reachable" in said(app)


def test_what_it_does_is_read_back_from_its_filter(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(served, monkeypatch, "st103")
    told = said(app)
    assert "“RSI over 80 on 1h, short it”" in told
    assert "Signal a <b>short</b> when a 1-hour candle closes" in told and "Stop at 1 % below the close" in told
    assert "exit = ta.rsi(close, 14) < 50" in app.code[0].value
    assert "when it becomes true" in told and "the whole market" in told


def test_without_any_strategy_the_way_to_one_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Served("empty")
    try:
        app = page("pages/strategies.py", monkeypatch, one.url).run()
    finally:
        one.stop()
    assert not app.exception, app.exception
    assert "No strategies yet" in said(app)


def test_a_position_says_that_its_strategy_was_deleted(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    served.state.open[0].update(strategy_id=None, signal_id=None, strategy="")
    drawn: list[dict[str, Any]] = []
    monkeypatch.setattr(tables, "position_list", lambda key, rows, *rest, **more: drawn.extend(rows))
    app = page("pages/positions.py", monkeypatch, served.url).run()
    assert not app.exception, app.exception
    assert [row["strategy"] for row in drawn[:2]] == ["deleted: its exit does not work", "Range breakdown"]
