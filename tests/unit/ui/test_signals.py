"""The page of signals: counted over all of them, asked for by view, older ones a page at a time."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.fixtures.fake_signals import signal
from tests.unit.ui.paging import Served, page


@pytest.fixture
def noisy(served: Served) -> Served:
    """One strategy gave 70 signals that nobody decides on; what waits for a decision is older than all of them."""
    rows = [signal(1000 + i, "XRPUSDT", "long", "expired", None, None, i, "Noise") for i in range(70)]
    rows += [signal(2000 + i, "ETHUSDT", "long", "enter", "enter_trade", 60, 100 + i) for i in range(30)]
    for row in rows:
        row["strategy_id"] = "st9" if row["strategy"] == "Noise" else "st101"
    served.state.signals = rows
    return served


def shown(app: AppTest) -> list[str]:
    return list(app.session_state["signals_page"].rows)


def labels(app: AppTest) -> list[str]:
    return [str(option.content) for option in app.get("button_group")[0].proto.options]


def run(app: AppTest) -> None:
    app.run()
    assert not app.exception, app.exception


def text(app: AppTest) -> str:
    return " ".join(str(h.proto.body) for h in app.get("html"))


def test_what_waits_for_a_decision_is_counted_and_found_however_many_are_newer(
    noisy: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page("pages/signals.py", monkeypatch, noisy.url)
    run(app)
    assert labels(app) == ["All 100", "To decide 30", "Waiting 0", "In position 0"]
    app.session_state["signal_filter"] = "decide"
    run(app)
    assert shown(app) == [f"s{2000 + i}" for i in range(25)]
    app.button(key="older_signals").click()
    run(app)
    assert shown(app) == [f"s{2000 + i}" for i in range(25, 30)]
    assert "26 to 30 of 30" in text(app)
    assert app.button(key="older_signals").disabled
    app.button(key="newer_signals").click()
    run(app)
    assert shown(app)[0] == "s2000"


def test_the_counts_are_those_of_the_chosen_strategy(noisy: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page("pages/signals.py", monkeypatch, noisy.url)
    run(app)
    app.selectbox(key="signal_strategy").select("st9")
    run(app)
    run(app)
    assert labels(app) == ["All 70", "To decide 0", "Waiting 0", "In position 0"]
    app.session_state["signal_filter"] = "decide"
    run(app)
    assert shown(app) == []
    assert "None in this view" in text(app)


def newest(noisy: Served, number: int, minutes: int, **changes: Any) -> None:
    noisy.state.signals.append({**signal(number, "BTCUSDT", "long", "new", None, None, minutes), **changes})


def test_rows_stay_where_they_are_until_the_new_ones_are_asked_for(
    noisy: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page("pages/signals.py", monkeypatch, noisy.url)
    run(app)
    before = shown(app)
    newest(noisy, 3000, -1)
    newest(noisy, 3001, -2)
    noisy.state.signals[0]["status"] = "declined"
    run(app)
    assert shown(app) == before
    assert app.session_state["signals_page"].rows["s1000"].status == "declined"
    assert app.button(key="show_new").label == "2 new signals, show"
    for number in range(60):
        newest(noisy, 4000 + number, -3 - number)
    run(app)
    assert shown(app) == before, "rows that newer ones push out of what is asked for stay on the screen"
    assert app.button(key="show_new").label == "50+ new signals, show"
    app.button(key="show_new").click()
    run(app)
    assert shown(app)[0] == "s4059"


def test_a_row_that_is_decided_leaves_the_view_and_the_next_ones_come_when_it_is_empty(
    noisy: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page("pages/signals.py", monkeypatch, noisy.url)
    app.session_state["signal_filter"] = "decide"
    run(app)
    by_id = {row["id"]: row for row in noisy.state.signals}
    by_id["s2003"]["status"] = "declined"
    run(app)
    assert "s2003" not in shown(app) and len(shown(app)) == 24
    run(app)
    assert labels(app)[1] == "To decide 29"
    for i in range(25):
        by_id[f"s{2000 + i}"]["status"] = "declined"
    run(app)
    assert shown(app) == [f"s{2000 + i}" for i in range(25, 30)]
