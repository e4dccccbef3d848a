"""How a strategy's signals are analysed, on its page over the stand-in API, without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.unit.ui.paging import Served, page


def said(app: AppTest) -> str:
    """All markup of the page."""
    return "".join(str(element.proto.body) for element in app.get("html"))


def opened(served: Served, monkeypatch: pytest.MonkeyPatch, strategy_id: str = "st101") -> AppTest:
    """The page with that strategy open."""
    app = page("pages/strategies.py", monkeypatch, served.url)
    app.session_state["strategy_id"] = strategy_id
    app.run()
    assert not app.exception, app.exception
    return app


def save(app: AppTest) -> None:
    """Send the form of the analysis."""
    next(b for b in app.button if b.label == "Save").click()
    app.run()
    assert not app.exception, app.exception


def style(app: AppTest, value: str) -> None:
    """Choose how readily it enters."""
    next(s for s in app.selectbox if s.label == "Style").set_value(value)


def test_only_what_was_changed_is_sent(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(served, monkeypatch)
    app.toggle[0].set_value(False)
    style(app, "bold")
    save(app)
    assert served.state.settings_sent == [("st101", {"auto": False, "style": "bold"})]
    save(app)
    assert len(served.state.settings_sent) == 1


def test_what_is_stored_wrong_is_said_and_all_settings_are_sent(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = served.state.seeded[0]
    stored["analysis"], stored["analysis_error"] = None, "analysis.manage: input should be a valid boolean"
    app = opened(served, monkeypatch)
    assert "analysis.manage" in said(app)
    save(app)
    [(_, sent)] = served.state.settings_sent
    assert sent["manage"] is True and len(sent) == 9


def test_a_refusal_is_shown_with_the_setting(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(served, monkeypatch)
    served.state.refused = {"bars": "this plan shows 100 at most"}
    app.number_input[0].set_value(500)
    save(app)
    assert "this plan shows 100 at most" in said(app)


def test_a_tier_that_analyses_on_demand_says_so_and_keeps_what_is_set(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.state.tier = "free"
    app = opened(served, monkeypatch)
    assert app.toggle[0].disabled and not app.toggle[0].value
    assert "free, has 10 analyses a day, none of them unasked: 3 asked for today, anew at 00:00 UTC" in said(app)
    style(app, "bold")
    save(app)
    assert served.state.settings_sent == [("st101", {"style": "bold"})]
    assert not opened(served, monkeypatch, "st102").toggle[0].disabled, "a built-in one is the operator's"
