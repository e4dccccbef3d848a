"""Code that does not compile, corrected by a button of the New strategy page."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from tests.unit.ui.paging import Served, page
from ui.components import drafts

WRONG = "match = close > ta.smaa(close, 20)"


@pytest.fixture
def served() -> Iterator[Served]:
    one = Served()
    yield one
    one.stop()


def typed(served: Served, monkeypatch: pytest.MonkeyPatch, code: str) -> AppTest:
    """The page with a filter whose code was changed to this."""
    app = page("pages/new_strategy.py", monkeypatch, served.url).run()
    app.text_area(key="sentence").set_value("RSI under 30 on the 15m")
    next(b for b in app.button if b.label == "Write it").click()
    app.run()
    assert not [b for b in app.button if b.key == "mend"], "there is nothing to correct"
    # The editor is a component of its own, which has no stand-in here.
    app.session_state["draft"] = drafts.examined(app.session_state["draft"].edited(code))
    app.run()
    assert not app.exception, app.exception
    return app


def markup(app: AppTest) -> str:
    return " ".join(str(h.proto.body) for h in app.get("html"))


def test_code_is_corrected_shown_line_by_line_and_taken_back(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = typed(served, monkeypatch, WRONG)
    app.button(key="mend").click().run()
    assert not app.exception, app.exception
    draft = app.session_state["draft"]
    assert draft.code == WRONG.replace("smaa", "sma")
    assert draft.history is not None, "it is looked back at as any other"
    assert not draft.confirmed
    assert "Line 1: `ta.smaa` → `ta.sma` (unknown indicator" in markup(app)
    assert not [b for b in app.button if b.key == "mend"]
    app.button(key="undo").click().run()
    assert app.session_state["draft"].code == WRONG
    assert "→ `ta.sma`" not in markup(app)


def test_what_is_not_certain_is_said_and_the_code_stays(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = typed(served, monkeypatch, f"{WRONG}  # whales")
    app.button(key="mend").click().run()
    assert "has one correction that is certain" in markup(app)
    assert app.session_state["draft"].code == f"{WRONG}  # whales"
    app.session_state["draft"] = drafts.examined(app.session_state["draft"].edited(WRONG))
    app.run()
    assert "has one correction that is certain" not in markup(app), "it was said of other code"
