"""What the save gate found on the New strategy page: findings, the second word, one symbol explained."""

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.fixtures.fake_filters import LOOKS_AHEAD, RATE, WRONG_SIDE
from tests.unit.ui.paging import Served, page
from ui.components import drafts


@pytest.fixture
def served() -> Iterator[Served]:
    one = Served()
    yield one
    one.stop()


def written(served: Served, monkeypatch: pytest.MonkeyPatch, code: str = "") -> AppTest:
    """The page with a draft whose reading was confirmed; `code` stands for what was typed."""
    app = page("pages/new_strategy.py", monkeypatch, served.url).run()
    app.text_area(key="sentence").set_value("RSI under 30 on the 15m")
    next(b for b in app.button if b.label == "Write it").click()
    app.run()
    if code:
        # The editor is a component of its own, which has no stand-in here.
        app.session_state["draft"] = drafts.examined(app.session_state["draft"].edited(code))
        app.run()
    app.button(key="yes").click().run()
    assert not app.exception, app.exception
    return app


def drawn(app: AppTest) -> str:
    return "\n".join(str(block.proto.body) for block in app.get("html"))


def test_findings_cost_and_sample_are_shown(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = drawn(written(served, monkeypatch))
    assert "Checked before it runs" in shown
    assert RATE in shown
    assert "200 symbols × 1,500 candles, a sample of 208 × 1,500, 0.3 s" in shown
    assert "Cost <b>14</b> of 400 nodes" in shown
    assert "131 of 5,000" in shown


def test_a_warning_asks_for_a_second_word(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    st.cache_resource.clear()
    app = written(served, monkeypatch, "match = ta.rsi(close, 14) < 1")
    assert "It never matched on the 1,500 candles held." in drawn(app)
    assert not [b for b in app.button if b.key == "enable_anyway"]
    app.button(key="enable").click().run()
    assert served.state.strategies == []
    assert "Enable it all the same?" in drawn(app)
    app.button(key="enable_anyway").click().run()
    assert [(s["enabled"], s["confirm"]) for s in served.state.strategies] == [(True, True)]
    assert not [b for b in app.button if b.key == "enable_anyway"]
    assert "is enabled on paper" in drawn(app)


def test_another_filter_takes_the_question_back(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = written(served, monkeypatch, "match = ta.rsi(close, 14) < 1")
    app.button(key="enable").click().run()
    app.selectbox(key="draft_trigger_1").select("level").run()
    assert not [b for b in app.button if b.key == "enable_anyway"]
    assert app.button(key="enable").disabled, "another trigger has to be confirmed again"


def test_a_draft_with_a_wrong_stop_is_saved_with_a_warning(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = written(served, monkeypatch, f"match = close > open\n{WRONG_SIDE}")
    app.button(key="save").click().run()
    assert [s["enabled"] for s in served.state.strategies] == [False]
    warned = drawn(app).partition("Mend this before you enable it.")[2]
    assert "The stop is not below the price on 312 of the newest 500 matches." in warned
    app.selectbox(key="draft_trigger_1").select("level").run()
    assert "Mend this" not in drawn(app), "it was said of the draft as it was saved"


def test_an_ordinary_draft_is_saved_without_a_word(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = written(served, monkeypatch, "match = close > open\nstop = close * 0.99")
    app.button(key="save").click().run()
    assert "is saved, not enabled." in drawn(app)
    assert "Mend this" not in drawn(app)


def test_a_blocked_filter_offers_no_second_word(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = written(served, monkeypatch, f"match = {LOOKS_AHEAD} > 2")
    app.button(key="enable").click().run()
    assert served.state.strategies == []
    assert not [b for b in app.button if b.key == "enable_anyway"]
    assert "changes when later ones arrive. Change that condition." in drawn(app)


def test_how_it_fires_is_stored(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = written(served, monkeypatch)
    app.selectbox(key="draft_trigger_1").select("level").run()
    app.button(key="yes").click().run()
    app.button(key="enable").click().run()
    assert [s["trigger"] for s in served.state.strategies] == ["level"]


def test_any_symbol_is_explained(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = written(served, monkeypatch)
    app.selectbox(key="why").select("ETHUSDT").run()
    assert not app.exception, app.exception
    shown = drawn(app)
    assert "<b>ETHUSDT</b> does not match" in shown
    assert "41.2 &lt; 30" in shown
    assert "unknown" in shown
